"""How to go from one sound to another."""

import importlib

import pytest

from audio_vae.morphing.options import PathOptions, usual_options
from audio_vae.utils.errors import UserError


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"steps": 1}, "a morph of 1 steps has no start and end: give 2 steps or more"),
        ({"steps": 0}, "a morph of 0 steps has no start and end: give 2 steps or more"),
        ({"steps": -3}, "a morph of -3 steps has no start and end: give 2 steps or more"),
        ({"length": "C"}, "unknown length 'C': choose one of A, B, interpolate, full"),
        ({"shape": "wavy"}, "unknown shape 'wavy': choose one of linear, spherical"),
        ({"spacing": "odd"}, "unknown spacing 'odd': choose one of latent, even"),
        ({"between": (1.0, 0.0)}, "cannot go from position 1 to 0: give two positions that rise"),
        ({"between": (0.5, 0.5)}, "give two positions that rise"),
        ({"between": (-11.0, 1.0)}, "from -10 to 10"),
        ({"between": (float("nan"), 1.0)}, "give two positions that rise"),
        ({"between": (0.0, float("inf"))}, "give two positions that rise"),
    ],
)
def test_unusable_value(options, match):
    with pytest.raises(UserError, match=match):
        PathOptions(**options)


@pytest.mark.parametrize("dataset", ["digits", "drums", "folder"])
def test_usual_options_are_the_defaults_of_the_data_sets(dataset):
    config = importlib.import_module(f"audio_vae.{dataset}.config").make()
    own = importlib.import_module(f"audio_vae.{dataset}.morph").MORPHS
    assert usual_options(config.audio) == {"length": own.length, "render": own.render}
