"""Where sounds lie on the map."""

import numpy as np

from audio_vae.explorer import layout as module
from audio_vae.explorer.layout import layout, nearest, quick_layout


def two_groups(rng, n):
    return np.concatenate([rng.normal(0, 0.1, (n, 6)), rng.normal(3, 0.1, (n, 6))]).astype(np.float32)


def gap(points, n):
    """Distance of the means of two groups, by the largest distance of a point from its own group's mean."""
    means = points[:n].mean(axis=0), points[n:].mean(axis=0)
    spread = max(
        np.linalg.norm(part - mean, axis=1).max() for part, mean in zip((points[:n], points[n:]), means, strict=True)
    )
    return np.linalg.norm(means[0] - means[1]) / spread


def test_groups_stay_apart_by_principal_components(rng):
    points, method = quick_layout(two_groups(rng, 20))
    assert points.shape == (40, 2)
    assert gap(points, 20) > 5
    assert method == "principal components"


def test_groups_stay_apart_by_t_sne_also_when_only_a_sample_is_placed(rng, monkeypatch):
    monkeypatch.setattr(module, "MOST", 16)
    points, method = layout(two_groups(rng, 12))
    assert points.shape == (24, 2)
    assert np.isfinite(points).all()
    assert gap(points, 12) > 1.5
    assert method == "t-SNE, perplexity 5 of 16 of 24 sounds, the others between their neighbours"


def test_a_single_sound_has_a_place():
    points, _ = quick_layout(np.ones((1, 3), np.float32))
    assert points.tolist() == [[0, 0]]


def test_a_point_lies_between_its_neighbours_and_on_one_that_is_the_same(rng):
    among = rng.normal(size=(30, 5))
    found, weights = nearest(among[[4]] + [[0.1, 0, 0, 0, 0]], among)
    distances = np.linalg.norm(among - among[4] - [0.1, 0, 0, 0, 0], axis=1)
    assert found[0].tolist() == np.argsort(distances)[:3].tolist()
    assert weights.sum() == 1
    _, weights = nearest(among[[7]], among)
    np.testing.assert_allclose(weights[0], [1, 0, 0], atol=1e-6)
