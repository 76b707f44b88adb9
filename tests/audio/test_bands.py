"""Bands add up to the sound, gains act where and when they should, and cells hold the power of their times."""

import numpy as np
import pytest

from audio_vae.audio import bands
from audio_vae.audio.bands import Bands


def noise(rng, n_samples, rate_hz, n_channels=1):
    """Noise without what lies below 60 Hz, which the lowest band holds in part only."""
    spectrum = np.fft.rfft(rng.standard_normal((n_samples, n_channels)), axis=0)
    spectrum[np.fft.rfftfreq(n_samples, 1 / rate_hz) < 60] = 0
    return np.fft.irfft(spectrum, n_samples, axis=0).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [1000, 8000, 22050, 44100, 48000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_bands_add_up_to_the_sound(rng, rate_hz, n_channels):
    samples = noise(rng, rate_hz // 4, rate_hz, n_channels)
    split = Bands(len(samples), rate_hz)
    joined = split.join(split.split(samples))
    assert joined.shape == samples.shape
    assert np.linalg.norm(joined - samples) < 0.02 * np.linalg.norm(samples)


def test_a_constant_level_is_left_out():
    split = Bands(44100, 44100)
    joined = split.join(split.split(np.ones((44100, 1))))
    assert abs(joined[11025:33075].mean()) < 0.1


def test_a_gain_acts_in_its_band_and_at_its_time(rng):
    samples = noise(rng, 8000, 44100)
    split = Bands(8000, 44100)
    parts = split.split(samples)
    before, band = split.join(parts), 12
    parts[band] = parts[band] * (1 + 3 * (split.times_s(band) > 0.1))[:, None]
    change = split.join(parts) - before
    assert np.square(change[: round(0.095 * 44100)]).sum() < 1e-3 * np.square(change).sum()
    spectrum = np.abs(np.fft.rfft(change[:, 0])) ** 2
    octaves = np.log2(np.maximum(np.fft.rfftfreq(8000, 1 / 44100), 1) / bands.band_centres_hz(18)[band])
    assert spectrum[np.abs(octaves) < 0.6].sum() > 0.98 * spectrum.sum()


def test_cells_hold_the_power_of_their_times(rng):
    n_samples, rate_hz = 44100, 44100
    samples = rng.standard_normal((n_samples, 1)).astype(np.float32)
    samples[: n_samples // 2] *= 0.1
    split = Bands(n_samples, rate_hz)
    edges_s = bands.cell_edges_s(1.0)
    powers = split.cell_powers(split.split(samples), edges_s, 0.0)[..., 0]
    centres_s = (edges_s[1:] + edges_s[:-1]) / 2
    loud, quiet = (powers[14, which].mean() for which in ((centres_s > 0.6) & (centres_s < 0.9), centres_s < 0.4))
    assert loud / quiet == pytest.approx(100, rel=0.5)


def test_cells_grow_with_time():
    edges_s = bands.cell_edges_s(2.0)
    assert edges_s[0] == 0
    assert edges_s[-1] >= 2
    lengths_s = np.diff(edges_s)
    assert lengths_s[0] == pytest.approx(0.0012)
    np.testing.assert_allclose(np.diff(bands.log_time(edges_s)), np.log(bands.CELL_RATIO))
    assert bands.log_time(np.array([-1.0])) == 0
