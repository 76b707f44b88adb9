import csv
import dataclasses
import errno
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, LossConfig, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.create import create_run
from audio_vae.runs.latents import has_latents
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run, open_run
from audio_vae.training import callbacks, checkpoints
from audio_vae.training import train as training
from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Stopped


@pytest.fixture
def sounds(rng):
    n = 10
    return SoundSet(
        names=tuple(f"{i}.wav" for i in range(n)),
        audio=rng.uniform(-1, 1, (n, 64)).astype(np.float32),
        labels=np.arange(n, dtype=np.int32) % 3,
        is_test=np.arange(n) >= 7,
        class_names=("a", "b", "c"),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, 64, np.int32),
        rate_hz=8000,
    )


@pytest.fixture
def make_run(tmp_path, sounds, tiny_cc):
    def make(name, epochs, model=tiny_cc, **settings):
        config = Config(
            "digits",
            "cc",
            audio=AudioConfig(8000, 64),
            model=model,
            loss=LossConfig(),
            training=TrainingConfig(epochs=epochs, batch_size=3, **settings),
        )
        run = create_run(tmp_path / name, config)
        sounds.save(run.sounds_path)
        return run

    return make


def weights(run: Run) -> list[np.ndarray]:
    return [np.asarray(each) for each in open_run(run.path, "digits").model.weights]


def test_run_folder_after_training(make_run):
    run = make_run("run", 3)
    lines = []
    training.train(run, say=lines.append)
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
def test_resumed_training_is_bit_identical(make_run, architecture, tiny_cc, tiny_dc):
    model = {"cc": tiny_cc, "dc": tiny_dc}[architecture]
    whole, parts = make_run("whole", 3, model), make_run("parts", 1, model)
    training.train(whole, say=lambda line: None)
    training.train(parts, say=lambda line: None)
    longer = dataclasses.replace(parts.config, training=dataclasses.replace(parts.config.training, epochs=3))
    parts = create_run(parts.path, longer)
    lines = []
    training.train(parts, say=lines.append)
    assert lines[0] == "going on after epoch 1"
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.history_path.read_bytes() == parts.history_path.read_bytes()


def test_finished_run_is_left_alone(make_run):
    run = make_run("run", 1)
    training.train(run, say=lambda line: None)
    before = run.model_path.read_bytes()
    lines = []
    training.train(run, say=lines.append)
    assert lines == ["1 epochs are done already: raise --epochs to go on"]
    assert run.model_path.read_bytes() == before


def test_row_without_its_checkpoint_is_written_again(make_run):
    run = make_run("run", 2)
    training.train(run, say=lambda line: None)
    run.checkpoint_path(2).unlink()
    before = run.history_path.read_bytes()
    training.train(run, say=lambda line: None)
    assert run.history_path.read_bytes() == before


def test_damaged_newest_checkpoint_falls_back_to_the_one_before(make_run):
    run = make_run("run", 2)
    training.train(run, say=lambda line: None)
    whole = weights(run)
    path = run.checkpoint_path(2)
    # Unlinked first: model.keras is a second name of the same file.
    kept = path.read_bytes()[:500]
    path.unlink()
    path.write_bytes(kept)
    lines = []
    training.train(run, say=lines.append)
    assert "epoch-0002.keras is damaged" in lines[0]
    assert lines[1] == "going on after epoch 1"
    for one, other in zip(whole, weights(run), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_readable_checkpoint(make_run):
    run = make_run("run", 1)
    path = run.checkpoint_path(1)
    path.parent.mkdir()
    path.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"no checkpoint in .* can be read"):
        training.train(run, say=lambda line: None)


def test_loss_that_is_not_finite_stops_and_keeps_the_last_epoch(make_run):
    run = make_run("run", 3)
    training.train(make_run("run", 1), say=lambda line: None)
    before = run.model_path.read_bytes()
    audio = run.sounds.audio.copy()
    audio[0] = np.inf
    dataclasses.replace(run.sounds, audio=audio).save(run.sounds_path)
    with pytest.raises(UserError, match=r"epoch 2, step \d: \w+ became (nan|inf) \(the last good .*epoch-0001.keras\)"):
        training.train(open_run_with(run), say=lambda line: None)
    assert run.model_path.read_bytes() == before
    assert run.epochs_done() == 1


def open_run_with(run: Run) -> Run:
    """The run without what it has read already."""
    return Run(run.path, run.config)


@pytest.mark.parametrize("step", [1, 2])
def test_training_stopped_in_mid_epoch_is_bit_identical(make_run, monkeypatch, step):
    whole, parts = make_run("whole", 2), make_run("parts", 2)
    training.train(whole, say=lambda line: None)
    on_batch_end = checkpoints.RunWriter.on_train_batch_end

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        if (writer.epoch, writer.step) == (1, step):
            writer.request.signal = signal.SIGTERM

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
        with pytest.raises(Stopped, match=f"after epoch 1 and {step} steps"):
            training.train(parts, say=lambda line: None)
    assert [each[:2] for each in parts.checkpoints()] == [(1, 0), (1, step)]
    lines = []
    training.train(parts, say=lines.append)
    assert lines[0] == f"going on after epoch 1 and {step} steps of the next"
    assert whole.history_path.read_bytes() == parts.history_path.read_bytes()
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_finished_run_gets_what_a_kill_kept_from_it(make_run):
    run = make_run("run", 2)
    training.train(run, say=lambda line: None)
    latents, model = (run.path / "latents.npz").read_bytes(), run.model_path.read_bytes()
    # As after a kill between the last checkpoint and the model's new name: the model is the first epoch's.
    run.model_path.unlink()
    os.link(run.checkpoint_path(1), run.model_path)
    (run.path / "latents.npz").unlink()
    training.train(open_run_with(run), say=lambda line: None)
    assert run.model_path.read_bytes() == model
    assert (run.path / "latents.npz").read_bytes() == latents


def test_latents_of_an_earlier_epoch_are_written_anew(make_run):
    run = make_run("run", 1)
    training.train(run, say=lambda line: None)
    with np.load(run.path / "latents.npz") as stored:
        old = {**stored, "epoch": 0}
    np.savez(run.path / "latents.npz", **old)
    assert not has_latents(run)
    training.train(run, say=lambda line: None)
    assert has_latents(run)


@pytest.mark.parametrize("name", ["history.csv", "epoch-0002.keras", "model.keras", "latents.npz"])
@pytest.mark.slow
def test_full_disk_keeps_the_last_good_state(make_run, monkeypatch, name):
    whole, run = make_run("whole", 2), make_run("run", 2)
    training.train(whole, say=lambda line: None)
    replace = os.replace
    done = []

    def fill(source, target):
        # The first epoch of each file still finds room.
        if Path(target).name == name and run.path in Path(target).parents:
            done.append(target)
            if name not in ("history.csv", "model.keras") or len(done) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fill)
        with pytest.raises(UserError, match=rf"{name} cannot be written \(No space left"):
            training.train(run, say=lambda line: None)
    assert not list(run.path.glob("**/.part-*"))
    assert open_run(run.path, "digits").model
    training.train(run, say=lambda line: None)
    assert whole.history_path.read_bytes() == run.history_path.read_bytes()
    for one, other in zip(weights(whole), weights(run), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="files have no limit here")
def test_a_file_that_may_not_grow_stops_with_one_line(make_run):
    import resource

    run = make_run("run", 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(UserError, match=r"epoch-0001.keras cannot be written \(File too large\)"):
            training.train(run, say=lambda line: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert run.checkpoints() == []


def test_weights_that_are_not_finite_are_not_kept(make_run, monkeypatch):
    run = make_run("run", 1)
    require_finite = checkpoints.RunWriter._require_finite_weights

    def spoil(writer):
        writer.model.trainable_weights[0].assign(np.full(writer.model.trainable_weights[0].shape, np.nan))
        require_finite(writer)

    monkeypatch.setattr(checkpoints.RunWriter, "_require_finite_weights", spoil)
    with pytest.raises(UserError, match=r"epoch 1, step 3: the weights .* became NaN or infinite \(no epoch is done\)"):
        training.train(run, say=lambda line: None)
    assert run.checkpoints() == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_truncated_checkpoint_falls_back(make_run, share):
    run = make_run("run", 2)
    training.train(run, say=lambda line: None)
    path = run.checkpoint_path(2)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: int(share * len(content))])
    lines = []
    training.train(run, say=lines.append)
    assert f"checkpoint {path} is damaged" in lines[0]
    assert "\n" not in lines[0]
    assert lines[1] == "going on after epoch 1"


def test_a_run_in_use_is_refused(make_run):
    run = make_run("run", 1)
    with locked(run.path), pytest.raises(UserError, match="is in use by process"):
        training.train(run, say=lambda line: None)
    assert run.checkpoints() == []


@pytest.mark.parametrize(
    ("decay", "epoch", "share"),
    [
        ("none", 0, 1),
        ("none", 9, 1),
        ("cosine", 0, 1),
        ("cosine", 5, 0.5),
        ("cosine", 9, 0.5 * (1 - np.cos(np.pi / 10))),
    ],
)
def test_learning_rate_share(decay, epoch, share):
    assert callbacks.learning_rate_share(TrainingConfig(epochs=10, decay=decay), epoch) == pytest.approx(share)


def test_decay_falls_in_both_optimizers(make_run):
    run = make_run("run", 4, decay="cosine", vae_learning_rate=0.04, classifier_learning_rate=0.02)
    training.train(run, say=lambda line: None)
    model = open_run(run.path, "digits").model
    # The last of four epochs began at three quarters of the half wave.
    share = 0.5 * (1 + np.cos(0.75 * np.pi))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.04 * share)
    assert float(model.classifier_optimizer.learning_rate) == pytest.approx(0.02 * share)
