import itertools

import numpy as np
import pytest
from sklearn.metrics import log_loss

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.one_shot_grid import Grid
from audio_vae.models import losses

REDUCE = {"sum": np.sum, "mean": np.mean}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("shape", [(5, 16), (5, 16, 1)])
def test_squared_error_equals_numpy(rng, reduction, shape):
    audio, reconstruction = rng.normal(size=(2, *shape)).astype("float32")
    expected = [REDUCE[reduction]((x - y) ** 2) for x, y in zip(audio, reconstruction, strict=True)]
    np.testing.assert_allclose(losses.squared_error(audio, reconstruction, reduction), expected, rtol=1e-5)


def test_squared_error_of_equal_sounds_is_zero(rng):
    audio = rng.normal(size=(3, 16)).astype("float32")
    np.testing.assert_array_equal(losses.squared_error(audio, audio), np.zeros(3))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_kl_divergence_equals_numpy(rng, reduction):
    mean, log_variance = rng.normal(size=(2, 6, 4)).astype("float32")
    terms = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
    expected = REDUCE[reduction](terms, axis=1)
    np.testing.assert_allclose(losses.kl_divergence(mean, log_variance, reduction), expected, rtol=1e-5)


def test_kl_divergence_equals_its_integral():
    # Independent of the closed form: the integral of q·log(q/p) on a fine grid.
    mean, variance = 0.7, 0.3
    z = np.linspace(-8, 8, 20001)
    log_q = -0.5 * ((z - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    log_p = -0.5 * (z**2 + np.log(2 * np.pi))
    expected = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])
    result = losses.kl_divergence(np.float32([[mean]]), np.float32([[np.log(variance)]]))
    np.testing.assert_allclose(result, [expected], rtol=1e-5)


def test_kl_divergence_from_a_wide_prior_equals_its_integral():
    mean, variance, prior_std = 1.5, 0.3, 4.0
    z = np.linspace(-12, 12, 20001)
    log_q = -0.5 * ((z - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    log_p = -0.5 * (z**2 / prior_std**2 + np.log(2 * np.pi * prior_std**2))
    expected = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])
    result = losses.kl_divergence(np.float32([[mean]]), np.float32([[np.log(variance)]]), prior_std=prior_std)
    np.testing.assert_allclose(result, [expected], rtol=1e-5)
    # The code's own formula lacks the constant ½ of each dimension alone.
    deviation = 0.5 * np.log(variance)
    of_code = np.log(prior_std) - deviation + 0.5 * (np.exp(deviation) / prior_std) ** 2 + 0.5 * (mean / prior_std) ** 2
    np.testing.assert_allclose(result, [of_code - 0.5], rtol=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_kl_divergence_is_zero_at_the_prior(reduction):
    np.testing.assert_array_equal(losses.kl_divergence(np.zeros((2, 3)), np.zeros((2, 3)), reduction), [0, 0])


def test_kl_divergence_is_never_negative(rng):
    # The smallest scales are where rounding could take it below 0.
    scale = np.logspace(-6, 1, 800)[:, None]
    mean, log_variance = (rng.normal(size=(2, 800, 4)) * scale).astype("float32")
    assert np.min(losses.kl_divergence(mean, log_variance)) >= 0


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_cross_entropy_equals_sklearn(rng, dtype):
    logits = rng.normal(size=(8, 4)).astype("float32")
    labels = rng.integers(4, size=8).astype(dtype)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    result = np.asarray(losses.cross_entropy(labels, logits))
    assert result.shape == (8,)
    np.testing.assert_allclose(result, -np.log(probability[np.arange(8), labels]), rtol=1e-5)
    np.testing.assert_allclose(result.mean(), log_loss(labels, probability, labels=range(4)), rtol=1e-5)


def test_cross_entropy_of_extreme_logits_is_finite():
    result = losses.cross_entropy(np.array([0, 1]), np.float32([[1000, 0], [1000, 0]]))
    np.testing.assert_allclose(result, [0, 1000])


def magnitudes(sound, window):
    """Frames as rows, a hop of a quarter, white noise of full scale at 1."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    padded = np.pad(sound, (window // 2, window))
    starts = range(0, len(sound) + 1, window // 4)
    power = [np.abs(np.fft.rfft(hann * padded[start : start + window])) ** 2 for start in starts]
    return np.sqrt(8 / 3 / window) * np.sqrt(np.array(power) + 1e-10)


def reference_spectral_distance(audio, reconstruction, windows, bands_per_octave=0, from_onset=False):
    total = 0
    for window in windows:
        wanted, got = magnitudes(audio, window), magnitudes(reconstruction, window)
        total += np.abs(wanted - got).sum() / (wanted.sum() + 1e-3)
        if bands_per_octave:
            wanted, got = in_bands(wanted, bands_per_octave), in_bands(got, bands_per_octave)
        differences = np.abs(np.log(wanted + 1e-3) - np.log(got + 1e-3)).mean(axis=1)
        starts = np.arange(len(differences)) * (window // 4)
        total += np.average(differences, weights=1 / (window + starts) if from_onset else None)
    return total / len(windows)


def in_bands(magnitudes, bands_per_octave):
    """Root mean squares of the level and of bands whose edges are equally spaced in pitch."""
    n_bins = magnitudes.shape[1]
    n_edges = int(np.ceil(bands_per_octave * np.log2(n_bins))) + 1
    edges = sorted({round(n_bins ** (number / (n_edges - 1))) for number in range(n_edges)})
    bands = [magnitudes[:, :1]] + [magnitudes[:, a:b] for a, b in itertools.pairwise(edges)]
    return np.stack([np.sqrt(np.mean(band**2, axis=1)) for band in bands], axis=1)


@pytest.mark.parametrize("from_onset", [False, True])
@pytest.mark.parametrize("bands_per_octave", [0, 1, 4])
@pytest.mark.parametrize("windows", [(16,), (8, 32, 64)])
def test_spectral_distance_equals_numpy(rng, windows, bands_per_octave, from_onset):
    audio, reconstruction = rng.normal(size=(2, 3, 128)).astype("float32")
    reconstruction[:, 64:] *= 3
    expected = [
        reference_spectral_distance(x, y, windows, bands_per_octave, from_onset)
        for x, y in zip(audio, reconstruction, strict=True)
    ]
    measured = losses.spectral_distance(audio, reconstruction, windows, bands_per_octave, from_onset)
    np.testing.assert_allclose(measured, expected, rtol=1e-4)


def test_from_onset_a_missing_attack_counts_more_than_a_missing_end(rng):
    audio = rng.normal(size=(1, 8192)).astype("float32")
    without_attack, without_end = audio.copy(), audio.copy()
    without_attack[:, :200] = 0
    without_end[:, -200:] = 0

    def ratio(from_onset):
        attack, end = (
            float(losses.spectral_distance(audio, each, (64,), 0, from_onset)[0])
            for each in (without_attack, without_end)
        )
        return attack / end

    assert 0.9 < ratio(False) < 1.1
    assert ratio(True) > 5


def test_bands_hear_a_low_tone_and_not_what_differs_between_noises(rng):
    t = np.arange(4096) / 8000
    tones = [np.sin(2 * np.pi * pitch_hz * t)[None].astype("float32") for pitch_hz in (100, 200)]
    noises = rng.normal(size=(2, 1, 4096)).astype("float32")
    (tones_bins, tones_bands), (noises_bins, noises_bands) = (
        [float(losses.spectral_distance(*pair, (1024,), bands)[0]) for bands in (0, 8)] for pair in (tones, noises)
    )
    assert tones_bands > 1.2 * tones_bins
    assert noises_bands < 0.9 * noises_bins


def test_spectral_distance_is_deaf_to_polarity_and_hears_level(rng):
    audio = rng.normal(size=(2, 256)).astype("float32")
    np.testing.assert_allclose(losses.spectral_distance(audio, -audio, (32, 64)), 0, atol=1e-6)
    # Half of the magnitude: half of the relative error, and its logarithm.
    quieter = losses.spectral_distance(audio, audio / 2, (32, 64))
    np.testing.assert_allclose(quieter, 0.5 + np.log(2), atol=0.01)


def test_magnitudes_of_noise_do_not_depend_on_the_window(rng):
    noise = rng.normal(size=(1, 8192)).astype("float32")
    power = [np.mean(np.square(losses._magnitudes(noise, window))) for window in (64, 256, 1024)]
    np.testing.assert_allclose(power, 1, rtol=0.1)


def test_mfcc_distance_is_the_dtw_distance(rng):
    first, second = rng.normal(size=(2, 4, 9, 5))
    expected = np.diagonal(dtw_matrix(list(first), list(second)))
    np.testing.assert_allclose(losses.mfcc_distance(first, second, 1e-4), expected, rtol=1e-3)


def test_mfcc_distance_of_equal_sequences_is_near_zero(rng):
    mfccs = rng.normal(size=(2, 9, 5))
    np.testing.assert_allclose(losses.mfcc_distance(mfccs, mfccs, 0.1), 0.01, atol=1e-6)


@pytest.mark.parametrize("weights", [None, [1, 1, 0, 1, 0]])
def test_class_means_against_a_loop(rng, weights):
    latents, labels = rng.normal(size=(5, 3)).astype("float32"), np.array([0, 1, 0, 0, 2])
    counted = np.ones(5, bool) if weights is None else np.array(weights, bool)
    expected = [
        latents[(labels == label) & (counted | (np.arange(5) == row))].mean(axis=0) for row, label in enumerate(labels)
    ]
    given = None if weights is None else np.float32(weights)
    np.testing.assert_allclose(losses.class_means(latents, labels, given), expected, rtol=1e-5)


def test_with_peak_1(rng):
    audio = rng.normal(size=(3, 64)).astype("float32") * [[1], [1e-3], [0]]
    scaled = np.array(losses.with_peak_1(audio))
    np.testing.assert_allclose(np.abs(scaled).max(axis=1), [1, 1, 0], atol=1e-3)


GRID = Grid(8000, 1024, 8)


def reference_cell_powers(sound, grid):
    """Mean square of a sound at 8 kHz in each cell, of frames as rows: `[n_times, n_noise_bands + n_tones]`."""
    centres_hz = np.linspace(0, 4000, 4096)
    bands_hz = centres_hz[grid.noise_weights(centres_hz).argmax(axis=0)]
    is_low = np.concatenate([bands_hz < 1000, grid.tones_hz < 400])
    cells = np.zeros((grid.n_times, len(is_low)))
    for low, window, hop in ((True, 512, 2 * grid.hop_length), (False, 8 * grid.hop_length, grid.hop_length)):
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        padded = np.pad(sound, (window // 2, window))
        starts = range(0, len(sound) + 1, hop)
        spectra = np.abs([np.fft.rfft(hann * padded[start : start + window]) for start in starts]) ** 2
        frequencies_hz = np.fft.rfftfreq(window, 1 / 8000)
        shares = np.hstack([grid.noise_weights(frequencies_hz), grid.tone_weights(frequencies_hz)])
        times = grid.time_weights(hop, len(spectra))
        for band in np.flatnonzero(is_low == low):
            power = 2 / (window * np.sum(hann**2)) * spectra @ shares[:, band]
            for time in range(grid.n_times):
                cells[time, band] = np.sum(times[:, time] * power) / np.sum(times[:, time])
    return cells


def reference_cell_distance(audio, reconstruction, grid):
    wanted, got = reference_cell_powers(audio, grid), reference_cell_powers(reconstruction, grid)
    noise, tones = slice(None, grid.n_noise_bands), slice(grid.n_noise_bands, None)
    floor = 1e-6 * max(wanted[:, noise].max(), 1e-9)
    # Half of the logarithm of a power is that of an amplitude; noise and tones count equally.
    differences = np.abs(np.log((wanted + floor) / (got + floor))) / 2
    return (differences[:, noise].mean() + differences[:, tones].mean()) / 2


def test_cell_distance_equals_numpy(rng):
    audio, reconstruction = rng.normal(0, 0.1, size=(2, 3, 1024)).astype("float32")
    audio *= np.exp(-np.arange(1024) / 200).astype("float32")
    reconstruction[0] = 0
    expected = [reference_cell_distance(x, y, GRID) for x, y in zip(audio, reconstruction, strict=True)]
    np.testing.assert_allclose(losses.cell_distance(audio, reconstruction, GRID), expected, rtol=2e-3)


def test_cell_distance_is_deaf_to_polarity_and_hears_level(rng):
    audio = rng.normal(0, 0.1, size=(2, 1024)).astype("float32")
    np.testing.assert_allclose(losses.cell_distance(audio, -audio, GRID), 0, atol=1e-5)
    np.testing.assert_allclose(losses.cell_distance(audio, audio / 2, GRID), np.log(2), rtol=1e-3)


def test_cell_distance_of_silence_is_finite():
    silence = np.zeros((1, 1024), np.float32)
    np.testing.assert_array_equal(losses.cell_distance(silence, silence, GRID), 0)


def test_phasor_distance_equals_a_loop(rng):
    wanted, got = rng.normal(size=(2, 3, 8)).astype("float32")
    expected = []
    for one, other in zip(wanted, got, strict=True):
        # All real parts, then all imaginary parts.
        pairs = zip(one[:4] + 1j * one[4:], other[:4] + 1j * other[4:], strict=True)
        expected.append(sum(abs(x - y) ** 2 for x, y in pairs))
    np.testing.assert_allclose(losses.phasor_distance(wanted, got), expected, rtol=1e-5)


def test_pitch_distance_counts_the_pitch_of_periodic_frames_and_the_share_of_all():
    wanted = np.float32([[7.0, 7.1, 6.0, 7.2], [7.0, 7.0, 7.0, 7.0]])
    periodicity = np.float32([[1.0, 0.75, 0.4, 0.9], [0.1, 0.2, 0.3, 0.5]])
    pitch = np.float32([[7.5, 7.0, 8.0], [9.0, 9.0, 9.0]])
    share = np.float32([[0.5, 0.75, 0.0], [0.1, 0.0, 0.3]])
    # The last frame of the sound has no frame of the decoder, and the second sound has no pitch.
    of_pitch = np.array([(1 * 0.5**2 + 0.5 * 0.1**2) / (1 + 0.5 + 1), 0])
    of_share = np.array([(0.5**2 + 0.4**2) / 3, 0.2**2 / 3])
    found = losses.pitch_distance(pitch, share, wanted, periodicity)
    np.testing.assert_allclose(found, of_pitch + of_share, rtol=1e-4)
