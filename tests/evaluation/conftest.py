"""Tiny runs to evaluate."""

import functools

import numpy as np
import pytest
from tiny_report import build_run, make_sounds

from audio_vae.evaluation.evaluate import evaluate
from audio_vae.plots import latent_map


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """Build a run whose report has a plain map: t-SNE takes half of a tiny report's time."""
    monkeypatch.setattr(latent_map, "project", lambda latents, seed: (latents[:, :2], "not t-SNE"))
    return functools.partial(build_run, tmp_path / "run")


@pytest.fixture
def run(make_run, rng):
    """A run that a test may change."""
    return make_run(make_sounds(rng))


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory):
    """A run with its report, and what `evaluate` returned; tests only read it."""
    run = build_run(tmp_path_factory.mktemp("evaluated") / "run", make_sounds(np.random.default_rng(0)))
    return run, evaluate(run)
