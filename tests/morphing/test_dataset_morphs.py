"""The functions behind `morph` of each data set, from Python."""

import dataclasses
import importlib

import pytest

from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

USUAL = {"digits": ("full", "model"), "drums": ("interpolate", "sound"), "folder": ("interpolate", "sound")}
"""Data set → length and render of its morphs."""


@pytest.fixture(params=USUAL)
def own(request):
    """The `morph` module of a data set."""
    return importlib.import_module(f"audio_vae.{request.param}.morph")


@pytest.fixture
def run(own, tone_run):
    """A run of tones, as if they were sounds of the data set, of which all but digits start at their onset."""
    dataset = own.__name__.split(".")[1]
    audio = dataclasses.replace(tone_run.config.audio, onset_db=None if dataset == "digits" else 40.0)
    run = Run(tone_run.path, dataclasses.replace(tone_run.config, dataset=dataset, audio=audio))
    run.cache_model(tone_run.model)
    return run


def test_defaults_are_those_of_the_data_set(own, run, tmp_path):
    made = own.morph("low", "it's high", run=run, out=tmp_path / "m", steps=3)
    usual = USUAL[run.config.dataset]
    assert [made.sidecar[name] for name in ("steps", "length", "render")] == [3, *usual]
    assert (own.MORPHS.length, own.MORPHS.render) == usual


def test_the_sounds_of_a_run_decide(tone_run, tmp_path):
    # One-shots that were trained without looking for their onset, as with `drums train --preset cc-code`.
    own = importlib.import_module("audio_vae.drums.morph")
    run = Run(tone_run.path, dataclasses.replace(tone_run.config, dataset="drums"))
    run.cache_model(tone_run.model)
    made = own.morph("low", "it's high", run=run, out=tmp_path / "m", steps=3)
    assert [made.sidecar[name] for name in ("length", "render")] == ["full", "model"]


def test_options_are_passed_on(own, run, tmp_path):
    made = own.morph("low", "it's high", run=run, out=tmp_path / "m", steps=4, length="A")
    assert [made.sidecar["steps"], made.sidecar["length"]] == [4, "A"]
    assert len(list(made.folder.glob("0*.wav"))) == 4


def test_unknown_class(own, run, tmp_path):
    with pytest.raises(UserError, match="nothing"):
        own.morph("nothing", "low", run=run, out=tmp_path / "m")


def test_all_pairs(own, run):
    compared = own.all_pairs(run=run, steps=3)
    assert (compared["steps"], compared["length"], compared["n_pairs"]) == (3, USUAL[run.config.dataset][0], 1)
    assert [(each["start"], each["end"]) for each in compared["pairs"]] == [("low", "it's high")]
