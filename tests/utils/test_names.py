"""Names that may be written in two ways."""

import pytest

from audio_vae.utils.names import composed, composed_names, decomposed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Caisse \u00e9", "Caisse e\u0301"),
        ("\u00c5ngstr\u00f6m", "A\u030angstro\u0308m"),
        ("\ud55c", "\u1112\u1161\u11ab"),
    ],
)
def test_both_forms_are_one_name(one, other):
    assert composed(one) == composed(other) == one
    assert decomposed(one) == decomposed(other) == other


@pytest.mark.parametrize("name", ["kick", "", "low:3", "a/b.wav", "\udce9.wav"])
def test_other_names_stay(name):
    assert composed(name) == decomposed(name) == name


def test_two_names_stay_two():
    assert composed_names(["e\u0301", "a", "a"]) == ("\u00e9", "a", "a")
    assert composed_names(["e\u0301", "\u00e9"]) == ("e\u0301", "\u00e9")
