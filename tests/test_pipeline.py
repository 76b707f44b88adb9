import dataclasses
import json

import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, ModelConfig
from audio_vae.dataset import Prepared, Refusal, SoundSet
from audio_vae.errors import UserError
from audio_vae.pipeline import Dataset

CONFIG = Config("digits", "cc", audio=AudioConfig(8000, 64), model=ModelConfig("cc", n_samples=64, n_classes=2))


@pytest.fixture
def prepare(rng):
    """A preparation of two classes that counts how often it ran."""

    def prepare(config, data, *, show_progress=False):
        prepare.calls += 1
        sounds = SoundSet(
            names=("a/0", "a/1", "b/0"),
            audio=rng.uniform(-1, 1, (3, 64)).astype(np.float32),
            labels=np.array([0, 0, 1], np.int32),
            is_test=np.array([True, False, False]),
            class_names=prepare.class_names,
            peaks=np.ones(3, np.float32),
            lengths=np.full(3, 64, np.int32),
            rate_hz=8000,
        )
        return Prepared(sounds, [Refusal("b/1", "the file is silent")], {"source": "folder"})

    prepare.calls = 0
    prepare.class_names = ("a", "b")
    return prepare


@pytest.fixture
def dataset(prepare):
    return Dataset("digits", lambda preset: CONFIG, prepare)


def test_what_was_found_is_written(dataset, tmp_path):
    run, found = dataset.prepare_run(tmp_path / "run", CONFIG, tmp_path)
    assert found == json.loads((run.path / "prepare.json").read_text())
    assert found["classes"] == {"a": {"train": 1, "test": 1}, "b": {"train": 1, "test": 0}}
    assert found["refused"] == [{"name": "b/1", "reason": "the file is silent"}]
    assert found["data"] == str(tmp_path)
    assert run.sounds.names == ("a/0", "a/1", "b/0")


def test_sounds_are_read_once(dataset, prepare, tmp_path):
    first, _ = dataset.prepare_run(tmp_path / "run", CONFIG, tmp_path)
    again, _ = dataset.prepare_run(tmp_path / "run", CONFIG, tmp_path)
    without_naming_it, _ = dataset.prepare_run(tmp_path / "run", CONFIG)
    assert prepare.calls == 1
    np.testing.assert_array_equal(first.sounds.audio, again.sounds.audio)
    np.testing.assert_array_equal(first.sounds.audio, without_naming_it.sounds.audio)


def test_number_of_classes_comes_from_the_sounds(dataset, prepare, tmp_path):
    prepare.class_names = ("a", "b", "c")
    run, _ = dataset.prepare_run(tmp_path / "run", CONFIG)
    assert run.config.model.n_classes == 3
    assert dataset.open(run.path).config.model.n_classes == 3
    # The same settings as before still fit the run that they made.
    assert dataset.prepare_run(tmp_path / "run", CONFIG)[0].config.model.n_classes == 3


def test_model_without_classifier_gets_none(dataset, tmp_path):
    config = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, n_classes=0))
    assert dataset.prepare_run(tmp_path / "run", config)[0].config.model.n_classes == 0


def test_other_folder_of_sounds_is_refused(dataset, tmp_path):
    dataset.prepare_run(tmp_path / "run", CONFIG, tmp_path)
    with pytest.raises(UserError, match=r"was made from the sounds in .*choose another --run"):
        dataset.prepare_run(tmp_path / "run", CONFIG, tmp_path / "elsewhere")


def test_run_with_other_settings_is_refused(dataset, tmp_path):
    dataset.prepare_run(tmp_path / "run", CONFIG)
    other = dataclasses.replace(CONFIG, preset="dc")
    with pytest.raises(UserError, match=r"other settings \(preset is 'cc', not 'dc'\)"):
        dataset.prepare_run(tmp_path / "run", other)


def test_sounds_of_another_folder_must_have_the_same_classes(dataset, prepare, tmp_path):
    run, _ = dataset.prepare_run(tmp_path / "run", CONFIG)
    assert dataset.sounds(run, None) is run.sounds
    assert dataset.sounds(run, tmp_path).names == run.sounds.names
    prepare.class_names = ("a", "z")
    with pytest.raises(UserError, match=r"have the classes a, z, the model in .* has a, b"):
        dataset.sounds(run, tmp_path)


def test_failed_reading_leaves_no_run(tmp_path):
    def prepare(config, data, *, show_progress=False):
        raise UserError("no sounds")

    with pytest.raises(UserError, match="no sounds"):
        Dataset("digits", None, prepare).prepare_run(tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()
