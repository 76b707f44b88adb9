"""Sounds are credited to the source that their name tells."""

import pytest

from audio_vae.data.sources import Credit, Source, credits_of
from audio_vae.utils.errors import UserError

BELLS = Source("Bells", "Ann", "CC0 1.0", "https://example.org/bells", r"bell-[0-9]+\.wav")
HORNS = Source("Horns", "Bob", "CC BY 4.0", "", r"horn-[0-9]+\.wav")


@pytest.mark.parametrize(
    ("name", "expected"), [("bell-1.wav", True), ("my bell-1.wav", False), ("bell-1.wav.bak", False)]
)
def test_the_whole_name_has_to_match(name, expected):
    assert BELLS.has(name) is expected


def test_sounds_of_each_source_are_counted():
    names = ["horn-1.wav", "bell-1.wav", "horn-2.wav"]
    assert credits_of(names, [BELLS, HORNS]) == (
        Credit("Bells", "Ann", "CC0 1.0", "https://example.org/bells", 1),
        Credit("Horns", "Bob", "CC BY 4.0", "", 2),
    )
    assert credits_of(names[:1], [BELLS, HORNS]) == (Credit("Horns", "Bob", "CC BY 4.0", "", 1),)


def test_credit_as_text():
    credits = [str(each) for each in credits_of(["bell-1.wav", "horn-1.wav"], [BELLS, HORNS])]
    assert credits == ["Bells, Ann, CC0 1.0 (1 sounds; https://example.org/bells)", "Horns, Bob, CC BY 4.0 (1 sounds)"]


def test_a_sound_of_no_source():
    with pytest.raises(UserError, match=r"1 sounds are of no source with a known licence \(drum\.wav\)"):
        credits_of(["bell-1.wav", "drum.wav"], [BELLS, HORNS])
