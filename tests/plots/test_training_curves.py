"""Curves of the loss terms."""

import matplotlib.image
import pytest

from audio_vae.plots.training_curves import save_training_curves


@pytest.mark.parametrize(("n_terms", "n_rows"), [(1, 1), (3, 1), (4, 1), (5, 2), (7, 2), (9, 3)])
def test_panels_are_wrapped_and_the_width_stays(tmp_path, n_terms, n_rows):
    history = [{"epoch": epoch, **{f"term_{n}": 1.0 / epoch for n in range(n_terms)}} for epoch in range(1, 4)]
    save_training_curves(tmp_path / "training.png", history)
    height, width, _ = matplotlib.image.imread(tmp_path / "training.png").shape
    assert (width, height) == (1200, 300 * n_rows)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, -3.0, 1e6])
def test_a_single_epoch(tmp_path, value):
    save_training_curves(tmp_path / "training.png", [{"kl": value}])
    assert (tmp_path / "training.png").stat().st_size > 0
