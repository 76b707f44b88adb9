"""The grid of times, noise bands and tones of one-shots."""

import numpy as np
import pytest

from audio_vae.audio.one_shot_grid import LOWEST_TONE_HZ, TONES_PER_OCTAVE, Grid

RATES = (8000, 22050, 44100, 48000)


@pytest.mark.parametrize(
    ("rate_hz", "hop_length"), [(8000, 16), (22050, 32), (44100, 64), (48000, 64), (96000, 128), (192000, 256)]
)
def test_frames_last_about_as_long_at_any_rate(rate_hz, hop_length):
    assert Grid(rate_hz, 4096).hop_length == hop_length


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("n_samples", [32, 1000, 20000])
def test_each_frame_and_frequency_is_shared_out_once(rate_hz, n_samples):
    grid = Grid(rate_hz, n_samples)
    times = grid.time_weights(grid.hop_length, grid.n_frames)
    assert times.shape == (grid.n_frames, grid.n_times)
    np.testing.assert_allclose(times.sum(axis=1), 1, rtol=1e-6)
    frequencies_hz = np.linspace(0, rate_hz / 2, 500)
    np.testing.assert_allclose(grid.noise_weights(frequencies_hz).sum(axis=1), 1, rtol=1e-5)
    below = grid.tone_weights(frequencies_hz[frequencies_hz <= grid.tones_hz[-1]])
    np.testing.assert_allclose(below.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("rate_hz", RATES)
def test_tones_are_equally_wide_in_octaves_and_can_be_played_at_the_rate(rate_hz):
    tones_hz = Grid(rate_hz, 4096).tones_hz
    assert tones_hz[0] == LOWEST_TONE_HZ
    np.testing.assert_allclose(np.diff(np.log2(tones_hz)), 1 / TONES_PER_OCTAVE)
    assert tones_hz[-1] * 2 ** (0.6 / TONES_PER_OCTAVE) < rate_hz / 2


def test_times_lie_close_together_at_the_onset():
    grid = Grid(44100, 66560)
    frames = np.arange(grid.n_frames)
    centres = np.array([frames[grid.time_weights(grid.hop_length, grid.n_frames)[:, i].argmax()] for i in range(18)])
    assert grid.n_times == 18
    assert (np.diff(np.diff(centres[2:-1])) >= 0).all()
    assert np.diff(centres)[0] <= 2
    assert np.diff(centres)[-2] > 200


def test_parts_of_controls():
    grid = Grid(8000, 2048)
    values = np.arange(grid.n_controls, dtype=np.float32)[None]
    parts = grid.split(values)
    np.testing.assert_array_equal(np.concatenate(list(parts.values()), axis=1), values)
    assert {name: part.shape[1] for name, part in parts.items()} == grid.sizes
    assert grid.sizes["phasors"] == 2 * np.sum(grid.tones_hz < 800)
