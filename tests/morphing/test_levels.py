"""Levels and lengths of steps."""

import numpy as np
import pytest

from audio_vae.config import AudioConfig
from audio_vae.morphing.levels import cut, step_lengths, step_levels, to_level


def test_levels_are_even_in_decibels():
    np.testing.assert_allclose(step_levels([0.01, 1.0], np.linspace(0, 1, 3)), [0.01, 0.1, 1.0])


def test_levels_stay_within_full_scale():
    assert step_levels([4.0, 0.25], np.linspace(0, 1, 3)).tolist() == [1.0, 1.0, 0.25]


def test_levels_through_a_point_and_beyond():
    np.testing.assert_allclose(step_levels([0.01, 0.1, 0.1], [-0.5, 0.25, 0.5, 1]), [0.001, 10**-1.5, 0.1, 0.1])


@pytest.mark.parametrize(
    ("length", "expected"),
    [("A", [100] * 3), ("B", [201] * 3), ("interpolate", [100, 150, 201]), ("full", [512] * 3)],
)
def test_lengths(length, expected):
    assert step_lengths([100, 201], 512, np.linspace(0, 1, 3), length) == expected


def test_lengths_beyond_the_ends_are_of_some_use():
    assert step_lengths([100, 400], 512, [-1, 0, 1, 2], "interpolate") == [100, 100, 400, 512]


@pytest.mark.parametrize("peak", [0.25, 1e-38, 1e-45])
def test_gain_of_a_nearly_silent_sound_does_not_overflow(peak):
    levelled = to_level(np.float32([0, peak, -peak]), 0.5)
    np.testing.assert_allclose(levelled, [0, 0.5, -0.5])


def test_silence_is_not_amplified():
    assert not to_level(np.zeros(4, np.float32), 0.5).any()


def test_cut_is_faded_out_to_zero():
    kept = cut(np.ones(200, np.float32), 100, AudioConfig(rate_hz=1000, fade_s=0.02))
    assert len(kept) == 100
    assert (kept[:80] == 1).all()
    assert (np.diff(kept[80:]) < 0).all()
    assert kept[-1] == 0


def test_cutting_off_silence_changes_nothing_else():
    samples = np.float32([1, -1, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(cut(samples, 5, AudioConfig(rate_hz=1000, fade_s=0.002)), [1, -1, 1, 0, 0])


@pytest.mark.parametrize("n_channels", [None, 2])
def test_what_still_rings_at_its_end_is_faded_out(n_channels):
    rings = np.ones(100 if n_channels is None else (100, n_channels), np.float32)
    kept = cut(rings, 100, AudioConfig(rate_hz=1000, fade_s=0.02), rate_hz=2000)
    assert (kept[:60] == 1).all()
    assert (np.diff(kept[60:], axis=0) < 0).all()
    assert not kept[-1].any()
