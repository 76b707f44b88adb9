"""The picture of a morph."""

import matplotlib.image
import numpy as np
import pytest

from audio_vae.plots.morph import save_morph_plot

RATE_HZ = 8000


@pytest.mark.filterwarnings("error")
def test_many_steps_and_odd_names_in_the_picture(tmp_path, rng):
    columns = {f"{name} $\\frac{{ 音 {name}": list(rng.normal(size=(101, 64))) for name in ("a" * 300, "b")}
    labels = [f"{step} $\\frac{{$" for step in range(101)]
    save_morph_plot(tmp_path / "morph.png", columns, RATE_HZ, [labels, labels[::-1]])
    assert matplotlib.image.imread(tmp_path / "morph.png").shape[0] < 4000


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_samples", [1, 15, 64, 4096, 30 * RATE_HZ])
def test_sounds_of_any_length(tmp_path, rng, n_samples):
    columns = {name: list(rng.normal(size=(2, n_samples))) for name in ("morph", "cross-fade")}
    save_morph_plot(tmp_path / "morph.png", columns, RATE_HZ, [["0 %", "100 %"]] * 2)
    height, width, _ = matplotlib.image.imread(tmp_path / "morph.png").shape
    assert width > height > 200


@pytest.mark.filterwarnings("error")
def test_silence_is_dark(tmp_path):
    columns = {"morph": [np.zeros(512)] * 3, "cross-fade": [np.zeros(100)] * 3}
    save_morph_plot(tmp_path / "morph.png", columns, RATE_HZ, [["0 %", "50 %", "100 %"]] * 2)
    picture = matplotlib.image.imread(tmp_path / "morph.png")[..., :3]
    assert (picture.max(axis=-1) < 0.1).mean() > 0.1


def test_waveform_and_spectrogram_of_a_step_lie_side_by_side(tmp_path):
    """Only the lowest of four steps is heard, so only the lowest rows have ink."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(2048) / RATE_HZ)
    columns = {"": [np.zeros(2048)] * 3 + [tone]}
    save_morph_plot(tmp_path / "morph.png", columns, RATE_HZ, [[""] * 4])
    picture = matplotlib.image.imread(tmp_path / "morph.png")[..., :3]
    red, green, blue = np.moveaxis(picture, -1, 0)
    of_waveform = np.flatnonzero(((blue > 0.5) & (red < 0.2)).sum(axis=1) > 20)
    # The scale of colours lies right of the spectrograms.
    bright = (red > 0.9) & (green > 0.6) & (blue < 0.8)
    of_spectrogram = np.flatnonzero(bright[:, : int(0.75 * picture.shape[1])].sum(axis=1) > 20)
    assert len(of_waveform)
    assert len(of_spectrogram)
    assert of_waveform[0] - 3 <= of_spectrogram[0] <= of_spectrogram[-1] <= of_waveform[-1] + 3
