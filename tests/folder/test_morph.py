"""Morphs of your own sounds from Python and as a script."""

import dataclasses

import pytest
from scripts import run_script

from audio_vae.folder import morph as module
from audio_vae.folder.morph import all_pairs, morph
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError


@pytest.fixture
def run(tone_run):
    """A run of tones, as if they were your own sounds."""
    run = Run(tone_run.path, dataclasses.replace(tone_run.config, dataset="folder"))
    run.cache_model(tone_run.model)
    return run


def test_default_length(run, tmp_path):
    made = morph("low", "it's high", run=run, out=tmp_path / "m", steps=3)
    assert [made.sidecar["steps"], made.sidecar["length"]] == [3, "interpolate"]


def test_options_are_passed_on(run, tmp_path):
    made = morph("low", "it's high", run=run, out=tmp_path / "m", steps=4, length="A")
    assert [made.sidecar["steps"], made.sidecar["length"]] == [4, "A"]
    assert len(list(made.folder.glob("0*.wav"))) == 4


def test_unknown_class(run, tmp_path):
    with pytest.raises(UserError, match="nothing"):
        morph("nothing", "low", run=run, out=tmp_path / "m")


def test_all_pairs(run):
    compared = all_pairs(run=run, steps=3)
    assert (compared["steps"], compared["length"], compared["n_pairs"]) == (3, module.LENGTH, 1)
    assert [(each["start"], each["end"]) for each in compared["pairs"]] == [("low", "it's high")]


def test_script_without_a_model(tmp_path):
    code, out, err = run_script("audio_vae.folder.morph", "cat", "dog", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
