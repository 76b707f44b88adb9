"""Watching a training: a progress bar or a line an epoch, TensorBoard, and the time that it takes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import keras
import numpy as np
from tqdm import tqdm

from audio_vae.backend.keras_backend import machine_name
from audio_vae.backend.replicas import outputs
from audio_vae.config import TrainingConfig
from audio_vae.data.sound_set import spread
from audio_vae.runs.run import Run
from audio_vae.utils.files import write_json

EPOCHS_BETWEEN_EXAMPLES = 10
"""TensorBoard gets sounds and the latent map so often, and at the end."""

N_SOUNDS = 4
"""Reconstructed sounds in TensorBoard."""

MOST_POINTS = 500
"""Sounds in TensorBoard's latent map; encoding more would slow the training."""


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


class TensorBoard(keras.callbacks.Callback):
    """Write TensorBoard events: losses every epoch; reconstructed sounds and the latent map every few.

    The sounds and the map are of test sounds, or of training sounds where there are none for the test. Its event
    files are written by TensorFlow; where that is not installed, `say` gets one line and nothing is written.

    Args:
        run: its events go to `RUN/logs`.
        say: receives lines for people.
    """

    def __init__(self, run: Run, say: Callable[[str], None]):
        super().__init__()
        self.run = run
        self.writer = None
        if importlib.util.find_spec("tensorflow") is None:
            say("no TensorBoard events are written: they need TensorFlow, which is not installed")
            return
        import tensorflow as tf

        self.summary = tf.summary
        self.writer = tf.summary.create_file_writer(str(run.path / "logs"))
        sounds = run.sounds.test if len(run.sounds.test) else run.sounds
        self.sounds = sounds.take(spread(len(sounds), MOST_POINTS))
        self.examples = sounds.take(spread(len(sounds), N_SOUNDS))
        self.shows_originals = True

    def on_epoch_end(self, epoch, logs=None):
        if not self.writer:
            return
        with self.writer.as_default(epoch + 1):
            for name, value in logs.items():
                self.summary.scalar(f"loss/{name}", value)
            if (epoch + 1) % EPOCHS_BETWEEN_EXAMPLES == 0 or epoch + 1 == self.run.config.training.epochs:
                self._write_examples()
        self.writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self.writer:
            self.writer.close()

    def _write_examples(self) -> None:
        from audio_vae.plots import waveforms as plots

        latents, _ = outputs(self.model.encoder, self.sounds.audio)
        picture = plots.latent_map_picture(latents, self.sounds.labels, self.sounds.class_names)
        self.summary.image("latents", picture[np.newaxis])
        means, _ = outputs(self.model.encoder, self.examples.audio)
        decoded = np.asarray(outputs(self.model.decoder, means))
        for name, original, reconstruction in zip(self.examples.names, self.examples.audio, decoded, strict=True):
            if self.shows_originals:
                self._write_sound(f"{name}/original", original)
            self._write_sound(f"{name}/reconstruction", reconstruction)
        self.shows_originals = False

    def _write_sound(self, name: str, samples: np.ndarray) -> None:
        self.summary.audio(name, np.clip(samples, -1, 1)[np.newaxis, :, np.newaxis], self.examples.rate_hz)


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
