"""Trainings on sounds in shards end with the weights of those on sounds in memory, bit for bit."""

import dataclasses
import signal

import numpy as np
import pytest
from stored_sounds import stored

from audio_vae.data import stored_audio
from audio_vae.runs.create import create_run
from audio_vae.runs.run import Run
from audio_vae.training import checkpoints
from audio_vae.training.train import train
from audio_vae.utils import patience
from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Stopped


def in_shards(run):
    """The run with its sounds in shards."""
    stored(run.sounds, run.path / "sounds").save(run.sounds_path)
    return Run(run.path, run.config)


@pytest.fixture
def make_stored(make_run):
    """Make a run whose sounds are in shards."""
    return lambda name, epochs: in_shards(make_run(name, epochs))


@pytest.fixture
def assert_same(weights):
    def assert_same(run, expected):
        assert run.sounds.is_stored
        assert not expected.sounds.is_stored
        assert run.history_path.read_bytes() == expected.history_path.read_bytes()
        for one, other in zip(weights(run), weights(expected), strict=True):
            np.testing.assert_array_equal(one, other)
        with np.load(run.latents_path) as ours, np.load(expected.latents_path) as theirs:
            for name in theirs:
                np.testing.assert_array_equal(ours[name], theirs[name])

    return assert_same


def test_streamed_training_is_bit_identical(make_stored, whole, assert_same):
    run = make_stored("run", 2)
    train(run, say=lambda line: None)
    assert_same(run, whole)


@pytest.mark.usefixtures("no_examples")
def test_streamed_training_stopped_in_mid_epoch_is_bit_identical(make_stored, monkeypatch, whole, assert_same):
    run = make_stored("run", 2)
    on_batch_end = checkpoints.RunWriter.on_train_batch_end

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        if (writer.epoch, writer.step) == (1, 2):
            writer.request.signal = signal.SIGTERM

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
        with pytest.raises(Stopped, match="after epoch 1 and 2 steps"):
            train(run, say=lambda line: None)
    train(Run(run.path, run.config), say=lambda line: None)
    assert_same(run, whole)


@pytest.mark.usefixtures("few_analysed", "no_examples")
def test_averages_and_the_start_of_one_shots_are_bit_identical(
    make_one_shots_at, whole_one_shots, tmp_path, assert_same
):
    run = in_shards(make_one_shots_at(tmp_path / "run"))
    train(run, say=lambda line: None)
    assert_same(run, whole_one_shots)


@pytest.mark.usefixtures("no_examples")
def test_shards_that_go_away_end_the_training_and_it_goes_on(make_stored, monkeypatch, whole, assert_same):
    run = make_stored("run", 1)
    train(run, say=lambda line: None)
    longer = dataclasses.replace(run.config, training=dataclasses.replace(run.config.training, epochs=2))
    run = create_run(run.path, longer)
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    (run.path / "sounds").rename(run.path / "away")
    with pytest.raises(UserError, match=r"npy could not be read for 0 s \(No such file or directory\)"):
        train(run, say=lambda line: None)
    assert [each.epoch for each in run.checkpoints()] == [1]
    (run.path / "away").rename(run.path / "sounds")
    lines = []
    train(Run(run.path, run.config), say=lines.append)
    assert lines[0] == "going on after epoch 1"
    assert_same(Run(run.path, run.config), whole)


@pytest.mark.usefixtures("no_examples")
def test_shards_that_fail_for_a_moment_are_waited_for(make_stored, monkeypatch, whole, assert_same, capfd):
    run, n_failures = make_stored("run", 2), 3
    read = stored_audio.StoredAudio._read

    def failing(*arguments):
        nonlocal n_failures
        if n_failures:
            n_failures -= 1
            raise OSError(5, "Input/output error")
        read(*arguments)

    monkeypatch.setattr(stored_audio.StoredAudio, "_read", failing)
    train(run, say=lambda line: None)
    assert n_failures == 0
    assert "npy cannot be read (Input/output error): trying again for 60 s" in capfd.readouterr().err
    assert_same(run, whole)
