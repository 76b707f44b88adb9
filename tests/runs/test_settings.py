"""Single values of a config, by name."""

import pytest

from audio_vae.digits.config import make
from audio_vae.runs.settings import WITH_OPTIONS, parsed, with_settings
from audio_vae.utils.errors import UserError


def test_values_are_json_and_else_text():
    words = ["a.b=true", "c=0.5", "d=null", "e=[64, [1]]", 'f="x"', "g=first", "h=a=b", "i="]
    assert parsed(words) == {
        "a.b": True,
        "c": 0.5,
        "d": None,
        "e": (64, (1,)),
        "f": "x",
        "g": "first",
        "h": "a=b",
        "i": "",
    }


def test_a_word_without_a_value():
    with pytest.raises(
        UserError, match=r"--set training\.averages gives no value: write --set training\.averages=VALUE"
    ):
        parsed(["training.averages"])


def test_settings_replace_values_and_nothing_else():
    config = make("cc")
    settings = {
        "model.dense_output": True,
        "model.cc.filters": (8, 8, 8, 8, 8),
        "training.clip_norm": 1,
        "audio.onset_db": None,
    }
    changed = with_settings(config, settings)
    assert (changed.model.dense_output, changed.model.cc.filters, changed.training.clip_norm) == (True, (8,) * 5, 1)
    back = {"model.dense_output": False, "model.cc.filters": config.model.cc.filters, "training.clip_norm": None}
    assert with_settings(changed, back) == config == with_settings(config, {})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model.dense_outptu", True, "no setting model.dense_outptu: did you mean model.dense_output?"),
        ("kernels", (3,), "no setting kernels: did you mean model.cc.kernels?"),
        ("data.speakers", "theo", "no setting data.speakers: config.json of a run holds all settings"),
        ("model.cc", 3, "no setting model.cc"),
        ("model.n_classes", 5, "only 0, no classifier, can be set"),
        ("model.latent_dim", 2.5, "model.latent_dim cannot be 2.5: it is a whole number"),
        ("model.latent_dim", True, "model.latent_dim cannot be true: it is a whole number"),
        ("model.dense_output", 1, "model.dense_output cannot be 1: it is true or false"),
        ("training.clip_norm", "x", 'training.clip_norm cannot be "x": it is a number or null'),
        ("model.cc.filters", (8, "x"), "it is a list in brackets, each of it a whole number"),
        ("training.averages", "some", r"do not make a model \(training.averages=some\): Expected one of"),
        ("audio.n_samples", 8192, "Expected the same length in audio and model"),
    ],
)
def test_what_cannot_be_set(name, value, message):
    with pytest.raises(UserError, match=message):
        with_settings(make("cc"), {name: value})


@pytest.mark.parametrize("name", sorted(WITH_OPTIONS))
def test_what_has_an_option_is_set_by_it(name):
    with pytest.raises(UserError, match=f"{name} has an option of its own: use {WITH_OPTIONS[name]}"):
        with_settings(make("cc"), {name: 3})


def test_a_run_may_be_without_a_classifier():
    assert with_settings(make("cc"), {"model.n_classes": 0}).model.n_classes == 0
