import keras
import numpy as np
import pytest

from audio_vae.audio import features
from audio_vae.layers.log_mel import LogMel


def reference(audio, rate_hz, window, hop, n_mels):
    """Frame by frame with NumPy's FFT: means of the powers, weighted by the mel bands' triangles."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    padded = np.pad(audio, (window // 2, window))
    bands = features.mel_bands(rate_hz, window, n_mels)
    rows = []
    for start in range(0, len(audio) + 1, hop):
        power = np.abs(np.fft.rfft(padded[start : start + window] * hann)) ** 2 * 8 / (3 * window)
        rows.append([np.average(power, weights=band) for band in bands])
    return np.log(np.array(rows) / 3e-5 + 1) / 3


@pytest.mark.parametrize(("windows", "hop", "n_mels"), [((64,), 8, 4), ((64, 128), 16, 6), ((128,), 7, 3)])
def test_spectrograms_against_numpy(rng, windows, hop, n_mels):
    audio = rng.normal(0, 0.1, (2, 200)).astype("float32")
    layer = LogMel(8000, windows, hop, n_mels, silence=-1.0)
    measured = keras.ops.convert_to_numpy(layer(audio))
    assert measured.shape == (2, *layer.compute_output_shape((None, 200))[1:])
    parts = [[reference(each, 8000, window, hop, n_mels) for each in audio] for window in windows]
    np.testing.assert_allclose(measured, np.concatenate(parts, axis=-1) - 1, atol=1e-4)


def test_noise_is_as_loud_with_any_window(rng):
    noise = rng.normal(0, 0.1, (1, 40_000)).astype("float32")
    short, long = (np.mean(LogMel(8000, (window,), 64, 8)(noise)[:, 8:-8]) for window in (128, 512))
    assert short == pytest.approx(long, abs=0.05)


def test_silence_has_its_value_and_full_scale_lies_above():
    layer = LogMel(silence=-1.8)
    np.testing.assert_allclose(layer(np.zeros((1, 512), "float32")), -1.8, atol=1e-6)
    tone = np.sin(2 * np.pi * 0.125 * np.arange(4096))[None].astype("float32")
    assert 2 < np.max(layer(tone)) < 3


def test_a_band_without_a_bin_is_silent():
    """Narrow low bands of a short window may lie between two bins."""
    bands = features.mel_bands(8000, 64, 40)
    assert (bands.sum(axis=1) == 0).any()
    heard = np.asarray(LogMel(8000, (64,), 64, 40)(np.ones((1, 512), "float32")))
    assert np.isfinite(heard).all()
    assert not heard[..., bands.sum(axis=1) == 0].any()


def test_there_is_nothing_to_train_and_the_config_round_trips():
    layer = LogMel(16000, (64, 128), 16, 4, -0.5, name="heard")
    layer.build((None, 512))
    assert layer.weights == []
    copy = LogMel.from_config(layer.get_config())
    assert (copy.rate_hz, copy.windows, copy.hop, copy.n_mels) == (16000, (64, 128), 16, 4)
    assert (copy.silence, copy.name) == (-0.5, "heard")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate_hz": 0}, "a rate_hz of 1 or more"),
        ({"windows": (0,)}, "a window of 1 or more"),
        ({"hop": 0}, "a hop of 1 or more"),
        ({"n_mels": 0}, "a n_mels of 1 or more"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        LogMel(**values)
