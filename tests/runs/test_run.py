import dataclasses
import hashlib
import json

import numpy as np
import pytest
from old_files import flat

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run
from audio_vae.runs.environment import environment
from audio_vae.runs.latents import class_centre, save_latents, training_means
from audio_vae.runs.run import Run, open_run
from audio_vae.utils.errors import UserError


@pytest.fixture
def config(tiny_cc):
    return Config(
        "digits",
        "cc",
        audio=AudioConfig(n_samples=tiny_cc.n_samples),
        model=tiny_cc,
        training=TrainingConfig(epochs=2),
        data={"speakers": ["jackson"]},
    )


@pytest.fixture
def run(config, tmp_path, rng):
    run = create_run(tmp_path / "run", config)
    SoundSet(
        names=tuple("abcd"),
        audio=rng.uniform(-1, 1, (4, config.audio.n_samples)).astype(np.float32),
        labels=np.array([0, 1, 2, 0], np.int32),
        is_test=np.array([False, False, True, True]),
        class_names=("0", "1", "2"),
        peaks=np.ones(4, np.float32),
        lengths=np.full(4, config.audio.n_samples, np.int32),
        rate_hz=8000,
    ).save(run.sounds_path)
    build_vae(config.model, config.loss, config.training).save(run.model_path)
    return run


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


def test_more_epochs_go_on_with_the_same_run(run, config):
    longer = dataclasses.replace(config, training=TrainingConfig(epochs=9))
    assert create_run(run.path, longer).config.training.epochs == 9
    assert open_run(run.path, "digits").config.training.epochs == 9


def test_a_run_of_version_0_1_goes_on_with_the_same_settings(run, config):
    stored = json.loads((run.path / "config.json").read_text())
    stored["config"]["model"] = flat(stored["config"]["model"])
    assert "cc_filters" in stored["config"]["model"]
    (run.path / "config.json").write_text(json.dumps(stored))
    assert open_run(run.path, "digits").config == config
    assert create_run(run.path, config).config == config
    # From then on the folder has today's form.
    assert json.loads((run.path / "config.json").read_text())["config"] == config.to_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": TrainingConfig(epochs=2, seed=7)}, "training.seed is 0, not 7"),
        ({"data": {"speakers": ["theo"]}}, r"data.speakers is \['jackson'\], not \['theo'\]"),
        ({"preset": "dc"}, "preset is 'cc', not 'dc'"),
    ],
)
def test_other_settings_are_refused_and_change_nothing(run, config, change, message):
    before = (run.path / "config.json").read_bytes()
    with pytest.raises(UserError, match=message):
        create_run(run.path, dataclasses.replace(config, **change))
    assert (run.path / "config.json").read_bytes() == before


def test_a_folder_of_other_things_is_refused(config, tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(UserError, match="holds files that are not of a run"):
        create_run(tmp_path, config)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_is_refused(config, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file: choose a folder with --run"):
        create_run(tmp_path / "file", config)


def test_another_data_sets_run_is_refused(run, config):
    with pytest.raises(UserError, match="is a run of digits, not of drums"):
        open_run(run.path, "drums")
    with pytest.raises(UserError, match="is a run of digits, not of drums"):
        create_run(run.path, dataclasses.replace(config, dataset="drums"))


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no run folder .*nowhere: train first \(audio-vae digits train"):
        open_run(tmp_path / "nowhere", "digits")


def test_a_folder_without_config_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"is no run folder \(no config.json\)"):
        open_run(tmp_path, "digits")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"config": 3}', '{"config": {"dataset": "digits"}}', "\udcff"]
)
def test_a_damaged_config_is_named(run, text):
    (run.path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"config.json cannot be used \(.+\): choose another --run") as caught:
        open_run(run.path, "digits")
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
def test_a_config_with_impossible_values_is_named(run, change):
    file = run.path / "config.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    for name, value in change.items():
        if isinstance(value, dict):
            values["config"][name].update(value)
        else:
            values["config"][name] = value
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(UserError, match=r"config.json cannot be used"):
        open_run(run.path, "digits")


def test_the_model_gives_what_it_gave_before_it_was_saved(run, config):
    audio = run.sounds.audio
    model = build_vae(config.model, config.loss, config.training)
    means, log_variances = run.encode(audio)
    assert means.shape == log_variances.shape == (4, config.model.latent_dim)
    np.testing.assert_allclose(means, model.encoder(audio)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run.decode(means), model(audio), rtol=1e-5, atol=1e-6)


def test_latents_are_written_by_the_contract(run):
    latents = save_latents(run)
    with np.load(run.path / "latents.npz") as stored:
        assert stored["names"].tolist() == list("abcd")
        assert stored["labels"].tolist() == [0, 1, 2, 0]
        assert stored["split"].tolist() == ["train", "train", "test", "test"]
        np.testing.assert_array_equal(stored["means"], latents.means)
        np.testing.assert_array_equal(stored["log_variances"], latents.log_variances)


def test_training_means_are_those_stored_of_the_newest_epoch_or_else_computed(run, monkeypatch):
    expected, _ = run.encode(run.sounds.train.audio)
    np.testing.assert_allclose(training_means(run), expected, rtol=1e-5, atol=1e-6)
    save_latents(run)
    monkeypatch.setattr(Run, "encode", None)
    np.testing.assert_allclose(training_means(run), expected, rtol=1e-5, atol=1e-6)


def test_class_probabilities_are_the_softmax_of_the_logits(run, config, rng):
    latents = rng.normal(size=(5, config.model.latent_dim)).astype(np.float32)
    odds = np.exp(np.asarray(run.model.classifier(latents), np.float64))
    np.testing.assert_allclose(run.class_probabilities(latents), odds / odds.sum(axis=1, keepdims=True), rtol=1e-5)
    assert np.isfinite(run.class_probabilities(1e6 * latents)).all()


def test_centre_is_the_mean_of_the_posterior_means(run):
    sounds = run.sounds
    members = sounds.centre_members(0)
    means, _ = run.encode(sounds.audio[members])
    np.testing.assert_array_equal(class_centre(run, sounds, sounds.class_names[0]).latent, means.mean(axis=0))


def test_hash_is_that_of_the_models_file(run):
    assert run.model_sha256 == hashlib.sha256(run.model_path.read_bytes()).hexdigest()


def test_a_run_without_model_says_so(config, tmp_path):
    with pytest.raises(UserError, match=r"has no trained model: train it first \(audio-vae digits train\)"):
        _ = create_run(tmp_path / "run", config).model


@pytest.mark.parametrize("keep", [0, 100, 3000], ids=["empty", "head", "cut"])
def test_a_damaged_model_is_named(run, keep):
    run.model_path.write_bytes(run.model_path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"model.keras cannot be loaded \(.+\): copy a file of") as caught:
        _ = run.model
    assert "\n" not in str(caught.value)


def test_missing_or_damaged_sounds_are_named(run):
    run.sounds_path.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"sounds.npz cannot be read"):
        _ = run.sounds
    run.sounds_path.unlink()
    with pytest.raises(UserError, match=r"sounds.npz cannot be read"):
        _ = Run(run.path, run.config).sounds


def test_history_is_one_row_an_epoch(run):
    write_history(run, "epoch,likelihood,kl\n1,3.5,0.25\n2,3,1e-3\n")
    assert run.history() == [
        {"epoch": 1, "likelihood": 3.5, "kl": 0.25},
        {"epoch": 2, "likelihood": 3.0, "kl": 0.001},
    ]
    assert run.epochs_done() == 2


@pytest.mark.parametrize("text", ["", "epoch,kl\n1\n", "epoch,kl\n1,many\n", "epoch,kl\n1,2\n\n"])
def test_a_damaged_history_is_named(run, text):
    write_history(run, text)
    with pytest.raises(UserError, match=r"history.csv cannot be read"):
        run.history()


def test_environment_names_the_versions():
    made_with = environment()
    assert made_with["packages"]["numpy"] == np.__version__
    assert json.loads(json.dumps(made_with)) == made_with
