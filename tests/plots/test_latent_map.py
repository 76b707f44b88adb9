"""The map of the latents."""

import threading

import numpy as np
import pytest
from tiny_report import CLASSES

from audio_vae.evaluation import metrics
from audio_vae.plots import latent_map


@pytest.mark.parametrize(("n_sounds", "n_dimensions"), [(1, 3), (3, 1), (4, 1), (5, 3), (40, 20)])
def test_projection_of_few_sounds(rng, n_sounds, n_dimensions):
    points, _ = latent_map.project(rng.normal(size=(n_sounds, n_dimensions)), seed=0)
    assert points.shape == (n_sounds, 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("direction", [0.0, 1.0], ids=["one point", "one line"])
def test_projection_of_collapsed_latents(direction):
    latents = direction * np.arange(8.0)[:, None] * np.ones(4)
    assert np.isfinite(latent_map.project(latents, seed=0)[0]).all()


def test_projection_keeps_classes_apart(rng):
    latents = np.concatenate([rng.normal(centre, 0.1, (20, 5)) for centre in (0, 10)])
    points, method = latent_map.project(latents, seed=0)
    assert method == "t-SNE, perplexity 13"
    labels = np.repeat([0, 1], 20)
    assert metrics.one_nn_accuracy(points[::2], labels[::2], points[1::2], labels[1::2]) == 1


def test_figures_need_no_main_thread(tmp_path, rng):
    """No pyplot, whose state and windows belong to one thread."""
    path = tmp_path / "map.png"
    task = threading.Thread(
        target=latent_map.save_latent_map,
        args=(path, rng.normal(size=(3, 2)), np.arange(3), CLASSES),
        kwargs={"seed": 0},
    )
    task.start()
    task.join()
    assert path.stat().st_size > 0


def test_many_classes(tmp_path, rng):
    labels = np.arange(29)
    names = [f"class_{label}" for label in labels]
    latent_map.save_latent_map(tmp_path / "map.png", rng.normal(size=(29, 3)), labels, names, seed=0)
    assert (tmp_path / "map.png").stat().st_size > 0
