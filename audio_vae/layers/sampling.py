"""Sampling of latents from the posterior, with noise that differs between the replicas of a distributed training."""

from __future__ import annotations

import keras
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE
from audio_vae.backend.replicas import replica_id

_SEED_STEP = 1_013_904_243
"""Added to the seed once per replica. It is far above the seeds that people choose, and below 2³¹, Keras' limit."""


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica of a distributed training its own noise.

    Its state stays the same on all replicas. On one device it gives the same seeds as Keras' own generator.
    """

    def next(self, ordered=True):
        seed, replica = super().next(ordered), replica_id()
        if replica is None:
            return seed
        return seed + ops.cast(ops.stack([replica * _SEED_STEP, 0]), seed.dtype)


@keras.saving.register_keras_serializable(PACKAGE)
class Sampling(keras.layers.Layer):
    """Draw a latent from the posterior: z = mean + sqrt(variance)·ε, ε ~ N(0, I) (rows "add" of Tables 1 and 2).

    The state of the noise generator is saved with the weights, so that a resumed training draws the same noise as an
    uninterrupted one. Each replica of a distributed training draws its own noise.

    Example:
    ```python
    sampling = Sampling(seed=0)
    latent = sampling((mean, log_variance))
    ```

    Args:
        seed: seed for the noise.

    Call arguments:
        inputs: `(mean, log_variance)`.
        noise: ε, `(B, d)`; `None` draws it.

    Input shape:
        Two tensors `(B, d)`.

    Output shape:
        `(B, d)`.

    References:
        Kingma and Welling (2014), Section 2.4 (the reparameterization trick).
    """

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.noise = ReplicaSeedGenerator(seed)
        self.built = True

    def draw(self, *shape, dtype="float32"):
        """Draw the next standard normal noise, a tensor of shape `shape`."""
        return keras.random.normal(shape, dtype=dtype, seed=self.noise)

    def call(self, inputs, noise=None):
        mean, log_variance = inputs
        if noise is None:
            noise = self.draw(*ops.shape(mean), dtype=mean.dtype)
        return mean + ops.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def save_own_variables(self, store):
        store["noise_state"] = ops.convert_to_numpy(self.noise.state)

    def load_own_variables(self, store):
        self.noise.state.assign(store["noise_state"][()])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
