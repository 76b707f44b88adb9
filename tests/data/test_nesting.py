"""Sounds in deeper folders than those that name the classes."""

import re

import pytest

from audio_vae.data.nesting import INNERMOST, better_folder, repeated_folders


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["pack/kick/1.wav", "pack/snare/1.wav"], "data/pack (with kick, snare)"),
        (
            ["my pack/one shots/kick/1.wav", "my pack/one shots/snare/1.wav"],
            "'data/my pack/one shots' (with kick, snare)",
        ),
        (["pack/kick/soft/1.wav", "pack/snare/1.wav", "pack/stray.wav"], "data/pack (with kick, snare)"),
        ([f"pack/{letter}/1.wav" for letter in "abcdefg"], "data/pack (with a, b, c, d, e, …)"),
        (["pack/kick/1.wav"], None),
        (["kick/1.wav", "snare/1.wav"], None),
        (["kick/1.wav", "kick/2.wav"], None),
        (["1.wav"], None),
        ([], None),
    ],
)
def test_better_folder(names, expected):
    assert better_folder("data", names) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/kick/1.wav", "a/snare/1.wav", "b/kick/1.wav"], "kick, snare"),
        (["a/x/kick/1.wav", "b/y/kick/1.wav", "b/y/hat/1.wav"], "hat, kick"),
        (["cat/loud/1.wav", "dog/soft/1.wav"], None),
        (["cat/takes/1.wav", "dog/takes/1.wav"], None),
        (["cat/x/takes/1.wav", "cat/y/takes/1.wav", "dog/z/1.wav"], None),
        (["cat/1.wav", "dog/1.wav"], None),
        ([], None),
    ],
)
def test_repeated_folders(names, expected):
    assert repeated_folders(names) == expected


def test_innermost_folder():
    assert re.search(INNERMOST, "pack/kick/1.wav")[1] == "kick"
    assert not re.search(INNERMOST, "1.wav")
