"""Drums by their names."""

import pytest

from audio_vae.kits.general_midi import KEYS, choke_group, drum_of


@pytest.mark.parametrize(
    ("name", "drum"),
    [
        ("kick", "kick"),
        ("My Kick 3.wav", "kick"),
        ("Bass_BD-2", "kick"),
        ("hihat-open", "hihat-open"),
        ("Hi-Hat closed 2", "hihat-closed"),
        ("open hat", "hihat-open"),
        ("HH", "hihat"),
        ("hihat-tom", "hihat"),
        ("snares", "snare"),
        ("rimshot", "rim"),
        ("kick-hihat-open", "kick"),
        ("snare-hihat-closed", "snare"),
        ("open hihats", "hihat-open"),
        ("HiHat Acoustic Closed", "hihat-closed"),
        ("hihat-tom-open", "hihat"),
        ("my_zap_3bd1f2aa", None),
        ("my_zap_3bd1f2aa-snare", "snare"),
        ("cat", None),
        ("kicker", None),
        ("3", None),
    ],
)
def test_drum_of(name, drum):
    assert drum_of(name) == drum


def test_hats_choke_one_another_and_nothing_else():
    assert {name for name in KEYS if choke_group(name)} == {"hihat", "hihat-closed", "hihat-open", "hihat-pedal"}
    assert choke_group("cat") is None
    assert choke_group("kick-hihat-open") is None


def test_keys_of_general_midi():
    assert (KEYS["kick"][0], KEYS["snare"][0], KEYS["hihat-closed"][0], KEYS["hihat-open"][0]) == (36, 38, 42, 46)
    assert all(35 <= key <= 81 for keys in KEYS.values() for key in keys)
