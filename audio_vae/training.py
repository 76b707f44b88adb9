"""Fitting a model into a run folder: progress, history, checkpoints, resume."""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import keras
from tqdm import tqdm

from audio_vae.config import TrainingConfig
from audio_vae.dataset import steps_per_epoch, training_batches
from audio_vae.errors import UserError, one_line
from audio_vae.files import atomic_file
from audio_vae.run_folder import Run
from audio_vae.vae import VAE, build_vae

KEPT_CHECKPOINTS = 2
"""Newest checkpoints that stay: if the last is damaged, the one before it still serves."""


def train(run: Run, *, show_progress: bool = False, say: Callable[[str], None] = print) -> None:
    """Train a run up to its config's epochs, going on from its newest checkpoint.

    Args:
        run: with its sounds prepared.
        show_progress: draw a progress bar; otherwise one line an epoch goes to `say`.
        say: receives lines for people.

    Raises:
        UserError: a loss became NaN or infinite, or no checkpoint can be read.
    """
    training = run.config.training
    model, n_done = _resume(run, say)
    if n_done >= training.epochs:
        say(f"{n_done} epochs are done already: raise --epochs to go on")
        return
    if n_done:
        say(f"going on after epoch {n_done}")
    sounds = run.sounds.train
    n_steps = steps_per_epoch(len(sounds), training.batch_size)
    model.fit(
        training_batches(sounds, training.batch_size, training.seed, range(n_done, training.epochs)),
        initial_epoch=n_done,
        epochs=training.epochs,
        steps_per_epoch=n_steps,
        verbose=0,
        shuffle=False,
        callbacks=[
            RunWriter(run, n_done),
            Progress(training, n_done, n_steps, len(sounds), show_progress, say),
            keras.callbacks.TensorBoard(str(run.path / "logs"), write_graph=False, profile_batch=0),
        ],
    )
    # The model in memory is the newest complete one; what was cached before it is not.
    run.__dict__["model"] = model
    run.save_latents()


def checkpoint_path(run: Run, epoch: int) -> Path:
    """Return where the state after an epoch (counted from 1) is kept."""
    return run.path / "checkpoints" / f"epoch-{epoch:04d}.keras"


def checkpoints(run: Run) -> list[tuple[int, Path]]:
    """Return the kept checkpoints with their epochs, oldest first."""
    found = []
    for path in (run.path / "checkpoints").glob("epoch-*.keras"):
        match = re.fullmatch(r"epoch-(\d+)\.keras", path.name)
        if match:
            found.append((int(match[1]), path))
    return sorted(found)


def _resume(run: Run, say: Callable[[str], None]) -> tuple[VAE, int]:
    """Return the model of the newest readable checkpoint and its epoch, or a new model and 0."""
    kept = checkpoints(run)
    for epoch, path in reversed(kept):
        try:
            return keras.saving.load_model(path, safe_mode=True), epoch
        except Exception as error:
            say(f"checkpoint {path} is damaged ({one_line(error)[:120]}): trying the one before it")
    if kept:
        raise UserError(f"no checkpoint in {run.path / 'checkpoints'} can be read: train again into a new --run")
    return build_vae(run.config.model, run.config.loss, run.config.training), 0


class RunWriter(keras.callbacks.Callback):
    """Keep the run folder up to date: history, checkpoint and newest model after every epoch."""

    def __init__(self, run: Run, n_done: int):
        super().__init__()
        self.run = run
        # An interrupted run may have written a row whose checkpoint it did not reach.
        self.rows = run.history()[:n_done]

    def on_train_batch_end(self, batch, logs=None):
        for name, value in logs.items():
            if not math.isfinite(value):
                epoch = len(self.rows) + 1
                last = f"the model of epoch {epoch - 1} is kept in {self.run.path}" if epoch > 1 else "no epoch is done"
                raise UserError(
                    f"training stopped in epoch {epoch}, step {batch + 1}: {name} became {value} ({last}); "
                    "try another --seed or a smaller learning rate"
                )

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": epoch + 1, **logs})
        with atomic_file(self.run.history_path) as part:
            part.write_text(_csv(self.rows), encoding="utf-8")
        path = checkpoint_path(self.run, epoch + 1)
        with atomic_file(path) as part:
            self.model.save(part)
        with atomic_file(self.run.model_path) as part:
            _link_or_copy(path, part)
        for _, old in checkpoints(self.run)[:-KEPT_CHECKPOINTS]:
            old.unlink()


def _csv(rows: list[dict[str, float]]) -> str:
    """Return rows of numbers as CSV; every digit is kept, so that equal runs give equal files."""
    lines = [",".join(rows[0])] + [",".join(repr(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def _link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name without a second copy, where the file system can."""
    target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class Progress(keras.callbacks.Callback):
    """Show every loss term, sounds per second and the time left: a bar, or one line an epoch."""

    def __init__(
        self,
        training: TrainingConfig,
        n_done: int,
        n_steps: int,
        n_sounds: int,
        show_bar: bool,
        say: Callable[[str], None],
    ):
        super().__init__()
        self.training = training
        self.n_done = n_done
        self.n_steps = n_steps
        self.n_sounds = n_sounds
        self.show_bar = show_bar
        self.say = say

    def on_train_begin(self, logs=None):
        self.started_s = time.monotonic()
        self.bar = tqdm(
            total=self.training.epochs * self.n_steps,
            initial=self.n_done * self.n_steps,
            unit=" steps",
            disable=not self.show_bar,
        )

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_started_s = time.monotonic()
        self.bar.set_description(f"epoch {epoch + 1}/{self.training.epochs}")

    def on_train_batch_end(self, batch, logs=None):
        n_seen = min((batch + 1) * self.training.batch_size, self.n_sounds)
        rate = n_seen / (time.monotonic() - self.epoch_started_s)
        self.bar.set_postfix_str(f"{_terms(logs)}, {rate:.1f} sounds/s", refresh=False)
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        if self.show_bar:
            return
        now_s = time.monotonic()
        n_left = self.training.epochs - epoch - 1
        left_s = (now_s - self.started_s) / (epoch + 1 - self.n_done) * n_left
        rate = self.n_sounds / (now_s - self.epoch_started_s)
        left = tqdm.format_interval(left_s)
        self.say(f"epoch {epoch + 1}/{self.training.epochs}: {_terms(logs)}, {rate:.1f} sounds/s, {left} left")

    def on_train_end(self, logs=None):
        self.bar.close()


def _terms(logs: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
