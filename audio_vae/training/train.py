"""Fitting a model into a run folder: history, checkpoints, exact resume."""

from __future__ import annotations

import functools
import json
import math
import os
import shutil
import signal
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from audio_vae.backend.keras_backend import run_operations_side_by_side
from audio_vae.backend.replicas import ONE_DEVICE, Devices
from audio_vae.config import TrainingConfig
from audio_vae.data.sound_set import steps_per_epoch, training_batches
from audio_vae.models.train_step import one_by_one
from audio_vae.models.vae import VAE, build_vae
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run, remove_leftovers
from audio_vae.training.callbacks import Progress, TensorBoard, WallTime
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import atomic_file
from audio_vae.utils.signals import Request, postponed

KEPT_CHECKPOINTS = 2
"""Newest checkpoints that stay: if the last is damaged, the one before it still serves."""

_POSITION = "position.json"
"""Name in a checkpoint of what an epoch that is not complete needs besides the model."""


class Stopped(Exception):  # noqa: N818 - no error: what was asked for
    """A signal ended the training, which is saved.

    Attributes:
        signal: its number.
    """

    def __init__(self, run: Run, number: int, where: str):
        super().__init__(f"Stopped by {signal.Signals(number).name} {where}; to go on: {run.train_command()}")
        self.signal = number


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


def train(
    run: Run, *, devices: Devices = ONE_DEVICE, show_progress: bool = False, say: Callable[[str], None] = print
) -> None:
    """Train a run up to its config's epochs, going on from its newest checkpoint.

    SIGINT and SIGTERM end it after the step that runs then; however it ends, the next call goes on as if it had
    never ended, bit for bit.

    Args:
        run: with its sounds prepared.
        devices: to train on. Of several workers the chief alone writes and says lines; all read the run folder.
        show_progress: draw a progress bar; otherwise one line an epoch goes to `say`.
        say: receives lines for people.

    Raises:
        Stopped: SIGINT or SIGTERM came.
        UserError: a loss or weight became NaN or infinite, no checkpoint can be read, the disk is full, or another
            process writes into the run folder; there are more devices than sounds in a batch, or the workers do
            not share the run folder.
        WorkerLostError: another worker is gone.
    """
    if not devices.is_chief:
        say = _say_nothing
    with locked(run.path) if devices.is_chief else nullcontext(), devices.watched(), postponed() as request:
        if devices.is_chief:
            remove_leftovers(run.path)
        epochs = run.config.training.epochs
        if one_by_one(run.config.model, run.config.loss):
            run_operations_side_by_side()
        devices.require_enough(run.config.training.batch_size)
        devices.require_same(lambda: _state(run), f"state of {run.path}")
        model, position = _resume(run, devices, say)
        devices.require_same(lambda: str(position), f"state of {run.path}")
        writer = RunWriter(run, position, request, devices)
        if position.epoch >= epochs:
            say(f"{position.epoch} epochs are done already: raise --epochs to go on")
        else:
            if position.epoch or position.step:
                say(f"going on after {position}")
            _fit(model, run, position, writer, show_progress, say)
            # The model in memory is the newest complete one; what was cached before it is not. One that is spread
            # over devices is read from its file, as what is done with it is done on one.
            run.__dict__.pop("model", None)
            if not devices.strategy:
                run.__dict__["model"] = model.in_float32()
        if devices.is_chief and not run.has_latents():
            run.save_latents()
        if request.signal:
            raise Stopped(run, request.signal, f"when its {run.epochs_done()} epochs were done and saved")


def _fit(
    model: VAE, run: Run, start: Position, writer: RunWriter, show_progress: bool, say: Callable[[str], None]
) -> None:
    """Fit from a position to the config's last epoch."""
    training = run.config.training
    sounds = run.sounds.train
    n_steps = steps_per_epoch(len(sounds), training.batch_size)
    writer.n_steps = n_steps
    with ExitStack() as watchers:
        callbacks = [writer, Decay(training)]
        if writer.devices.is_chief:
            progress = Progress(training, start.epoch, start.step, n_steps, len(sounds), show_progress, say)
            watching = (progress, TensorBoard(run, say), WallTime(run, start.epoch, start.step))
            callbacks += [watchers.enter_context(closing(each)) for each in watching]
        callbacks.append(StopWhenAsked(writer))
        parts = [(0, range(start.epoch, training.epochs))]
        if start.step:
            # What is left of an epoch has fewer steps than the others, so it is fitted on its own.
            rest = start.epoch + 1
            parts = [(start.step, range(start.epoch, rest)), (0, range(rest, training.epochs))]
        for step, epochs in parts:
            if not epochs:
                continue
            batches = functools.partial(
                training_batches, sounds, training.batch_size, training.seed, epochs, first_step=step
            )
            model.fit(
                writer.devices.batches(batches),
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                steps_per_epoch=n_steps - step,
                verbose=0,
                shuffle=False,
                callbacks=callbacks,
            )


def _say_nothing(line: str) -> None:
    pass


def _state(run: Run) -> str:
    """Return what a run goes on from, in words that differ where it does."""
    kept = [(each.path.name, each.path.stat().st_size) for each in run.checkpoints()]
    return repr((run.config, (run.path / "config.json").read_text(encoding="utf-8"), kept))


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


class Decay(keras.callbacks.Callback):
    """Set both optimizers' learning rates at the start of each epoch as the config's `decay` asks."""

    def __init__(self, training: TrainingConfig):
        super().__init__()
        self.training = training

    def on_epoch_begin(self, epoch, logs=None):
        share = learning_rate_share(self.training, epoch)
        self.model.optimizer.learning_rate = share * self.training.vae_learning_rate
        if self.model.classifier:
            self.model.classifier_optimizer.learning_rate = share * self.training.classifier_learning_rate


def learning_rate_share(training: TrainingConfig, epoch: int) -> float:
    """Return what is left of the learning rates in an epoch, counted from 0: 1 at first.

    `cosine` is the half wave of I. Loshchilov and F. Hutter, SGDR (2017), Eq. 5, without restarts.
    """
    return 1.0 if training.decay == "none" else 0.5 * (1 + math.cos(math.pi * epoch / training.epochs))


class StopWhenAsked(keras.callbacks.Callback):
    """End the training after a step when a signal has come; comes after the callbacks that write."""

    def __init__(self, writer: RunWriter):
        super().__init__()
        self.writer = writer

    def on_train_begin(self, logs=None):
        if self.writer.request.signal:
            self._stop("before the first step" if self._is_at_start() else f"after {self._position()}")

    def on_train_batch_end(self, batch, logs=None):
        # The last step's state is saved with its epoch.
        if self.writer.request.signal and self.writer.step < self.writer.n_steps:
            if self.writer.devices.are_remote:
                # The other workers, whom no signal may have told, would have to take part in reading the means.
                self._stop(f"in epoch {self.writer.epoch + 1}, which is to be done again")
            self.writer.save()
            self._stop(f"after {self._position()}, saved")

    def on_epoch_end(self, epoch, logs=None):
        if self.writer.request.signal:
            self._stop(f"after {self._position()}, saved")

    def _is_at_start(self) -> bool:
        return not (self.writer.epoch or self.writer.step)

    def _position(self) -> Position:
        return Position(self.writer.epoch, self.writer.step)

    def _stop(self, where: str) -> None:
        raise Stopped(self.writer.run, self.writer.request.signal, where)


def _csv(rows: list[dict[str, float]]) -> str:
    """Return rows of numbers as CSV; every digit is kept, so that equal runs give equal files."""
    lines = [",".join(rows[0])] + [",".join(repr(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"
