"""Save the complete state of a training after every epoch, and continue from the newest one."""

from __future__ import annotations

import json
import math
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from audio_vae.backend.devices import Devices
from audio_vae.config import LossConfig
from audio_vae.models.vae import VAE, build_vae
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import atomic_file
from audio_vae.utils.signals import Request

KEPT_CHECKPOINTS = 2
"""Number of checkpoints that are kept: if the newest is damaged, the one before it is used."""

_POSITION = "position.json"
"""File in the checkpoint of an incomplete epoch, with the loss means so far."""


@dataclass
class Position:
    """A point in a training.

    Attributes:
        epoch: number of complete epochs.
        step: number of complete steps of the next epoch.
        loss_means: means of the loss terms over these steps: term → values of the metric's variables.
    """

    epoch: int = 0
    step: int = 0
    loss_means: dict[str, list[float]] = field(default_factory=dict)

    def __str__(self):
        return f"epoch {self.epoch}" + (f" and {self.step} steps of the next" if self.step else "")


def resume(run: Run, devices: Devices, say: Callable[[str], None]) -> tuple[VAE, Position]:
    """Return the newest readable checkpoint, or a new model if there is none.

    Args:
        run: the run.
        devices: the devices that the model is placed on.
        say: receives a line for each damaged checkpoint.

    Returns:
        The model, and where its training continues.

    Raises:
        UserError: no checkpoint can be read.
    """
    kept = run.checkpoints()
    for epoch, step, path in reversed(kept):
        try:
            with devices.scope():
                model = keras.saving.load_model(path, safe_mode=True)
            position = Position(epoch, step, _read_loss_means(path) if step else {})
        except Exception as error:
            raise_system_problem(error)
            say(f"checkpoint {path} is damaged ({one_line(error)[:120]}): trying the one before it")
            continue
        if not step and devices.is_chief and _is_kept(run, [row for row in run.history() if row["epoch"] <= epoch]):
            # The training may have ended before it replaced model.keras.
            replace_model(run, path)
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


def best_epoch(rows: Sequence[Mapping[str, float]], loss: LossConfig) -> int:
    """Return the number of the epoch whose model has the least loss of ∇₁ in training, the first of equal ones.

    Args:
        rows: the history, one row for each epoch, at least one.
        loss: the weights of the paper's two terms; other terms do not count.
    """
    weights = {"likelihood": loss.likelihood_weight, "kl": loss.kl_weight}
    return int(min(rows, key=lambda row: sum(weight * row[term] for term, weight in weights.items()))["epoch"])


def _is_kept(run: Run, rows: Sequence[Mapping[str, float]]) -> bool:
    """Return whether the model of the last epoch is the one that the run keeps."""
    config = run.config
    return config.training.kept_model == "last" or not rows or best_epoch(rows, config.loss) == rows[-1]["epoch"]


def replace_model(run: Run, checkpoint: Path) -> None:
    """Make a checkpoint the run's model.keras."""
    with suppress(FileNotFoundError):
        if checkpoint.samefile(run.model_path):
            return
    with atomic_file(run.model_path) as part:
        _link_or_copy(checkpoint, part)


def _link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has no links, copy it."""
    target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class RunWriter(keras.callbacks.Callback):
    """Write the history, a checkpoint and, if it is kept, the model into the run folder after every epoch.

    It also ends a training whose losses or weights become NaN or infinite.

    Args:
        run: the run.
        start: where the training begins.
        request: whether a signal has asked the training to end.
        devices: the devices of the model; only the chief of several workers writes.

    Attributes:
        epoch: number of complete epochs.
        step: number of complete steps of the next epoch.
        n_steps: number of steps in an epoch.
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
            # The training ended after an epoch's row was written and before its checkpoint was.
            self._write_history()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.step = epoch, 0
        if epoch == self.start.epoch and self.start.step:
            self.step = self.start.step
            # `fit` has just reset the loss means.
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
            path = self.save()
            if _is_kept(self.run, self.rows):
                replace_model(self.run, path)

    def save(self) -> Path:
        """Write a checkpoint of the current state and return its path; remove those that are no longer needed."""
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
        # Newer checkpoints are damaged and will be replaced.
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
        """Check the weights after the last step of an epoch, which no loss of that epoch depends on."""
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
    """Return rows of numbers as CSV with all digits, so that equal trainings write equal files."""
    lines = [",".join(rows[0])] + [",".join(repr(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"
