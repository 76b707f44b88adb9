import importlib.util
import re

import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run
from audio_vae.training import callbacks as watching
from audio_vae.training import tensorboard

LOGS = {"likelihood": 12.5, "kl": 0.25}


def progress(say, *, epoch=0, step=0, show_bar=False):
    return watching.Progress(TrainingConfig(epochs=3, batch_size=4), epoch, step, 3, 10, show_bar, say)


def run_epoch(each, epoch, steps):
    each.on_epoch_begin(epoch)
    for step in range(steps):
        each.on_train_batch_end(step, LOGS)
    each.on_epoch_end(epoch, LOGS)


def test_a_line_an_epoch(monkeypatch):
    now_s = 0.0

    def tick():
        nonlocal now_s
        now_s += 0.5
        return now_s

    monkeypatch.setattr(watching.time, "monotonic", tick)
    lines = []
    each = progress(lines.append)
    for epoch in range(3):
        run_epoch(each, epoch, 3)
    each.close()
    assert [line.split(",")[0] for line in lines] == [f"epoch {n}/3: likelihood 12.5" for n in (1, 2, 3)]
    assert all(re.search(r"kl 0.25, [\d.]+ sounds/s, \d\d:\d\d left", line) for line in lines)
    assert lines[-1].endswith("00:00 left")


def test_the_rest_of_an_epoch_counts_its_own_sounds(monkeypatch):
    seconds = iter([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(watching.time, "monotonic", lambda: next(seconds))
    lines = []
    each = progress(lines.append, epoch=1, step=2)
    run_epoch(each, 1, 1)
    each.close()
    # 8 of the 10 sounds were seen before; 2 in a second, and one epoch of 3 steps is left.
    assert "2.0 sounds/s, 00:03 left" in lines[0]


def test_a_bar_shows_every_term(capsys):
    each = progress(None, epoch=1, step=1, show_bar=True)
    each.on_epoch_begin(1)
    each.on_train_batch_end(0, LOGS)
    each.on_train_batch_end(1, LOGS)
    each.on_epoch_end(1, LOGS)
    each.close()
    shown = capsys.readouterr().err
    assert "epoch 2/3" in shown
    assert re.search(r" 67%.* \d\d:\d\d left, likelihood 12.5, kl 0.25, [\d.]+ sounds/s", shown.split("\r")[-1])


@pytest.fixture
def run(tmp_path, rng, tiny_cc):
    settings = TrainingConfig(epochs=21)
    run = create_run(
        tmp_path / "run", Config("digits", "cc", audio=AudioConfig(8000, 64), model=tiny_cc, training=settings)
    )
    n = 12
    SoundSet(
        names=tuple(f"{i}.wav" for i in range(n)),
        audio=rng.uniform(-1, 1, (n, 64)).astype(np.float32),
        labels=np.arange(n, dtype=np.int32) % 3,
        is_test=np.arange(n) >= 6,
        class_names=("a", "b", "c"),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, 64, np.int32),
        rate_hz=8000,
    ).save(run.sounds_path)
    return run


def test_tensorboard_holds_losses_sounds_and_the_latent_map(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = tensorboard.TensorBoard(run, say=lambda line: None)
    board.set_model(build_vae(run.config.model, run.config.loss, run.config.training))
    for epoch in range(21):
        board.on_epoch_end(epoch, LOGS)
    board.close()
    events = EventAccumulator(str(run.path / "logs"), {"tensors": 0})
    events.Reload()
    epochs = {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]}
    assert epochs.pop("loss/likelihood") == epochs.pop("loss/kl") == list(range(1, 22))
    assert epochs.pop("latents") == [10, 20, 21]
    # The test sounds are the last six; the first and the last of them are always among the examples.
    names = {tag.split("/")[0] for tag in epochs}
    assert len(names) == tensorboard.N_SOUNDS
    assert {"6.wav", "11.wav"} <= names
    for name in names:
        assert epochs[f"{name}/original"] == [10]
        assert epochs[f"{name}/reconstruction"] == [10, 20, 21]


def test_without_tensorflow_one_line_is_said(run, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tensorflow" else find_spec(name))
    lines = []
    board = tensorboard.TensorBoard(run, lines.append)
    board.on_epoch_end(20, LOGS)
    board.close()
    assert len(lines) == 1
    assert "need TensorFlow" in lines[0]
    assert not (run.path / "logs").exists()


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a second each time that it is read."""
    seconds = iter(range(1000))
    monkeypatch.setattr(watching.time, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(watching, "machine_name", lambda: "Z80, 1 core")


def test_the_time_of_each_epoch_is_noted(run, clock):
    each = watching.WallTime(run, 0, 0)
    for epoch in range(2):
        run_epoch(each, epoch, 3)
    each.close()
    assert run.epoch_times() == [{"epoch": epoch, "seconds": 1.0, "machine": "Z80, 1 core"} for epoch in (1, 2)]


@pytest.mark.parametrize(("step", "epochs"), [(2, [1, 2, 2]), (0, [1, 2])])
def test_a_stopped_epoch_has_its_parts_and_one_that_is_done_again_does_not(run, clock, step, epochs):
    first = watching.WallTime(run, 0, 0)
    run_epoch(first, 0, 3)
    first.on_epoch_begin(1)
    first.close()
    again = watching.WallTime(run, 1, step)
    run_epoch(again, 1, 3 - step)
    again.close()
    assert [row["epoch"] for row in run.epoch_times()] == epochs


def test_a_damaged_file_of_times_stops_nothing(run):
    run.time_path.parent.mkdir()
    run.time_path.write_text("[{")
    assert run.epoch_times() == []
