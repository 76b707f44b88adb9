"""Pitches that are found, shifted and brought together."""

import numpy as np
import pytest

from audio_vae.audio import waveform
from audio_vae.shaping import pitch
from audio_vae.shaping.pitch import Partial

RATE_HZ = 22050


def tone(frequency_hz, n_samples=RATE_HZ // 2):
    time_s = np.arange(n_samples) / RATE_HZ
    return (np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-time_s / 0.1)).astype(np.float32)[:, None]


@pytest.mark.parametrize("frequency_hz", [60, 220, 3000])
def test_the_strongest_partial_of_a_tone(frequency_hz):
    found = pitch.strongest_partial(tone(frequency_hz), RATE_HZ)
    assert found.frequency_hz == pytest.approx(frequency_hz, rel=0.03)
    assert found.share > 0.8


def test_noise_has_no_pitch(rng):
    noise = rng.standard_normal((RATE_HZ, 1)).astype(np.float32)
    partials = [pitch.strongest_partial(noise, RATE_HZ), pitch.strongest_partial(tone(200), RATE_HZ)]
    assert partials[0].share < 0.2
    assert pitch.tonality(partials) == 0


def test_pitches_meet_on_a_logarithmic_scale():
    partials = [Partial(100, 0.9), Partial(400, 0.9)]
    shifts = pitch.shifts_octaves(partials, [7, 9], np.array([0.75, 0.25]))
    np.testing.assert_allclose(shifts, [0.5, -1.5])
    np.testing.assert_array_equal(pitch.shifts_octaves(partials, [7, 9], np.array([1.0, 0.0]))[0], 0)


def test_what_is_too_far_apart_or_noise_is_shifted_by_a_little():
    for partials in ([Partial(50, 0.9), Partial(4000, 0.9)], [Partial(50, 0.1), Partial(100, 0.9)]):
        shifts = pitch.shifts_octaves(partials, [7.0, 13.0], np.array([0.5, 0.5]))
        np.testing.assert_allclose(shifts, [0.25, -0.25])


def test_a_shift_changes_pitch_and_length():
    moved = pitch.shifted(tone(220), RATE_HZ, 1.0)
    assert len(moved) == pytest.approx(RATE_HZ // 4, abs=2)
    assert pitch.strongest_partial(moved, RATE_HZ).frequency_hz == pytest.approx(440, rel=0.03)
    np.testing.assert_array_equal(pitch.shifted(tone(220), RATE_HZ, 0.0), tone(220))


@pytest.mark.parametrize(("octaves", "frequency_hz"), [(0, 220), (1, 440), (-1, 110)])
@pytest.mark.parametrize("onset", [0, 7, 1000])
def test_onsets_are_at_one_place_of_a_buffer(octaves, frequency_hz, onset):
    before, n_samples = round(pitch.BEFORE_S * RATE_HZ), RATE_HZ // 4
    sound = np.concatenate([np.full((onset, 1), 0.001, np.float32), tone(220)])
    placed = pitch.shifted_into_buffer(sound, onset, RATE_HZ, octaves, 0.005, n_samples)
    assert placed.shape == (n_samples, 1)
    # The filter of the resampler rings before a sound that begins at once.
    assert waveform.onset(placed, waveform.ONSET_DB) == pytest.approx(before, abs=8)
    assert pitch.strongest_partial(placed, RATE_HZ).frequency_hz == pytest.approx(frequency_hz, rel=0.05)
    n_kept = min(onset, round(0.005 * RATE_HZ))
    assert not placed[: before - round(n_kept / 2**octaves)].any()
    if octaves == 0:
        np.testing.assert_array_equal(placed[before - n_kept :], sound[onset - n_kept :][: n_samples - before + n_kept])


def test_a_sound_that_is_shorter_than_the_buffer_is_followed_by_silence():
    placed = pitch.shifted_into_buffer(tone(220, 100), 0, RATE_HZ, 0.0, 0.005, 2000)
    before = round(pitch.BEFORE_S * RATE_HZ)
    np.testing.assert_array_equal(placed[before : before + 100], tone(220, 100))
    assert not placed[before + 100 :].any()


@pytest.mark.parametrize("lag", [-20, 0, 30])
@pytest.mark.parametrize("sign", [1, -1])
def test_lag_and_sign_are_found(rng, lag, sign):
    low = np.convolve(rng.standard_normal(RATE_HZ), np.hanning(101), "same")[:, None]
    found = pitch.lag_and_sign(low[100:2000], sign * low[100 + lag : 2000 + lag], RATE_HZ)
    # Short lags are preferred.
    assert found[0] == pytest.approx(lag, abs=7)
    assert found[1] == sign


def test_sounds_without_likeness_are_left_alone(rng):
    first, second = rng.standard_normal((2, 2000, 1))
    assert pitch.lag_and_sign(first, second * 0, RATE_HZ) == (0, 1)


@pytest.mark.parametrize("octaves", [-2, -1, -0.5, 0, 1])
def test_a_long_lead_does_not_delay_the_onset(octaves):
    before = round(pitch.BEFORE_S * RATE_HZ)
    for lead in (0, 0.02, 0.05):
        sound = np.concatenate([np.zeros((round(lead * RATE_HZ), 1), np.float32), tone(200)])
        placed = pitch.shifted_into_buffer(sound, round(lead * RATE_HZ), RATE_HZ, octaves, pitch.BEFORE_S, RATE_HZ)
        assert waveform.onset(placed, waveform.ONSET_DB) == pytest.approx(before, abs=8)


def test_channels_that_cancel_each_other_have_a_pitch_as_equal_ones_have():
    alike, inverted = (np.concatenate([tone(200), sign * tone(200)], axis=1) for sign in (1, -1))
    assert pitch.strongest_partial(alike, RATE_HZ) == pitch.strongest_partial(inverted, RATE_HZ)
    assert pitch.strongest_partial(alike, RATE_HZ) == pitch.strongest_partial(tone(200), RATE_HZ)
    delayed = np.roll(inverted, 10, axis=0)
    lag, sign = pitch.lag_and_sign(inverted, delayed, RATE_HZ)
    assert (lag, sign) == (pytest.approx(-10, abs=7), 1)
