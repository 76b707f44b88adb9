"""Keras callbacks: progress, wall time, learning-rate decay, and the end of a training on a signal."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable

import keras
from tqdm import tqdm

from audio_vae.backend.keras_backend import machine_name
from audio_vae.config import TrainingConfig
from audio_vae.runs.run import Run
from audio_vae.training.checkpoints import Position, RunWriter
from audio_vae.utils.files import write_json
from audio_vae.utils.signals import Stopped

_LINE_EVERY_S = 120.0
"""Without a bar, a line comes after each epoch, and within a longer one so often."""


class Progress(keras.callbacks.Callback):
    """Show every loss term, sounds per second and the time left, as a progress bar or as lines.

    Args:
        training: the training's config.
        start: where the training begins.
        n_steps: number of steps in an epoch.
        n_sounds: number of sounds in an epoch.
        show_bar: draw a progress bar; otherwise each epoch's line goes to `say`.
        say: receives the lines.
    """

    def __init__(
        self,
        training: TrainingConfig,
        start: Position,
        n_steps: int,
        n_sounds: int,
        show_bar: bool,
        say: Callable[[str], None],
    ):
        super().__init__()
        self.training = training
        self.n_steps = n_steps
        self.n_sounds = n_sounds
        self.show_bar = show_bar
        self.say = say
        self.first_step = start.step
        self.n_done = 0
        self.n_left = (training.epochs - start.epoch) * n_steps - start.step
        self.epoch = start.epoch
        self.started_s = self.said_s = time.monotonic()
        self.bar = tqdm(
            total=training.epochs * n_steps,
            initial=start.epoch * n_steps + start.step,
            # The bar gets the width that the loss terms leave, because they say more.
            bar_format="{desc} {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
            disable=not show_bar,
        )

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.epoch_started_s = epoch, time.monotonic()
        # Only the first epoch may begin in its middle.
        self.step, self.first_step = self.first_step, 0
        self.n_before = self._sounds_until(self.step)
        self.bar.set_description(f"epoch {epoch + 1}/{self.training.epochs}", refresh=False)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.n_done += 1
        self.bar.set_postfix_str(f"{_terms(logs)}, {self._rate():.1f} sounds/s", refresh=False)
        self.bar.update()
        if not self.show_bar and self.step < self.n_steps and time.monotonic() - self.said_s >= _LINE_EVERY_S:
            self._say(f", step {self.step} of {self.n_steps}", logs)

    def on_epoch_end(self, epoch, logs=None):
        if not self.show_bar:
            self._say("", logs)

    def close(self) -> None:
        """End the bar, so that the next output begins on a new line."""
        self.bar.close()

    def _say(self, where: str, logs: dict[str, float]) -> None:
        self.said_s = time.monotonic()
        left = tqdm.format_interval((self.said_s - self.started_s) / self.n_done * (self.n_left - self.n_done))
        epoch = f"epoch {self.epoch + 1}/{self.training.epochs}{where}"
        self.say(f"{epoch}: {_terms(logs)}, {self._rate():.1f} sounds/s, {left} left")

    def _rate(self) -> float:
        """Return the sounds per second in the part of this epoch that has been trained now."""
        return (self._sounds_until(self.step) - self.n_before) / (time.monotonic() - self.epoch_started_s)

    def _sounds_until(self, step: int) -> int:
        return min(step * self.training.batch_size, self.n_sounds)


def _terms(logs: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in logs.items())


class WallTime(keras.callbacks.Callback):
    """Write the time and the machine of each epoch to `RUN/logs/time.json`.

    They are not in history.csv, so that equal trainings write equal histories. The time of an epoch that has to be
    done again is dropped.

    Args:
        run: the run.
        start: where the training begins.
    """

    def __init__(self, run: Run, start: Position):
        super().__init__()
        self.path = run.time_path
        # The time of a part of an epoch counts only if the training continues after that part.
        self.rows = [row for row in run.epoch_times() if row["epoch"] <= start.epoch + bool(start.step)]
        self.machine = machine_name()
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.started_s = epoch + 1, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self._note()

    def close(self) -> None:
        """Write the time of the epoch that a stopped training has begun."""
        if self.epoch:
            self._note()

    def _note(self) -> None:
        self.rows.append({"epoch": self.epoch, "seconds": time.monotonic() - self.started_s, "machine": self.machine})
        self.epoch = None
        write_json(self.path, self.rows)


class Decay(keras.callbacks.Callback):
    """Set the learning rates of both optimizers at the start of each epoch, as the config's `decay` says.

    Args:
        training: the training's config.
    """

    def __init__(self, training: TrainingConfig):
        super().__init__()
        self.training = training

    def on_epoch_begin(self, epoch, logs=None):
        share = learning_rate_share(self.training, epoch)
        self.model.optimizer.learning_rate = share * self.training.vae_learning_rate
        if self.model.classifier:
            self.model.classifier_optimizer.learning_rate = share * self.training.classifier_learning_rate


def learning_rate_share(training: TrainingConfig, epoch: int) -> float:
    """Return the factor of the learning rates in an epoch.

    `cosine` is Eq. 5 of I. Loshchilov and F. Hutter, SGDR (2017), without restarts.

    Args:
        training: the training's config.
        epoch: number of the epoch, from 0.

    Returns:
        A number from 0 to 1; 1 in the first epoch.
    """
    return 1.0 if training.decay == "none" else 0.5 * (1 + math.cos(math.pi * epoch / training.epochs))


class StopWhenAsked(keras.callbacks.Callback):
    """End the training after the step in which a signal came. It has to come after the callbacks that write.

    Args:
        writer: the writer of the run, which saves the state and knows of the signal.
    """

    def __init__(self, writer: RunWriter):
        super().__init__()
        self.writer = writer

    def on_train_begin(self, logs=None):
        if self.writer.request.signal:
            self._stop("before the first step" if self._is_at_start() else f"after {self._position()}")

    def on_train_batch_end(self, batch, logs=None):
        # The state after the last step is saved with its epoch.
        if self.writer.request.signal and self.writer.step < self.writer.n_steps:
            if self.writer.devices.are_remote:
                # Reading the loss means takes all workers, and the others may have got no signal.
                self._stop(f"in epoch {self.writer.epoch + 1}, which will be done again")
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
        raise stopped(self.writer.run, self.writer.request.signal, where)


def stopped(run: Run, number: int, where: str) -> Stopped:
    """Return the exception that ends a training.

    Args:
        run: the run.
        number: number of the signal.
        where: where the training ended, such as `after epoch 3, saved`.
    """
    return Stopped(f"Stopped by {signal.Signals(number).name} {where}; to go on: {run.train_command()}", number)
