"""Watching a training: a progress bar or a line an epoch, TensorBoard, and the time that it takes."""

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


class Progress(keras.callbacks.Callback):
    """Show every loss term, sounds per second and the time left: a bar, or one line an epoch.

    Args:
        training: how the model is fitted.
        epoch: whole epochs that are done.
        step: steps of the next one that are done.
        n_steps: steps of an epoch.
        n_sounds: sounds of an epoch.
        show_bar: draw a bar; otherwise one line an epoch goes to `say`.
        say: receives the lines.
    """

    def __init__(
        self,
        training: TrainingConfig,
        epoch: int,
        step: int,
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
        self.next_step = step
        self.n_done = 0
        self.n_left = (training.epochs - epoch) * n_steps - step
        self.started_s = time.monotonic()
        self.bar = tqdm(
            total=training.epochs * n_steps,
            initial=epoch * n_steps + step,
            # The bar itself has what width is left: the loss terms are the news.
            bar_format="{desc} {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
            disable=not show_bar,
        )

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_started_s = time.monotonic()
        # The first epoch may begin in the middle.
        self.step, self.next_step = self.next_step, 0
        self.n_before = self._sounds_until(self.step)
        self.bar.set_description(f"epoch {epoch + 1}/{self.training.epochs}", refresh=False)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.n_done += 1
        self.bar.set_postfix_str(f"{_terms(logs)}, {self._rate():.1f} sounds/s", refresh=False)
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        if self.show_bar:
            return
        left_s = (time.monotonic() - self.started_s) / self.n_done * (self.n_left - self.n_done)
        left = tqdm.format_interval(left_s)
        self.say(f"epoch {epoch + 1}/{self.training.epochs}: {_terms(logs)}, {self._rate():.1f} sounds/s, {left} left")

    def close(self) -> None:
        """End the bar, so that what is printed next has its own line."""
        self.bar.close()

    def _rate(self) -> float:
        """Return the sounds a second of this epoch, from where it was begun."""
        return (self._sounds_until(self.step) - self.n_before) / (time.monotonic() - self.epoch_started_s)

    def _sounds_until(self, step: int) -> int:
        return min(step * self.training.batch_size, self.n_sounds)


def _terms(logs: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in logs.items())


class WallTime(keras.callbacks.Callback):
    """Note what each epoch took and on which machine, in `RUN/logs/time.json`.

    Beside history.csv and not in it, because equal runs give equal histories. An epoch that was begun and has to be
    done again counts once.

    Args:
        run: the run.
        epoch: whole epochs that are done.
        step: steps of the next one that are done.
    """

    def __init__(self, run: Run, epoch: int, step: int):
        super().__init__()
        self.path = run.time_path
        # What is noted of an epoch in its middle is of use only where the training goes on from there.
        self.rows = [row for row in run.epoch_times() if row["epoch"] <= epoch + bool(step)]
        self.machine = machine_name()
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.started_s = epoch + 1, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self._note()

    def close(self) -> None:
        """Note the part of an epoch that a stopped training has done."""
        if self.epoch:
            self._note()

    def _note(self) -> None:
        self.rows.append({"epoch": self.epoch, "seconds": time.monotonic() - self.started_s, "machine": self.machine})
        self.epoch = None
        write_json(self.path, self.rows)


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
        raise stopped(self.writer.run, self.writer.request.signal, where)


def stopped(run: Run, number: int, where: str) -> Stopped:
    """Return what a training ends with that the signal `number` asked to end."""
    return Stopped(f"Stopped by {signal.Signals(number).name} {where}; to go on: {run.train_command()}", number)
