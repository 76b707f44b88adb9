"""TensorBoard events of a training: losses, reconstructed sounds and a map of the latents."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import keras
import numpy as np

from audio_vae.backend.devices import outputs
from audio_vae.data.sound_set import evenly_spaced
from audio_vae.runs.run import Run

EPOCHS_BETWEEN_EXAMPLES = 10
"""Sounds and the latent map are written every so many epochs, and after the last."""

N_SOUNDS = 4
"""Number of reconstructed sounds."""

MOST_POINTS = 500
"""Largest number of sounds in the latent map; encoding more would slow the training down."""


class TensorBoard(keras.callbacks.Callback):
    """Write TensorBoard events: the losses of every epoch, and every few epochs sounds and the latent map.

    They show test sounds, or training sounds if there are no test sounds. TensorFlow writes the events; without it
    nothing is written and `say` receives one line.

    Args:
        run: the run; its events go to `RUN/logs`.
        say: receives lines for the user.
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
        self.sounds = sounds.take(evenly_spaced(len(sounds), MOST_POINTS))
        self.examples = sounds.take(evenly_spaced(len(sounds), N_SOUNDS))
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
        """Close the event file."""
        if self.writer:
            self.writer.close()

    def _write_examples(self) -> None:
        from audio_vae.plots import latent_map

        latents, _ = outputs(self.model.encoder, self.sounds.audio[:])
        picture = latent_map.latent_map_picture(latents, self.sounds.labels, self.sounds.class_names)
        self.summary.image("latents", picture[np.newaxis])
        means, _ = outputs(self.model.encoder, self.examples.audio[:])
        decoded = np.asarray(outputs(self.model.decoder, means))
        for name, original, reconstruction in zip(self.examples.names, self.examples.audio, decoded, strict=True):
            if self.shows_originals:
                self._write_sound(f"{name}/original", original)
            self._write_sound(f"{name}/reconstruction", reconstruction)
        self.shows_originals = False

    def _write_sound(self, name: str, samples: np.ndarray) -> None:
        self.summary.audio(name, np.clip(samples, -1, 1)[np.newaxis, :, np.newaxis], self.examples.rate_hz)
