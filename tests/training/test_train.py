import csv
import dataclasses
import os
import signal

import numpy as np
import pytest

from audio_vae.backend.devices import ONE_DEVICE
from audio_vae.runs.create import create_run
from audio_vae.runs.latents import has_latents
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run, open_run
from audio_vae.training import checkpoints
from audio_vae.training.train import train
from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Stopped

pytestmark = pytest.mark.usefixtures("no_examples")


def test_run_folder_after_training(make_run):
    run = make_run("run", 3)
    lines = []
    train(run, say=lines.append)
    assert [line.split(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all("sounds/s" in line and "left" in line and "cross_entropy" in line for line in lines)
    rows = list(csv.DictReader(run.history_path.open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert set(rows[0]) == {"epoch", "likelihood", "kl", "cross_entropy"}
    assert run.epochs_done() == 3
    assert [row["epoch"] for row in run.epoch_times()] == [1, 2, 3]
    assert list((run.path / "logs").glob("**/events.out.tfevents*"))
    assert [each.epoch for each in run.checkpoints()] == [2, 3]
    assert not list(run.path.glob("**/.part-*"))
    stored = np.load(run.path / "latents.npz")
    assert stored["means"].shape == stored["log_variances"].shape == (10, 3)
    assert stored["split"].tolist() == ["train"] * 7 + ["test"] * 3
    means, _ = open_run(run.path, "digits").encode(run.sounds.audio)
    np.testing.assert_array_equal(means, stored["means"])


@pytest.mark.parametrize("architecture", ["cc", pytest.param("dc", marks=pytest.mark.slow)])
def test_resumed_training_is_bit_identical(make_run, architecture, tiny_cc, tiny_dc, weights, whole):
    parts = make_run("parts", 1, {"cc": tiny_cc, "dc": tiny_dc}[architecture])
    if architecture == "dc":
        whole = make_run("whole", 2, tiny_dc)
        train(whole, say=lambda line: None)
    train(parts, say=lambda line: None)
    longer = dataclasses.replace(parts.config, training=dataclasses.replace(parts.config.training, epochs=2))
    parts = create_run(parts.path, longer)
    lines = []
    train(parts, say=lines.append)
    assert lines[0] == "going on after epoch 1"
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.history_path.read_bytes() == parts.history_path.read_bytes()


def test_finished_run_is_left_alone(done):
    run = done
    before = run.model_path.read_bytes()
    lines = []
    train(run, say=lines.append)
    assert lines == ["2 epochs are done already: raise --epochs to go on"]
    assert run.model_path.read_bytes() == before


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_training_stopped_in_mid_epoch_is_bit_identical(make_run, monkeypatch, step, weights, whole):
    parts = make_run("parts", 2)
    on_batch_end = checkpoints.RunWriter.on_train_batch_end

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        if (writer.epoch, writer.step) == (1, step):
            writer.request.signal = signal.SIGTERM

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
        with pytest.raises(Stopped, match=f"after epoch 1 and {step} steps"):
            train(parts, say=lambda line: None)
    assert [each[:2] for each in parts.checkpoints()] == [(1, 0), (1, step)]
    lines = []
    train(parts, say=lines.append)
    assert lines[0] == f"going on after epoch 1 and {step} steps of the next"
    assert whole.history_path.read_bytes() == parts.history_path.read_bytes()
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_training_on_averages_of_all_sounds_is_resumed_bit_for_bit(make_run, weights):
    settings = {"sounds": "all", "averages": "each_epoch", "averages_per_sound": 1, "shuffle": "once"}
    whole, parts = make_run("whole", 2, **settings), make_run("parts", 1, **settings)
    train(whole, say=lambda line: None)
    lines = []
    train(parts, say=lines.append)
    longer = dataclasses.replace(parts.config, training=dataclasses.replace(parts.config.training, epochs=2))
    train(create_run(parts.path, longer), say=lines.append)
    assert lines[1] == "going on after epoch 1"
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)
    # Ten sounds and as many averages, three a step.
    assert int(open_run(whole.path, "digits").model.optimizer.iterations) == 2 * 7


def test_the_best_model_is_kept_whenever_the_training_is_stopped(make_run, monkeypatch):
    # Losses as if the second of three epochs were the best.
    losses = {1: 9.0, 2: 1.0, 3: 5.0}
    on_epoch_end = checkpoints.RunWriter.on_epoch_end

    def told(writer, epoch, logs=None):
        on_epoch_end(writer, epoch, {**logs, "likelihood": losses[epoch + 1], "kl": 0.0})

    monkeypatch.setattr(checkpoints.RunWriter, "on_epoch_end", told)
    run = make_run("run", 3, kept_model="best")
    train(run, say=lambda line: None)
    # Three steps an epoch.
    assert int(run.model.optimizer.iterations) == 2 * 3
    kept = run.model_path.read_bytes()
    assert kept == run.checkpoint_path(2).read_bytes()
    assert has_latents(run)
    # A finished epoch whose model might have been about to get its name does not get it, because it is not the best.
    train(Run(run.path, run.config), say=lambda line: None)
    assert run.model_path.read_bytes() == kept
    # But the best one does.
    run.checkpoint_path(3).unlink()
    run.model_path.unlink()
    run.history_path.write_text("".join(run.history_path.read_text().splitlines(keepends=True)[:3]))
    checkpoints.resume(run, ONE_DEVICE, print)
    assert run.model_path.read_bytes() == kept


def test_finished_run_gets_what_a_kill_kept_from_it(done):
    run = done
    latents, model = (run.path / "latents.npz").read_bytes(), run.model_path.read_bytes()
    # As after a kill between the last checkpoint and the model's new name: the model is the first epoch's.
    run.model_path.unlink()
    os.link(run.checkpoint_path(1), run.model_path)
    (run.path / "latents.npz").unlink()
    train(Run(run.path, run.config), say=lambda line: None)
    assert run.model_path.read_bytes() == model
    assert (run.path / "latents.npz").read_bytes() == latents


def test_latents_of_an_earlier_epoch_are_written_anew(done):
    run = done
    with np.load(run.path / "latents.npz") as stored:
        old = {**stored, "epoch": 0}
    np.savez(run.path / "latents.npz", **old)
    assert not has_latents(run)
    train(run, say=lambda line: None)
    assert has_latents(run)


@pytest.mark.usefixtures("few_analysed")
def test_one_shots_stopped_at_the_start_are_bit_identical(
    make_one_shots_at, whole_one_shots, tmp_path, monkeypatch, weights
):
    whole, parts = whole_one_shots, make_one_shots_at(tmp_path / "parts")
    lines = []

    def stopped_by(hook, action, expected):
        """Train until the action after a hook of the callback ends it."""
        original = getattr(checkpoints.RunWriter, hook)

        def changed(writer, *arguments, **named):
            original(writer, *arguments, **named)
            action(writer)

        with monkeypatch.context() as patched:
            patched.setattr(checkpoints.RunWriter, hook, changed)
            with pytest.raises(expected):
                train(parts, say=lines.append)

    def fail(writer):
        raise InterruptedError

    # Killed after the principal components were found and before anything was saved: they are found again.
    stopped_by("on_train_begin", fail, InterruptedError)
    assert parts.checkpoints() == []
    assert lines[0] == "analysing 7 sounds and 2 changed copies of each"
    stopped_by("on_train_batch_end", lambda writer: setattr(writer.request, "signal", signal.SIGTERM), Stopped)
    assert [each[:2] for each in parts.checkpoints()] == [(0, 1)]
    assert lines.count(lines[0]) == 2
    train(parts, say=lines.append)
    assert lines.count(lines[0]) == 2
    assert whole.history_path.read_bytes() == parts.history_path.read_bytes()
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_in_use_is_refused(make_run):
    run = make_run("run", 1)
    with locked(run.path), pytest.raises(UserError, match="is in use by process"):
        train(run, say=lambda line: None)
    assert run.checkpoints() == []
