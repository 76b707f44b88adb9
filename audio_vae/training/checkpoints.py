"""The state that a training goes on from: written after every epoch, read when it resumes."""

from __future__ import annotations

import json
import math
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from audio_vae.backend.devices import Devices
from audio_vae.models.vae import VAE, build_vae
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import atomic_file
from audio_vae.utils.signals import Request

KEPT_CHECKPOINTS = 2
"""Newest checkpoints that stay: if the last is damaged, the one before it still serves."""


_POSITION = "position.json"
"""Name in a checkpoint of what an epoch that is not complete needs besides the model."""


@dataclass
class Position:
    """How far a training is.

    Attributes:
        epoch: whole epochs that are done.
        step: steps of the next one that are done.
        loss_means: state of the loss terms' means over these steps: term → its variables' values.
    """

    epoch: int = 0
    step: int = 0
    loss_means: dict[str, list[float]] = field(default_factory=dict)

    def __str__(self):
        return f"epoch {self.epoch}" + (f" and {self.step} steps of the next" if self.step else "")


def _resume(run: Run, devices: Devices, say: Callable[[str], None]) -> tuple[VAE, Position]:
    """Return the model of the newest readable checkpoint and its position, or a new model at the start."""
    kept = run.checkpoints()
    for epoch, step, path in reversed(kept):
        try:
            with devices.scope():
                model = keras.saving.load_model(path, safe_mode=True)
            position = Position(epoch, step, _read_loss_means(path) if step else {})
        except Exception as error:
            say(f"checkpoint {path} is damaged ({one_line(error)[:120]}): trying the one before it")
            continue
        if not step and devices.is_chief:
            # The training may have ended before its newest model got its name.
            _name_newest(run, path)
        return model, position
    if kept:
        raise UserError(f"no checkpoint in {run.path / 'checkpoints'} can be read: train again into a new --run")
    with devices.scope():
        config = run.config
        model = build_vae(config.model, config.loss, config.training, config.augmentation, config.audio.rate_hz)
        return model, Position()


def _read_loss_means(path: Path) -> dict[str, list[float]]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(_POSITION))["loss_means"]


def _name_newest(run: Run, checkpoint: Path) -> None:
    """Give the state after a whole epoch the name of the newest model."""
    with suppress(FileNotFoundError):
        if checkpoint.samefile(run.model_path):
            return
    with atomic_file(run.model_path) as part:
        _link_or_copy(checkpoint, part)


def _link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name without a second copy, where the file system can."""
    target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class RunWriter(keras.callbacks.Callback):
    """Keep the run folder up to date: history, checkpoint and newest model after every epoch.

    Args:
        run: the run.
        start: where the training begins.
        request: tells whether the training is asked to end.
        devices: the model's; a worker that is not the chief writes nothing.

    Attributes:
        n_steps: steps of an epoch.
    """

    def __init__(self, run: Run, start: Position, request: Request, devices: Devices):
        super().__init__()
        self.run = run
        self.start = start
        self.request = request
        self.devices = devices
        self.epoch, self.step = start.epoch, start.step
        self.n_steps = 0
        history = run.history()
        self.rows = [row for row in history if row["epoch"] <= start.epoch]
        if len(self.rows) < len(history) and devices.is_chief:
            # The training ended between a row and its checkpoint.
            self._write_history()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.step = epoch, 0
        if epoch == self.start.epoch and self.start.step:
            self.step = self.start.step
            # `fit` has just reset the means.
            for metric in self.model.metrics:
                for variable, value in zip(metric.variables, self.start.loss_means[metric.name], strict=True):
                    variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        for name, value in logs.items():
            if not math.isfinite(value):
                raise self._not_finite(f"{name} became {float(value)}")

    def on_epoch_end(self, epoch, logs=None):
        self._require_finite_weights()
        self.rows.append({"epoch": epoch + 1, **logs})
        self.epoch, self.step = epoch + 1, 0
        if self.devices.is_chief:
            self._write_history()
            _name_newest(self.run, self.save())

    def save(self) -> Path:
        """Write the checkpoint of where the training is and remove those that are no longer needed."""
        path = self.run.checkpoint_path(self.epoch, self.step)
        with atomic_file(path) as part:
            self.model.save(part)
            if self.step:
                means = {
                    metric.name: [float(keras.ops.convert_to_numpy(each)) for each in metric.variables]
                    for metric in self.model.metrics
                }
                with zipfile.ZipFile(part, "a") as archive:
                    archive.writestr(_POSITION, json.dumps({"loss_means": means}))
        # Newer ones are damaged and wait to be replaced.
        kept = [each for each in self.run.checkpoints() if (each.epoch, each.step) <= (self.epoch, self.step)]
        for old in kept[:-KEPT_CHECKPOINTS]:
            old.path.unlink()
        return path

    def _write_history(self) -> None:
        if not self.rows:
            self.run.history_path.unlink()
            return
        with atomic_file(self.run.history_path) as part:
            part.write_text(_csv(self.rows), encoding="utf-8")

    def _require_finite_weights(self) -> None:
        """Keep the last step of an epoch from spoiling its checkpoint: no loss has seen its weights."""
        for weight in self.model.trainable_weights:
            if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
                raise self._not_finite(f"the weights {weight.path} became NaN or infinite")

    def _not_finite(self, what: str) -> UserError:
        kept = [each.path for each in self.run.checkpoints() if (each.epoch, each.step) <= (self.epoch, self.step)]
        last = f"the last good state is {kept[-1]}" if kept else "no epoch is done"
        return UserError(
            f"training stopped in epoch {self.epoch + 1}, step {self.step}: {what} ({last}); "
            "try another --seed or a smaller learning rate in a new --run"
        )


def _csv(rows: list[dict[str, float]]) -> str:
    """Return rows of numbers as CSV; every digit is kept, so that equal runs give equal files."""
    lines = [",".join(rows[0])] + [",".join(repr(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"
