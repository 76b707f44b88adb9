"""What is kept is what the command line writes."""

import io
import zipfile

import numpy as np
import pytest
import soundfile

from audio_vae.explorer.keeping import Kept, file_name
from audio_vae.morphing.morph import morph
from audio_vae.utils.errors import UserError

MORPH = {"make": "morph", "a": "class:low", "b": "sound:4", "at": 0.25, "render": "sound"}


@pytest.fixture(scope="module")
def kept(bench):
    return Kept(bench)


@pytest.fixture(scope="module")
def folder(bench, tmp_path_factory):
    options = {"length": "interpolate", "render": "sound"}
    return morph(bench.run, "low", "take4.wav", tmp_path_factory.mktemp("morph") / "out", **options).folder


def same_sound(content, path):
    """Compare a file with one on the disk; the model rounds otherwise in batches of another size."""
    samples, rate_hz = soundfile.read(io.BytesIO(content))
    expected, expected_hz = soundfile.read(path)
    assert rate_hz == expected_hz
    np.testing.assert_allclose(samples, expected, atol=1e-5)


def test_the_archive_of_a_morph_holds_the_files_of_the_command_line(kept, folder):
    content, name = kept.zip(MORPH)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert name == "low-take4.zip"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(archive.namelist()) == {f"low-take4/{each}" for each in files}
    for each, path in files.items():
        if path.suffix == ".wav":
            same_sound(archive.read(f"low-take4/{each}"), path)


def test_a_sound_is_the_file_of_its_step(kept, folder):
    content, name = kept.wav(MORPH)
    assert name == "low-take4-25.wav"
    same_sound(content, folder / "02.wav")
    mix, name = kept.wav({**MORPH, "render": "crossfade"})
    assert name == "low-take4-25-crossfade.wav"
    assert soundfile.info(io.BytesIO(mix)).subtype == "PCM_24"


def test_a_blend_and_a_sound_of_the_map_are_kept(kept):
    parts = [["class:low", 1], ["sound:4", 1]]
    content, name = kept.zip({"make": "blend", "parts": parts})
    assert name == "blend-low-take4.zip"
    assert "blend-low-take4/blend.wav" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert kept.wav({"make": "blend", "parts": parts})[1] == "blend-low-take4.wav"
    assert kept.wav({"sound": "sound:3"})[1] == "take3.wav"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no sound 'None'"),
        ({"make": "x"}, "no sound 'None'"),
        ({**MORPH, "a": "no"}, "no sound 'no'"),
        ({**MORPH, "at": None}, "'None' is no number"),
        ({**MORPH, "at": 2}, "2 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_kept_is_refused(kept, values, words):
    with pytest.raises(UserError, match=words):
        kept.wav(values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "there is nothing to keep"),
        ({**MORPH, "b": None}, "no sound 'None'"),
        ({"make": "blend"}, "a blend is made here of 1 to 4 sounds"),
    ],
)
def test_what_cannot_be_kept_as_a_folder_is_refused(kept, values, words):
    with pytest.raises(UserError, match=words):
        kept.zip(values)


def test_names_of_files_are_plain():
    assert file_name(["kick", '../ä"\n.wav'], ".zip").isascii()
    assert not set('/\\"\n') & set(file_name(["kick", '../ä"\n.wav'], ".zip"))
