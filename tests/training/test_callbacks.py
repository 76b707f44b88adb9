import re

import numpy as np
import pytest

from audio_vae.config import TrainingConfig
from audio_vae.runs.run import open_run
from audio_vae.training import callbacks
from audio_vae.training.checkpoints import Position
from audio_vae.training.train import train

LOGS = {"likelihood": 12.5, "kl": 0.25}


def progress(say, *, epoch=0, step=0, show_bar=False):
    return callbacks.Progress(TrainingConfig(epochs=3, batch_size=4), Position(epoch, step), 3, 10, show_bar, say)


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

    monkeypatch.setattr(callbacks.time, "monotonic", tick)
    lines = []
    each = progress(lines.append)
    for epoch in range(3):
        run_epoch(each, epoch, 3)
    each.close()
    assert [line.split(",")[0] for line in lines] == [f"epoch {n}/3: likelihood 12.5" for n in (1, 2, 3)]
    assert all(re.search(r"kl 0.25, [\d.]+ sounds/s, \d\d:\d\d left", line) for line in lines)
    assert lines[-1].endswith("00:00 left")


def test_a_long_epoch_has_lines_within(monkeypatch):
    now_s = 0.0
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now_s)
    lines = []
    each = progress(lines.append)
    each.on_epoch_begin(0)
    for step, now_s in enumerate((100.0, 200.0, 400.0)):  # noqa: B007 - the clock reads it
        each.on_train_batch_end(step, LOGS)
    each.on_epoch_end(0, LOGS)
    each.close()
    assert [line.split(":")[0] for line in lines] == ["epoch 1/3, step 2 of 3", "epoch 1/3"]


def test_the_rest_of_an_epoch_counts_its_own_sounds(monkeypatch):
    seconds = iter([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(seconds))
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
def run(make_run):
    return make_run("run", 3)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a second each time that it is read."""
    seconds = iter(range(1000))
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(callbacks, "machine_name", lambda: "Z80, 1 core")


def test_the_time_of_each_epoch_is_noted(run, clock):
    each = callbacks.WallTime(run, Position())
    for epoch in range(2):
        run_epoch(each, epoch, 3)
    each.close()
    assert run.epoch_times() == [{"epoch": epoch, "seconds": 1.0, "machine": "Z80, 1 core"} for epoch in (1, 2)]


@pytest.mark.parametrize(("step", "epochs"), [(2, [1, 2, 2]), (0, [1, 2])])
def test_a_stopped_epoch_has_its_parts_and_one_that_is_done_again_does_not(run, clock, step, epochs):
    first = callbacks.WallTime(run, Position())
    run_epoch(first, 0, 3)
    first.on_epoch_begin(1)
    first.close()
    again = callbacks.WallTime(run, Position(1, step))
    run_epoch(again, 1, 3 - step)
    again.close()
    assert [row["epoch"] for row in run.epoch_times()] == epochs


def test_a_damaged_file_of_times_stops_nothing(run):
    run.time_path.parent.mkdir()
    run.time_path.write_text("[{")
    assert run.epoch_times() == []


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


@pytest.mark.usefixtures("no_examples")
def test_decay_falls_in_both_optimizers(make_run):
    run = make_run("run", 4, decay="cosine", vae_learning_rate=0.04, classifier_learning_rate=0.02)
    train(run, say=lambda line: None)
    model = open_run(run.path, "digits").model
    # The last of four epochs began at three quarters of the half wave.
    share = 0.5 * (1 + np.cos(0.75 * np.pi))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.04 * share)
    assert float(model.classifier_optimizer.learning_rate) == pytest.approx(0.02 * share)
