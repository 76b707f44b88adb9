"""Encoder, decoder and classifier as Keras functional models.

The paper's networks, `dc` and `cc`, are layer for layer as Tables 1 and 2.

Layers are named `row_N` after the row of the paper's table that they stand for (a range of
rows is `row_3`, `row_4`, …), so that a summary can be laid beside the paper. What the tables do
not print has a name of its own: `latent_to_samples`, the dense layer that takes the latent (d)
to row 11's (row 9's in Table 2) input of T/32 values.

The studio networks are this project's own; one latent point is a whole sound, as in the paper. The encoder hears
a mel spectrogram of its own making. The decoder makes samples, by strided convolutions with residual blocks of dilated
ones before each (after A. Caillon and P. Esling, RAVE, 2021) and by what these ask of oscillators and noise (after
J. Engel et al., DDSP, 2020)::

    audio (T) ─ mel spectrogram ─ conv ─ [blocks ─ conv, stride 2] ─ … ─ blocks ─ dense ─ latent (d)

    latent (d) ┬ dense ─ blocks ─ conv, stride 4 ─ blocks ┬ conv, stride 4 ─ blocks ─ conv 64, stride 8 ┬ audio (T)
               └ dense ─ pitch ───────────────────────────┴ oscillators, noise ─────────────────────────┘
"""

from __future__ import annotations

import keras
from keras import layers

from audio_vae.model_config import ModelConfig
from audio_vae.models.paper_networks import _dilated_mirror, _dilated_trunk, _plain_mirror, _plain_trunk
from audio_vae.models.studio_networks import _studio_mirror, _studio_trunk


def build_encoder(config: ModelConfig) -> keras.Model:
    """Return the encoder: audio `(B, T)` → posterior mean and log-variance, both `(B, d)`."""
    audio = keras.Input((config.n_samples,), name="audio")
    x = layers.Reshape((config.n_samples, 1), name="one_channel")(audio)
    trunk = {"dc": _dilated_trunk, "cc": _plain_trunk, "studio": _studio_trunk}[config.architecture]
    x, row = trunk(config, x)
    x = layers.Flatten(name="samples")(x)
    mean = layers.Dense(config.latent_dim, name=f"row_{row}a_mean" if row else "mean")(x)
    log_variance = layers.Dense(
        config.latent_dim,
        bias_initializer=keras.initializers.Constant(config.log_variance_start),
        name=f"row_{row}b_log_variance" if row else "log_variance",
    )(x)
    return keras.Model(audio, [mean, log_variance], name="encoder")


def build_decoder(config: ModelConfig) -> keras.Model:
    """Return the decoder: latent `(B, d)` → audio `(B, T)`."""
    latent = keras.Input((config.latent_dim,), name="latent")
    mirror = {"dc": _dilated_mirror, "cc": _plain_mirror, "studio": _studio_mirror}[config.architecture]
    return keras.Model(latent, layers.Flatten(name="audio")(mirror(config, latent)), name="decoder")


def build_classifier(config: ModelConfig) -> keras.Model | None:
    """Return the classifier on the bottleneck: latent `(B, d)` → logits `(B, n_classes)`; `None` without classes."""
    if not config.n_classes:
        return None
    latent = keras.Input((config.latent_dim,), name="latent")
    x = latent
    for number, units in enumerate(config.classifier_units, start=1):
        x = layers.Dense(units, activation="relu", name=f"hidden_{number}")(x)
    return keras.Model(latent, layers.Dense(config.n_classes, name="logits")(x), name="classifier")
