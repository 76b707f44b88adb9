import dataclasses
import hashlib
import json

import numpy as np
import pytest

from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run, open_run
from audio_vae.utils.errors import UserError


def write_history(run, text):
    run.history_path.parent.mkdir(exist_ok=True)
    run.history_path.write_text(text, encoding="utf-8")


def test_a_new_run_opens_with_its_config(config, tmp_path):
    create_run(tmp_path / "runs" / "digits", config)
    opened = open_run(tmp_path / "runs" / "digits", "digits")
    assert opened.config == config
    assert opened.epochs_done() == 0
    stored = json.loads((opened.path / "config.json").read_text(encoding="utf-8"))
    assert stored["made_with"] == environment()


def test_another_data_sets_run_is_refused(small_run, config):
    with pytest.raises(UserError, match="is a run of digits, not of drums"):
        open_run(small_run.path, "drums")
    with pytest.raises(UserError, match="is a run of digits, not of drums"):
        create_run(small_run.path, dataclasses.replace(config, dataset="drums"))


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no run folder .*nowhere: train first \(audio-vae digits train"):
        open_run(tmp_path / "nowhere", "digits")


def test_a_folder_without_config_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"is no run folder \(no config.json\)"):
        open_run(tmp_path, "digits")


DEEP = pytest.param("[" * 100_000, id="deep")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", DEEP, '{"config": 3}', '{"config": {"dataset": "digits"}}', "\udcff"]
)
def test_a_damaged_config_is_named(small_run, text):
    (small_run.path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"config.json cannot be used \(.+\): choose another --run") as caught:
        open_run(small_run.path, "digits")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "cc"},
        {"surprise": 1},
        {"training": {"epochs": 0}},
        {"training": {"epochs": "two"}},
        {"audio": {"n_samples": 33}},
    ],
)
def test_a_config_with_impossible_values_is_named(small_run, change):
    file = small_run.path / "config.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    for name, value in change.items():
        if isinstance(value, dict):
            values["config"][name].update(value)
        else:
            values["config"][name] = value
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(UserError, match=r"config.json cannot be used"):
        open_run(small_run.path, "digits")


def test_the_model_gives_what_it_gave_before_it_was_saved(small_run, config):
    audio = small_run.sounds.audio
    model = build_vae(config.model, config.loss, config.training)
    means, log_variances = small_run.encode(audio)
    assert means.shape == log_variances.shape == (4, config.model.latent_dim)
    np.testing.assert_allclose(means, model.encoder(audio)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(small_run.decode(means), model(audio), rtol=1e-5, atol=1e-6)


def test_class_probabilities_are_the_softmax_of_the_logits(small_run, config, rng):
    latents = rng.normal(size=(5, config.model.latent_dim)).astype(np.float32)
    odds = np.exp(np.asarray(small_run.model.classifier(latents), np.float64))
    np.testing.assert_allclose(
        small_run.class_probabilities(latents), odds / odds.sum(axis=1, keepdims=True), rtol=1e-5
    )
    assert np.isfinite(small_run.class_probabilities(1e6 * latents)).all()


def test_hash_is_that_of_the_models_file(small_run):
    assert small_run.model_sha256 == hashlib.sha256(small_run.model_path.read_bytes()).hexdigest()


def test_a_run_without_model_says_so(config, tmp_path):
    with pytest.raises(UserError, match=r"has no trained model: train it first \(audio-vae digits train\)"):
        _ = create_run(tmp_path / "run", config).model


def test_missing_or_damaged_sounds_are_named(small_run):
    small_run.sounds_path.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"sounds.npz cannot be read"):
        _ = small_run.sounds
    small_run.sounds_path.unlink()
    with pytest.raises(UserError, match=r"sounds.npz cannot be read"):
        _ = Run(small_run.path, small_run.config).sounds


def test_history_is_one_row_an_epoch(small_run):
    write_history(small_run, "epoch,likelihood,kl\n1,3.5,0.25\n2,3,1e-3\n")
    assert small_run.history() == [
        {"epoch": 1, "likelihood": 3.5, "kl": 0.25},
        {"epoch": 2, "likelihood": 3.0, "kl": 0.001},
    ]
    assert small_run.epochs_done() == 2


@pytest.mark.parametrize("text", ["", "epoch,kl\n1\n", "epoch,kl\n1,many\n", "epoch,kl\n1,2\n\n"])
def test_a_damaged_history_is_named(small_run, text):
    write_history(small_run, text)
    with pytest.raises(UserError, match=r"history.csv cannot be read"):
        small_run.history()


def test_a_cached_model_is_the_runs_until_it_is_read_again(small_run, config):
    other = build_vae(config.model, config.loss, config.training)
    small_run.cache_model(other)
    assert small_run.model is other
    small_run.cache_model(None)
    assert small_run.model is not other
