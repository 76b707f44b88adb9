"""Encoder, decoder and classifier as Keras functional models, layer for layer as Tables 1 and 2.

Layers are named `row_N` after the row of the paper's table that they stand for (a range of
rows is `row_3`, `row_4`, …), so that a summary can be laid beside the paper. What the tables do
not print has a name of its own: `latent_to_samples`, the dense layer that takes the latent (d)
to row 11's (row 9's in Table 2) input of T/32 values.
"""

from __future__ import annotations

import keras
from keras import layers

from audio_vae.config import ModelConfig
from audio_vae.layers import DilationBlock

HALVINGS = 5
"""Strided layers of each network: T shrinks to T/32 and grows back."""


def build_encoder(config: ModelConfig) -> keras.Model:
    """Return the encoder: audio `(B, T)` → posterior mean and log-variance, both `(B, d)`."""
    audio = keras.Input((config.n_samples,), name="audio")
    x = layers.Reshape((config.n_samples, 1), name="one_channel")(audio)
    trunk = _dilated_trunk if config.architecture == "dc" else _plain_trunk
    x, row = trunk(config, x)
    x = layers.Flatten(name="samples")(x)
    mean = layers.Dense(config.latent_dim, name=f"row_{row}a_mean")(x)
    log_variance = layers.Dense(
        config.latent_dim,
        bias_initializer=keras.initializers.Constant(config.log_variance_start),
        name=f"row_{row}b_log_variance",
    )(x)
    return keras.Model(audio, [mean, log_variance], name="encoder")


def build_decoder(config: ModelConfig) -> keras.Model:
    """Return the decoder: latent `(B, d)` → audio `(B, T)`."""
    n_short = config.n_samples // 2**HALVINGS
    latent = keras.Input((config.latent_dim,), name="latent")
    x = layers.Dense(n_short, name="latent_to_samples")(latent)
    x = layers.Reshape((n_short, 1), name="one_channel")(x)
    trunk = _dilated_mirror if config.architecture == "dc" else _plain_mirror
    x = trunk(config, x)
    return keras.Model(latent, layers.Flatten(name="audio")(x), name="decoder")


def build_classifier(config: ModelConfig) -> keras.Model | None:
    """Return the classifier on the bottleneck: latent `(B, d)` → logits `(B, n_classes)`; `None` without classes."""
    if not config.n_classes:
        return None
    latent = keras.Input((config.latent_dim,), name="latent")
    x = latent
    for number, units in enumerate(config.classifier_units, start=1):
        x = layers.Dense(units, activation="relu", name=f"hidden_{number}")(x)
    return keras.Model(latent, layers.Dense(config.n_classes, name="logits")(x), name="classifier")


def _dilated_trunk(config: ModelConfig, x):
    """Rows 1 to 8 of Table 1; the dense pair that follows is row 9."""
    single = config.single_channel_activation
    x = layers.Conv1D(config.stem_filters, config.stem_kernel, padding="causal", name="row_1")(x)
    x = _block(config, "row_2")(x)
    for row in range(3, 3 + HALVINGS):
        x = layers.Conv1D(1, 2, strides=2, padding="causal", activation=single, name=f"row_{row}")(x)
    return layers.Conv1D(1, 1, name="row_8")(x), 9


def _dilated_mirror(config: ModelConfig, x):
    """Rows 11 to 21 of Table 1, whose rows 12 to 17 are five layers."""
    single = config.single_channel_activation
    x = layers.Conv1DTranspose(1, 1, padding="same", activation=single, name="row_11")(x)
    for row in range(12, 12 + HALVINGS):
        x = layers.Conv1DTranspose(1, 2, strides=2, padding="same", activation=single, name=f"row_{row}")(x)
    x = layers.Conv1DTranspose(config.block_filters, 1, padding="same", name="row_18")(x)
    x = _block(config, "row_19")(x)
    x = layers.Conv1DTranspose(config.stem_filters, config.stem_kernel, padding="same", name="row_20")(x)
    return layers.Conv1DTranspose(1, 1, padding="same", name="row_21")(x)


def _block(config: ModelConfig, name: str) -> DilationBlock:
    return DilationBlock(
        config.depth, config.block_filters, config.long_cycle, config.short_cycle, config.gate, name=name
    )


def _plain_trunk(config: ModelConfig, x):
    """Rows 1 to 6 of Table 2; the dense pair that follows is row 7."""
    for row, (filters, kernel) in enumerate(zip(config.cc_filters, config.cc_kernels, strict=True), start=1):
        x = layers.Conv1D(filters, kernel, strides=2, padding="same", activation=config.activation, name=f"row_{row}")(
            x
        )
    return layers.Conv1D(1, 1, padding="same", name="row_6")(x), 7


def _plain_mirror(config: ModelConfig, x):
    """Rows 9 to 15 of Table 2."""
    x = layers.Conv1DTranspose(1, 1, padding="same", activation=config.single_channel_activation, name="row_9")(x)
    mirrored = zip(reversed(config.cc_filters), reversed(config.cc_kernels), strict=True)
    for row, (filters, kernel) in enumerate(mirrored, start=10):
        x = layers.Conv1DTranspose(
            filters, kernel, strides=2, padding="same", activation=config.activation, name=f"row_{row}"
        )(x)
    return layers.Conv1DTranspose(1, 1, padding="same", name="row_15")(x)
