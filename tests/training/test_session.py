"""From a data set's options to a trained run, with a data set of ten noises."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.dataset import Dataset, Prepared
from audio_vae.data.reading import Refusal
from audio_vae.training import checkpoints, session
from audio_vae.training import train as training
from audio_vae.training.session import prepare_dataset, train_dataset
from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Stopped

FOUND = "7 training and 3 test sounds (a 4, b 3, c 3)"
LEFT_OUT = "left out: d/0.wav: the file is silent"


@pytest.fixture
def dataset(sounds, tiny_cc):
    def make_config(preset="cc"):
        return Config("digits", preset, AudioConfig(8000, 64), tiny_cc, training=TrainingConfig(batch_size=3))

    def prepare(config, data, *, show_progress):
        return Prepared(sounds, [Refusal("d/0.wav", "the file is silent")], {"source": "folder"})

    return Dataset("digits", make_config, prepare, lambda config, data, show_progress=False: [])


@pytest.fixture
def lines():
    """The lines that were said and the lines that were warned of."""
    return SimpleNamespace(said=[], warned=[])


@pytest.fixture
def receivers(lines):
    return {"say": lines.said.append, "warn": lines.warned.append}


def test_preparing_reports_what_was_found(dataset, tmp_path, lines, receivers):
    run = prepare_dataset(dataset, tmp_path / "run", epochs=2, seed=5, **receivers)
    assert (lines.said, lines.warned) == ([FOUND], [LEFT_OUT])
    assert (run.config.training.epochs, run.config.training.seed, run.config.training.batch_size) == (2, 5, 3)
    assert len(run.sounds) == 10
    assert not run.model_path.exists()


@pytest.mark.parametrize("is_installed", [False, True])
def test_threads_are_set_before_tensorflow_io_decodes(dataset, tmp_path, receivers, monkeypatch, is_installed):
    order = []
    monkeypatch.setattr(session, "tfio_is_installed", lambda: is_installed)
    monkeypatch.setattr(training, "set_threads", lambda config: order.append(config.training.epochs))
    prepared = dataset.prepare

    def prepare(*arguments, **options):
        order.append("decoded")
        return prepared(*arguments, **options)

    prepare_dataset(replace(dataset, prepare=prepare), tmp_path / "run", epochs=2, **receivers)
    assert order == ([2, "decoded"] if is_installed else ["decoded"])


def test_preparing_again_keeps_the_run(dataset, tmp_path, lines, receivers):
    first = prepare_dataset(dataset, tmp_path / "run", seed=5, **receivers)
    again = prepare_dataset(dataset, tmp_path / "run", **receivers)
    assert again.config == first.config
    assert lines.said == [FOUND, FOUND]
    with pytest.raises(UserError, match="seed is 5, not 6"):
        prepare_dataset(dataset, tmp_path / "run", seed=6, **receivers)


def test_training_prepares_and_trains(dataset, tmp_path, lines, receivers):
    run = train_dataset(dataset, tmp_path / "run", epochs=1, **receivers)
    assert run.epochs_done() == 1
    assert run.model_path.is_file()
    assert lines.said[0] == FOUND
    assert [line.split(":")[0] for line in lines.said[1:]] == ["epoch 1/1"]
    assert lines.warned == [LEFT_OUT]


def test_a_trained_run_goes_on_to_more_epochs(dataset, tmp_path, lines, receivers):
    train_dataset(dataset, tmp_path / "run", epochs=1, quiet=True, **receivers)
    assert (lines.said, lines.warned) == ([], [])
    assert train_dataset(dataset, tmp_path / "run", epochs=2, **receivers).epochs_done() == 2
    assert lines.said[1] == "going on after epoch 1"


def test_a_run_with_other_settings_is_refused_before_training(dataset, tmp_path, receivers):
    prepare_dataset(dataset, tmp_path / "run", **receivers)
    with pytest.raises(UserError, match="preset is 'cc', not 'dc'"):
        train_dataset(dataset, tmp_path / "run", preset="dc", **receivers)
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_stopped_training_says_how_to_go_on(dataset, tmp_path, lines, receivers, monkeypatch, quiet):
    on_batch_end = checkpoints.RunWriter.on_train_batch_end

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
    with pytest.raises(Stopped, match="after epoch 0 and 1 steps of the next, saved") as stopped:
        train_dataset(dataset, tmp_path / "run", epochs=1, quiet=quiet, **receivers)
    assert stopped.value.signal == signal.SIGTERM
    assert lines.warned[-1] == str(stopped.value)
    assert lines.warned[-1].endswith(f"to go on: audio-vae digits train --run {tmp_path / 'run'}")


def test_a_worker_that_is_not_the_chief_reads_the_chiefs_run(dataset, tmp_path, lines, receivers, monkeypatch):
    chiefs = prepare_dataset(dataset, tmp_path / "run", epochs=1, **receivers)
    lines.said.clear()
    trained = []
    devices = SimpleNamespace(is_chief=False, wait_for_all=lambda: None)
    monkeypatch.setattr(session, "connect", lambda distribute: devices)
    monkeypatch.setattr(session, "prepare_dataset", None)
    monkeypatch.setattr(training, "train", lambda run, devices, **_: trained.append((run.path, devices)))
    run = train_dataset(dataset, tmp_path / "run", epochs=1, **receivers)
    assert run.config == chiefs.config
    assert trained == [(run.path, devices)]
    assert lines.said == []


def test_sounds_are_read_before_keras_is_imported():
    code = "import sys, audio_vae.training.session; print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
