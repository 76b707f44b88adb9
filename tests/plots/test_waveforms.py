"""Pictures of reconstructions and class centres."""

import matplotlib.image
import numpy as np
import pytest

from audio_vae.plots import waveforms

RATE_HZ = 8000


def save_reconstructions(path, sounds):
    waveforms.save_reconstructions(path, sounds, {name: 0.5 * samples for name, samples in sounds.items()}, RATE_HZ)


def save_centres(path, sounds):
    waveforms.save_centres(path, sounds, RATE_HZ)


SAVE = pytest.mark.parametrize("save", [save_reconstructions, save_centres])


@SAVE
def test_many_classes_are_drawn_up_to_a_limit(tmp_path, rng, save, monkeypatch):
    monkeypatch.setattr(waveforms, "MOST_PANELS", 6)
    heights = []
    for n_sounds in (waveforms.MOST_PANELS, waveforms.MOST_PANELS + 5):
        save(tmp_path / "classes.png", {f"class_{number}": rng.normal(size=64) for number in range(n_sounds)})
        heights.append(matplotlib.image.imread(tmp_path / "classes.png").shape[0])
    assert heights[0] == heights[1]


@SAVE
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_samples", [2, 64, 4096, 20 * RATE_HZ])
@pytest.mark.parametrize("level", [0.0, 1e-6, 1.0])
def test_sounds_of_any_length_and_level(tmp_path, rng, save, n_samples, level):
    save(tmp_path / "sounds.png", {name: level * rng.uniform(-1, 1, n_samples) for name in ("$a$", "_b", "音")})
    height, width, _ = matplotlib.image.imread(tmp_path / "sounds.png").shape
    assert (width, height > 200) == (1200, True)


@SAVE
def test_the_same_sounds_give_the_same_bytes(tmp_path, rng, save):
    sounds = {name: rng.normal(size=512) for name in "ab"}
    for file in ("first.png", "second.png"):
        save(tmp_path / file, sounds)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_an_original_is_drawn_beside_its_reconstruction(tmp_path):
    """The reconstruction is silent, so only the spectrogram of the original is bright."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(4096) / RATE_HZ)
    path = tmp_path / "reconstructions.png"
    waveforms.save_reconstructions(path, {"tone": tone}, {"tone": np.zeros(4096)}, RATE_HZ)
    red, green, blue = np.moveaxis(matplotlib.image.imread(path)[..., :3], -1, 0)
    columns = np.flatnonzero(((red > 0.9) & (green > 0.6) & (blue < 0.8)).sum(axis=0))
    # The scale of colours lies to the right of all.
    bright = columns[columns < 0.85 * red.shape[1]] / red.shape[1]
    assert 0.35 < bright.min() < bright.max() < 0.7
