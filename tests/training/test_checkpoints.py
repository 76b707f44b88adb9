"""Checkpoints that are damaged, incomplete or cannot be written, and trainings that diverge."""

import dataclasses
import errno
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from audio_vae.backend.devices import ONE_DEVICE
from audio_vae.runs.create import create_run
from audio_vae.runs.run import Run, open_run
from audio_vae.training import checkpoints
from audio_vae.training.train import train
from audio_vae.utils.errors import UserError

pytestmark = pytest.mark.usefixtures("no_examples")


def test_damaged_newest_checkpoint_falls_back_to_the_one_before(whole, done, weights):
    path = done.checkpoint_path(2)
    # Unlinked first: model.keras may be a second name of the same file.
    kept = path.read_bytes()[:500]
    path.unlink()
    path.write_bytes(kept)
    lines = []
    train(done, say=lines.append)
    assert "epoch-0002.keras is damaged" in lines[0]
    assert lines[1] == "going on after epoch 1"
    # The row without a checkpoint was written again.
    assert done.history_path.read_bytes() == whole.history_path.read_bytes()
    for one, other in zip(weights(whole), weights(done), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_readable_checkpoint(make_run):
    run = make_run("run", 1)
    path = run.checkpoint_path(1)
    path.parent.mkdir()
    path.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"no checkpoint in .* can be read"):
        train(run, say=lambda line: None)


def test_loss_that_is_not_finite_stops_and_keeps_the_last_epoch(done):
    longer = dataclasses.replace(done.config.training, epochs=3)
    run = create_run(done.path, dataclasses.replace(done.config, training=longer))
    before = run.model_path.read_bytes()
    audio = run.sounds.audio.copy()
    audio[0] = np.inf
    dataclasses.replace(run.sounds, audio=audio).save(run.sounds_path)
    with pytest.raises(UserError, match=r"epoch 3, step \d: \w+ became (nan|inf) \(the last good .*epoch-0002.keras\)"):
        train(Run(run.path, run.config), say=lambda line: None)
    assert run.model_path.read_bytes() == before
    assert run.epochs_done() == 2


@pytest.mark.parametrize("name", ["history.csv", "epoch-0002.keras", "model.keras", "latents.npz"])
@pytest.mark.slow
def test_full_disk_keeps_the_last_good_state(make_run, monkeypatch, name, weights):
    whole, run = make_run("whole", 2), make_run("run", 2)
    train(whole, say=lambda line: None)
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
            train(run, say=lambda line: None)
    assert not list(run.path.glob("**/.part-*"))
    assert open_run(run.path, "digits").model
    train(run, say=lambda line: None)
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
            train(run, say=lambda line: None)
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
        train(run, say=lambda line: None)
    assert run.checkpoints() == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_truncated_checkpoint_falls_back(done, share):
    path = done.checkpoint_path(2)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: int(share * len(content))])
    lines = []
    _, position = checkpoints.resume(done, ONE_DEVICE, lines.append)
    assert [line.split(" (")[0] for line in lines] == [f"checkpoint {path} is damaged"]
    assert "\n" not in lines[0]
    assert str(position) == "epoch 1"
