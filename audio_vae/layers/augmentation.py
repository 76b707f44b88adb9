"""Data augmentation: random changes of the training sounds after which they still belong to their class."""

from __future__ import annotations

import keras
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE
from audio_vae.config import AugmentationConfig
from audio_vae.layers.sampling import ReplicaSeedGenerator


@keras.saving.register_keras_serializable(PACKAGE)
class Augmentation(keras.layers.Layer):
    """Shift sounds in time, change their speed and invert their polarity, each sound by its own random draw.

    A sound x becomes ±x(speed · (t − shift)), read between its samples by cubic interpolation (Catmull-Rom) and silent
    beyond its ends. The state of the generator is saved with the weights, so that a resumed training draws the same as
    an uninterrupted one.

    Example:
    ```python
    augmentation = Augmentation(shift=160, speed=0.1, polarity=True)
    changed = augmentation(audio)
    ```

    Args:
        shift: largest shift in either direction, in samples.
        speed: largest relative change of speed in either direction, 0 to below 1; it changes pitch and formants too.
        polarity: whether to invert the polarity of a random half of the sounds.
        seed: seed for the draws.

    Call arguments:
        inputs: float tensor, full scale ±1.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, T)`.
    """

    def __init__(self, shift=0.0, speed=0.0, polarity=False, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.shift = shift
        self.speed = speed
        self.polarity = polarity
        self.seed = seed
        self.draws = ReplicaSeedGenerator(seed)
        self.built = True

    def call(self, inputs):
        n_sounds, n_samples = ops.shape(inputs)[0], inputs.shape[1]
        shift, speed, sign = ops.split(keras.random.uniform((n_sounds, 3), -1, 1, seed=self.draws), 3, axis=1)
        times = ops.arange(n_samples, dtype="float32")[None] - self.shift * shift
        audio = _read(inputs, times * (1 + self.speed * speed))
        return audio * ops.where(sign < 0, -1.0, 1.0) if self.polarity else audio

    def compute_output_shape(self, input_shape):
        return input_shape

    def save_own_variables(self, store):
        store["draws_state"] = ops.convert_to_numpy(self.draws.state)

    def load_own_variables(self, store):
        self.draws.state.assign(store["draws_state"][()])

    def get_config(self):
        return {
            **super().get_config(),
            "shift": self.shift,
            "speed": self.speed,
            "polarity": self.polarity,
            "seed": self.seed,
        }


def _read(audio, times):
    """Read sounds `[B, T]` at fractional times `[B, n]`, in samples: `[B, n]`."""
    n_samples = audio.shape[1]
    # All times beyond the ends are moved to the padding, two samples of silence at either end.
    padded = ops.pad(audio, ((0, 0), (2, 2)))
    times = ops.clip(times, -2.0, n_samples + 0.0)
    whole = ops.floor(times)
    part = times - whole
    first = ops.cast(whole, "int32") + 1
    a, b, c, d = (ops.take_along_axis(padded, ops.clip(first + step, 0, n_samples + 3), axis=1) for step in range(4))
    return b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))


def build_augmentation(config: AugmentationConfig, rate_hz: int, seed: int) -> Augmentation | None:
    """Return the layer for a config, or `None` if the config changes nothing."""
    if config == AugmentationConfig():
        return None
    return Augmentation(config.shift_s * rate_hz, config.speed, config.polarity, seed, name="augmentation")
