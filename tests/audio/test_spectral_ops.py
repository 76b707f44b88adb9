import keras
import numpy as np
import pytest
from keras import ops

from audio_vae.audio import features, spectral_ops


@pytest.mark.parametrize(
    ("n_samples", "window", "hop"), [(64, 16, 4), (65, 16, 4), (64, 16, 16), (100, 30, 13), (16, 16, 8)]
)
def test_frames_against_slices(rng, n_samples, window, hop):
    audio = rng.standard_normal((2, n_samples)).astype(np.float32)
    expected = np.stack([audio[:, start : start + window] for start in range(0, n_samples - window + 1, hop)], axis=1)
    np.testing.assert_array_equal(spectral_ops.frames(audio, window, hop), expected)


@pytest.mark.parametrize(("window", "hop"), [(64, 16), (33, 8)])
def test_power_spectrogram_against_the_fft(rng, window, hop):
    audio = rng.standard_normal((2, 200)).astype(np.float32)
    padded = np.pad(audio, ((0, 0), (window // 2, window)))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    expected = np.stack(
        [np.abs(np.fft.rfft(padded[:, s : s + window] * hann)) ** 2 for s in range(0, 201, hop)], axis=1
    )
    np.testing.assert_allclose(spectral_ops.power_spectrogram(audio, window, hop), expected, rtol=1e-4, atol=1e-4)


def test_a_tone_is_loudest_at_its_frequency():
    tone = np.sin(2 * np.pi * 1000 * np.arange(4096) / 8000).astype(np.float32)
    power = ops.convert_to_numpy(spectral_ops.power_spectrogram(tone[None], 256, 64))[0]
    assert set(power[4:-4].argmax(axis=1)) == {1000 * 256 // 8000}


@pytest.mark.parametrize(("rate_hz", "n_samples"), [(8000, 4096), (22050, 3000), (11025, 2500)])
def test_mfcc_is_the_evaluations(rng, rate_hz, n_samples):
    audio = (rng.standard_normal((2, n_samples)) * np.exp(-np.arange(n_samples) / 300)).astype(np.float32)
    # Silence lies below what is counted.
    audio[:, n_samples // 2 :] = 0
    expected = np.stack([features.mfcc(each, rate_hz) for each in audio])
    np.testing.assert_allclose(spectral_ops.mfcc(audio, rate_hz), expected, atol=2e-3)


@pytest.mark.parametrize("audio", [np.zeros((1, 512)), np.eye(1, 512)], ids=["silence", "click"])
def test_mfcc_gradient_is_finite(audio):
    variable = keras.Variable(audio.astype(np.float32))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            total = ops.sum(spectral_ops.mfcc(variable, 8000))
        gradient = tape.gradient(total, variable.value)
    else:
        import jax

        gradient = jax.grad(lambda x: ops.sum(spectral_ops.mfcc(x, 8000)))(variable.value)
    assert np.isfinite(ops.convert_to_numpy(gradient)).all()


@pytest.mark.parametrize(("n", "most", "expected"), [(6, 6, 6), (6, 3, 3), (7, 4, 4), (9, 4, 3), (100, 64, 50)])
def test_at_most_averages_neighbours(rng, n, most, expected):
    sequence = rng.standard_normal((2, n, 3)).astype(np.float32)
    shorter = ops.convert_to_numpy(spectral_ops.at_most(sequence, most))
    assert shorter.shape == (2, expected, 3)
    together = -(-n // most)
    for frame in range(expected):
        mean = sequence[:, frame * together : (frame + 1) * together].mean(axis=1)
        # What does not fill a last frame is averaged alone, at whichever end it is.
        if n % together == 0:
            np.testing.assert_allclose(shorter[:, frame], mean, atol=1e-6)
    assert shorter.min() >= sequence.min()
    assert shorter.max() <= sequence.max()


@pytest.mark.parametrize(("n_samples", "n_points"), [(1, 2), (5, 8), (100, 128), (2048, 8192)])
def test_power_spectrum_is_that_of_numpy(n_samples, n_points, rng):
    signal = rng.normal(size=(3, n_samples)).astype(np.float32)
    expected = np.abs(np.fft.rfft(signal, n_points)) ** 2
    found = keras.ops.convert_to_numpy(spectral_ops.power_spectrum(signal, n_points))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_power_spectrum_takes_powers_of_two(rng):
    with pytest.raises(ValueError, match="a power of two, received: n_points=12"):
        spectral_ops.power_spectrum(np.zeros((1, 8), np.float32), 12)
