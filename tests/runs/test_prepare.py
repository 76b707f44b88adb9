import dataclasses
import importlib
import json
import os
import re
import shutil

import numpy as np
import pytest
import soundfile

from audio_vae.config import AudioConfig, Config
from audio_vae.data.dataset import Dataset, Prepared
from audio_vae.data.reading import Item, Refusal
from audio_vae.data.sound_set import SoundSet
from audio_vae.model_config import ModelConfig
from audio_vae.runs.create import create_run
from audio_vae.runs.lock import locked
from audio_vae.runs.prepare import found_lines, prepare_run, run_config, sounds_of_run
from audio_vae.runs.run import open_run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json

CONFIG = Config("digits", "cc", audio=AudioConfig(8000, 64), model=ModelConfig("cc", n_samples=64, n_classes=2))


@pytest.fixture
def prepare(rng):
    """A preparation of two classes that counts how often it ran."""

    def prepare(config, data, *, show_progress=False, store=None):
        prepare.calls += 1
        sounds = SoundSet(
            names=("a/0.wav", "a/1.wav", "b/0.wav"),
            audio=rng.uniform(-1, 1, (3, 64)).astype(np.float32),
            labels=np.array([0, 0, 1], np.int32),
            is_test=np.array([True, False, False]),
            class_names=prepare.class_names,
            peaks=np.ones(3, np.float32),
            lengths=np.full(3, 64, np.int32),
            rate_hz=8000,
        )
        return Prepared(sounds, [Refusal("b/1.wav", "the file is silent")], {"source": "folder"})

    prepare.calls = 0
    prepare.class_names = ("a", "b")
    return prepare


def find(config, data, *, show_progress=False):
    """The .wav files in a folder; their contents do not matter to `prepare`."""
    return [Item(path, path.relative_to(data).as_posix()) for path in sorted(data.rglob("*.wav"))] if data else []


@pytest.fixture
def data(tmp_path):
    """A folder of three files and a fourth that `prepare` refuses."""
    for name in ("a/0", "a/1", "b/0", "b/1"):
        path = tmp_path / "data" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "data"


@pytest.fixture
def dataset(prepare):
    return Dataset("digits", lambda preset: CONFIG, prepare, find)


def test_what_was_found_is_written(dataset, tmp_path):
    run, found = prepare_run(dataset, tmp_path / "run", CONFIG, tmp_path)
    assert found == json.loads((run.path / "prepare.json").read_text())
    assert found["classes"] == {"a": {"train": 1, "test": 1}, "b": {"train": 1, "test": 0}}
    assert found["refused"] == [{"name": "b/1.wav", "reason": "the file is silent"}]
    assert found["data"] == str(tmp_path)
    assert run.sounds.names == ("a/0.wav", "a/1.wav", "b/0.wav")


@pytest.mark.parametrize("decoder", [None, "libsndfile", "tensorflow-io"])
def test_the_decoder_is_told(dataset, prepare, tmp_path, decoder):
    prepared = dataclasses.replace(prepare(CONFIG, None), decoder=decoder)
    dataset = dataclasses.replace(dataset, prepare=lambda config, data, **_: prepared)
    _, found = prepare_run(dataset, tmp_path / "run", CONFIG, tmp_path)
    assert found["decoder"] == decoder
    assert [line for line in found_lines(found) if "decoded" in line] == ([f"decoded by {decoder}"] if decoder else [])


def test_a_preparation_of_an_old_version_names_no_decoder(dataset, tmp_path):
    _, found = prepare_run(dataset, tmp_path / "run", CONFIG, tmp_path)
    del found["decoder"]
    assert list(found_lines(found)) == ["2 training and 1 test sounds (a 2, b 1)"]


def test_sounds_are_read_once(dataset, prepare, tmp_path, data):
    first, _ = prepare_run(dataset, tmp_path / "run", CONFIG, data)
    again, _ = prepare_run(dataset, tmp_path / "run", CONFIG, data)
    without_naming_it, _ = prepare_run(dataset, tmp_path / "run", CONFIG)
    assert prepare.calls == 1
    np.testing.assert_array_equal(first.sounds.audio, again.sounds.audio)
    np.testing.assert_array_equal(first.sounds.audio, without_naming_it.sounds.audio)


def test_number_of_classes_comes_from_the_sounds(dataset, prepare, tmp_path):
    prepare.class_names = ("a", "b", "c")
    run, _ = prepare_run(dataset, tmp_path / "run", CONFIG)
    assert run.config.model.n_classes == 3
    assert open_run(run.path, dataset.name).config.model.n_classes == 3
    # The same settings as before still fit the run that they made.
    assert prepare_run(dataset, tmp_path / "run", CONFIG)[0].config.model.n_classes == 3


def test_model_without_classifier_gets_none(dataset, tmp_path):
    config = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, n_classes=0))
    assert prepare_run(dataset, tmp_path / "run", config)[0].config.model.n_classes == 0


def test_a_folder_of_sounds_for_a_run_of_built_in_ones_is_refused(dataset, tmp_path, data):
    prepare_run(dataset, tmp_path / "run", CONFIG)
    with pytest.raises(UserError, match=r"was made from the sounds in the default data, not from .*another --run"):
        prepare_run(dataset, tmp_path / "run", CONFIG, data)


def add(data):
    (data / "b" / "2.wav").write_text("b/2")


def remove(data):
    (data / "a" / "0.wav").unlink()


def change_length(data):
    (data / "a" / "0.wav").write_text("longer")


def change_contents(data):
    (data / "b" / "0.wav").write_text("new")
    os.utime(data / "b" / "0.wav", ns=(1, 1))


def to_another_class(data):
    (data / "a" / "0.wav").rename(data / "b" / "9.wav")


CHANGES = {
    add: "(1 new: b/2.wav)",
    remove: "(1 gone: a/0.wav)",
    change_length: "(1 changed: a/0.wav)",
    change_contents: "(1 changed: b/0.wav)",
    to_another_class: "(1 new: b/9.wav; 1 gone: a/0.wav)",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("moved", [False, True], ids=["there", "elsewhere"])
def test_changed_sounds_are_named(dataset, tmp_path, data, change, moved):
    run, _ = prepare_run(dataset, tmp_path / "run", CONFIG, data)
    if moved:
        data = data.rename(tmp_path / "elsewhere")
    change(data)
    with pytest.raises(UserError) as caught:
        prepare_run(dataset, run.path, CONFIG, data)
    assert str(caught.value) == (
        f"{data} does not hold the sounds that {run.path} was made from {CHANGES[change]}: leave --data out to go on "
        f"with the sounds that the run has, or remove {run.path}, in which nothing is trained yet, or choose another "
        "--run"
    )
    run.model_path.touch()
    with pytest.raises(UserError, match=r"that the run has, or prepare them in another --run$"):
        prepare_run(dataset, run.path, CONFIG, data)
    assert prepare_run(dataset, run.path, CONFIG)[0].sounds.names == run.sounds.names


def touch(data):
    for path in data.rglob("*.wav"):
        os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    "place",
    [
        lambda data: data,
        lambda data: data.rename(data.with_name("moved")),
        lambda data: touch(data) or data,
        lambda data: shutil.copytree(data, data.with_name("copied"), copy_function=shutil.copyfile),
        lambda data: shutil.rmtree(data) or data,
    ],
    ids=["there", "moved", "touched", "copied", "gone"],
)
def test_the_same_sounds_are_taken_wherever_they_are(dataset, prepare, tmp_path, data, place):
    run, first = prepare_run(dataset, tmp_path / "run", CONFIG, data)
    again, found = prepare_run(dataset, run.path, CONFIG, place(data))
    assert (prepare.calls, found) == (1, first)
    assert again.sounds.names == run.sounds.names


def test_what_a_run_writes_into_its_data_folder_is_not_new(dataset, data):
    run, _ = prepare_run(dataset, data / "runs" / "mine", CONFIG, data)
    (run.path / "report").mkdir()
    (run.path / "report" / "0.wav").touch()
    prepare_run(dataset, run.path, CONFIG, data)


@pytest.mark.parametrize("change", [add, remove])
def test_a_run_of_an_old_version_compares_names(dataset, tmp_path, data, change):
    run, found = prepare_run(dataset, tmp_path / "run", CONFIG, data)
    del found["files"]
    write_json(run.path / "prepare.json", found)
    change_contents(data)
    prepare_run(dataset, run.path, CONFIG, data)
    change(data)
    with pytest.raises(UserError, match=re.escape(CHANGES[change])):
        prepare_run(dataset, run.path, CONFIG, data)
    with pytest.raises(UserError, match=r"was made from the sounds in .*data, not from .*moved"):
        prepare_run(dataset, run.path, CONFIG, data.rename(data.with_name("moved")))


DAMAGED = '{"data": null, "classes": [], "refused": 3, "labels": {}}'


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", "\udcff", pytest.param("[" * 100_000, id="deep"), DAMAGED])
def test_a_damaged_prepare_json_is_named(dataset, tmp_path, text):
    run, _ = prepare_run(dataset, tmp_path / "run", CONFIG)
    (run.path / "prepare.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"prepare.json cannot be read \(.+\): remove it and name"):
        prepare_run(dataset, run.path, CONFIG)
    (run.path / "prepare.json").unlink()
    assert prepare_run(dataset, run.path, CONFIG)[0].sounds.names == run.sounds.names


def test_run_with_other_settings_is_refused(dataset, tmp_path):
    prepare_run(dataset, tmp_path / "run", CONFIG)
    other = dataclasses.replace(CONFIG, preset="dc")
    with pytest.raises(UserError, match=r"other settings \(preset is 'cc', not 'dc'\)"):
        prepare_run(dataset, tmp_path / "run", other)


def test_sounds_of_another_folder_must_have_the_same_classes(dataset, prepare, tmp_path):
    run, _ = prepare_run(dataset, tmp_path / "run", CONFIG)
    with sounds_of_run(dataset, run, None) as own, sounds_of_run(dataset, run, tmp_path) as others:
        assert own is run.sounds
        assert others.names == own.names
    prepare.class_names = ("a", "z")
    with (
        pytest.raises(UserError, match=r"have the classes a, z, the model in .* has a, b"),
        sounds_of_run(dataset, run, tmp_path),
    ):
        pass


def test_failed_reading_leaves_no_run(tmp_path):
    def prepare(config, data, *, show_progress=False, store=None):
        raise UserError("no sounds")

    with pytest.raises(UserError, match="no sounds"):
        prepare_run(Dataset("digits", None, prepare, find), tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()


OPTIONS = {
    "digits": {"preset": "dc", "speakers": ("theo", "jackson")},
    "drums": {"preset": "dc-nonclass", "labels": "kmeans", "n_clusters": 7},
    "folder": {"preset": "cc", "labels": "kmeans:5", "rate_hz": 16000, "seconds": 0.5, "latent_dim": 8},
}


@pytest.fixture(params=OPTIONS)
def made(request, tmp_path):
    """A data set, the options of a run of it, and the run's folder."""
    dataset = importlib.import_module(f"audio_vae.{request.param}.dataset").DATASET
    options = {**OPTIONS[request.param], "epochs": 20, "batch_size": 3, "seed": 5}
    run = create_run(tmp_path / "run", run_config(dataset, tmp_path / "run", **options))
    return dataset, options, run


def test_a_run_goes_on_with_its_own_config(made):
    dataset, options, run = made
    assert run_config(dataset, run.path) == run.config
    assert run_config(dataset, run.path, **options) == run.config


def test_each_given_option_must_be_the_runs(made):
    dataset, options, run = made
    other = {"preset": "none", "speakers": ("theo",), "labels": "folder"}
    for name in sorted(options.keys() - {"epochs"}):
        with pytest.raises(UserError, match=rf"other settings \({name} is .+, not .+\): give the same settings"):
            run_config(dataset, run.path, **{name: other.get(name, 9)})


def test_epochs_of_a_run_change_but_never_below_what_is_done(made):
    dataset, _, run = made
    run.history_path.parent.mkdir()
    run.history_path.write_text("epoch,kl\n1,2.5\n2,1.5\n")
    assert [run_config(dataset, run.path, epochs=epochs).training.epochs for epochs in (1, 2, 50)] == [2, 2, 50]


def test_options_of_a_run_whose_length_was_chosen(tmp_path):
    dataset = importlib.import_module("audio_vae.folder.dataset").DATASET
    run = create_run(tmp_path / "run", run_config(dataset, tmp_path / "run", pattern="_(.+)_"))
    assert run_config(dataset, run.path, pattern="_(.+)_", rate_hz=run.config.audio.rate_hz) == run.config
    with pytest.raises(UserError, match="pattern is"):
        run_config(dataset, run.path, pattern="other")


def test_preparation_that_was_killed_is_done_again(dataset, prepare, tmp_path):
    whole, _ = prepare_run(dataset, tmp_path / "whole", CONFIG, tmp_path)
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("sounds.npz", ".part-abc.json", ".lock"):
        (killed / name).write_bytes(b"half")
    run, found = prepare_run(dataset, killed, CONFIG, tmp_path)
    assert prepare.calls == 2
    assert found["data"] == str(tmp_path)
    assert run.sounds.names == whole.sounds.names
    assert sorted(path.name for path in killed.iterdir()) == ["config.json", "prepare.json", "sounds.npz"]


def test_a_run_in_use_is_not_prepared(dataset, tmp_path):
    with locked(tmp_path / "run"), pytest.raises(UserError, match="is in use by process"):
        prepare_run(dataset, tmp_path / "run", CONFIG)


def test_a_folder_of_other_things_is_refused_before_reading(dataset, prepare, tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(UserError, match="holds files that are not of a run"):
        prepare_run(dataset, tmp_path, CONFIG)
    assert prepare.calls == 0
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_clusters_of_unknown_kinds_have_no_line():
    found = {
        "classes": {"tom": {"train": 4, "test": 1}, "cluster-2": {"train": 3, "test": 1}},
        "labels": {"contents": {"tom": {"tom": 4}, "cluster-2": {}}},
    }
    assert list(found_lines(found)) == ["7 training and 2 test sounds (tom 5, cluster-2 4)", "  tom: tom 4"]


def test_settings_of_a_new_run_stay_with_it(dataset, data, tmp_path):
    path = tmp_path / "run"
    run, _ = prepare_run(dataset, path, CONFIG, data, settings={"training.averages": "first"})
    assert open_run(path, "digits").config.training.averages == run.config.training.averages == "first"
    again, _ = prepare_run(dataset, path, run_config(dataset, path), settings={"training.averages": "first"})
    assert again.config == run.config
    with pytest.raises(UserError, match=r"other settings \(training.averages is 'first', not 'none'\)"):
        prepare_run(dataset, path, run_config(dataset, path), settings={"training.averages": "none"})


def test_a_wrong_setting_costs_nothing(dataset, prepare, data, tmp_path):
    with pytest.raises(UserError, match=r"no setting averages: did you mean training\.averages"):
        prepare_run(dataset, tmp_path / "run", CONFIG, data, settings={"averages": "first"})
    assert prepare.calls == 0
    assert not (tmp_path / "run").exists()


def test_settings_hold_where_the_sounds_decide_the_rest(tmp_path, rng):
    dataset = importlib.import_module("audio_vae.folder.dataset").DATASET
    for number in range(6):
        path = tmp_path / "sounds" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * rng.uniform(-1, 1, 4000), 16000)
    path, settings = tmp_path / "run", {"loss.spectral_windows": (64, 32), "audio.onset_db": 30}
    config = run_config(dataset, path)
    run, _ = prepare_run(dataset, path, config, tmp_path / "sounds", settings=settings)
    assert (run.config.loss.spectral_windows, run.config.audio.onset_db) == ((64, 32), 30)
    assert run.config.audio.rate_hz == 16000
    assert prepare_run(dataset, path, run_config(dataset, path))[0].config == run.config
