"""Morphs of spoken digits from Python and as a script."""

import dataclasses

import pytest
from scripts import run_script

from audio_vae.digits import morph as module
from audio_vae.digits.morph import all_pairs, morph
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError


@pytest.fixture
def run(tone_run):
    """A run of tones, as if they were spoken digits."""
    run = Run(tone_run.path, dataclasses.replace(tone_run.config, dataset="digits"))
    run.cache_model(tone_run.model)
    return run


def test_default_length(run, tmp_path):
    made = morph("low", "it's high", run=run, out=tmp_path / "m", steps=3)
    assert [made.sidecar["steps"], made.sidecar["length"]] == [3, "full"]


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


@pytest.mark.slow
def test_script_takes_the_pretrained_model(tmp_path):
    code, out, err = run_script("audio_vae.digits.morph", "3", "7", "--steps", 3, "--out", "m", cwd=tmp_path)
    assert (code, "Morph: m" in out) == (0, True), err
    assert sorted(path.name for path in (tmp_path / "m").glob("0*.wav")) == ["00.wav", "01.wav", "02.wav"]
