import itertools

import keras
import numpy as np
import pytest

from audio_vae.log_spectrogram import LogSpectrogram


def reference(audio, window, hop, bands_per_octave):
    """Frame by frame with NumPy's FFT: mean powers of bands whose edges are equally spaced in pitch."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    padded = np.pad(audio, (window // 2, window))
    n_bins = 1 + window // 2
    n_edges = int(np.ceil(bands_per_octave * np.log2(n_bins))) + 1
    edges = [0, *sorted({round(n_bins ** (edge / (n_edges - 1))) for edge in range(n_edges)})]
    rows = []
    for start in range(0, len(audio) + 1, hop):
        power = np.abs(np.fft.rfft(padded[start : start + window] * hann)) ** 2 * 8 / (3 * window)
        rows.append([np.mean(power[a:b]) for a, b in itertools.pairwise(edges)])
    return np.log(np.array(rows) + 1e-6) / 3 + 2.3


@pytest.mark.parametrize(("windows", "hop", "bands_per_octave"), [((32,), 8, 2), ((32, 64), 16, 4), ((64,), 7, 1)])
def test_spectrograms_against_numpy(rng, windows, hop, bands_per_octave):
    audio = rng.normal(0, 0.1, (2, 200)).astype("float32")
    layer = LogSpectrogram(windows, hop, bands_per_octave)
    measured = keras.ops.convert_to_numpy(layer(audio))
    assert measured.shape == (2, *layer.compute_output_shape((None, 200))[1:])
    parts = [[reference(each, window, hop, bands_per_octave) for each in audio] for window in windows]
    np.testing.assert_allclose(measured, np.concatenate(parts, axis=-1), atol=1e-4)


def test_noise_is_as_loud_with_any_window(rng):
    noise = rng.normal(0, 0.1, (1, 40_000)).astype("float32")
    short, long = (np.mean(LogSpectrogram((window,), 64, 1)(noise)[:, 8:-8, 3:]) for window in (64, 256))
    assert short == pytest.approx(long, abs=0.1)


def test_silence_and_full_scale_lie_around_0():
    layer = LogSpectrogram()
    assert np.asarray(layer(np.zeros((1, 512), "float32"))) == pytest.approx(-2.3, abs=0.02)
    tone = np.sin(2 * np.pi * 0.125 * np.arange(4096))[None].astype("float32")
    assert 2.3 < np.max(layer(tone)) < 3.7


def test_there_is_nothing_to_train_and_the_config_round_trips():
    layer = LogSpectrogram((32, 64), 16, 4, name="heard")
    layer.build((None, 512))
    assert layer.weights == []
    copy = LogSpectrogram.from_config(layer.get_config())
    assert (copy.windows, copy.hop, copy.bands_per_octave, copy.name) == ((32, 64), 16, 4, "heard")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"windows": (0,)}, "a window of 1 or more"),
        ({"hop": 0}, "a hop of 1 or more"),
        ({"bands_per_octave": 0}, "a bands_per_octave of 1 or more"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        LogSpectrogram(**values)
