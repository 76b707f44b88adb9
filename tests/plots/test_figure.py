"""What all pictures share."""

import numpy as np
import pytest
from PIL import Image

from audio_vae.plots import figure


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["$x^2$", "$", "_hidden", r"a\$b$", "音", "$\\frac{"])
def test_names_are_drawn_to_the_letter(tmp_path, name):
    fig = figure.new_figure(2, 1)
    axes = fig.subplots()
    axes.plot([0, 1], label=figure.short_name(name))
    legend = axes.legend()
    figure.save(fig, tmp_path / "name.png")
    assert len(legend.get_texts()) == 1
    assert (tmp_path / "name.png").read_bytes().startswith(b"\x89PNG")


def test_long_names_are_cut():
    assert figure.short_name("a" * 48) == "a" * 48
    assert figure.short_name("a" * 49) == "a" * 47 + "…"


@pytest.mark.parametrize("n_classes", [1, 10, 11, 100])
def test_colours_of_classes_differ(n_classes):
    assert len({tuple(figure.class_colour(label, n_classes)) for label in range(n_classes)}) == n_classes


@pytest.mark.parametrize(("width", "expected"), [(400, (400, 300)), (2000, (1000, 150))])
def test_small_copy(tmp_path, rng, width, expected):
    picture = rng.integers(0, 255, (300, width, 4), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "large.png")
    figure.save_small_copy(tmp_path / "small.png", tmp_path / "large.png")
    with Image.open(tmp_path / "small.png") as copy:
        assert copy.size == expected
        assert copy.mode == "P"
    assert (tmp_path / "small.png").stat().st_size < (tmp_path / "large.png").stat().st_size / 2
