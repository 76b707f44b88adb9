"""The paper's networks, `dc` (Table 1) and `cc` (Table 2), layer for layer."""

from __future__ import annotations

from keras import layers

from audio_vae.layers.dilation_block import DilationBlock
from audio_vae.model_config import ModelConfig

HALVINGS = 5
"""Strided layers of each of the paper's networks: T shrinks to T/32 and grows back."""


def _short_sound(config: ModelConfig, latent):
    """The layer that the tables do not print: latent (d) → (T/32, 1)."""
    n_short = config.n_samples // 2**HALVINGS
    x = layers.Dense(n_short, name="latent_to_samples")(latent)
    return layers.Reshape((n_short, 1), name="one_channel")(x)


def _dilated_trunk(config: ModelConfig, x):
    """Rows 1 to 8 of Table 1; the dense pair that follows is row 9."""
    single = config.single_channel_activation
    x = layers.Conv1D(config.dc.stem_filters, config.dc.stem_kernel, padding="causal", name="row_1")(x)
    x = _block(config, "row_2")(x)
    for row in range(3, 3 + HALVINGS):
        x = layers.Conv1D(1, 2, strides=2, padding="causal", activation=single, name=f"row_{row}")(x)
    return layers.Conv1D(1, 1, name="row_8")(x), 9


def _dilated_mirror(config: ModelConfig, latent):
    """Rows 11 to 21 of Table 1, whose rows 12 to 17 are five layers."""
    single = config.single_channel_activation
    x = _short_sound(config, latent)
    x = layers.Conv1DTranspose(1, 1, padding="same", activation=single, name="row_11")(x)
    for row in range(12, 12 + HALVINGS):
        x = layers.Conv1DTranspose(1, 2, strides=2, padding="same", activation=single, name=f"row_{row}")(x)
    x = layers.Conv1DTranspose(config.dc.filters, 1, padding="same", name="row_18")(x)
    x = _block(config, "row_19")(x)
    x = layers.Conv1DTranspose(config.dc.stem_filters, config.dc.stem_kernel, padding="same", name="row_20")(x)
    return layers.Conv1DTranspose(1, 1, padding="same", name="row_21")(x)


def _block(config: ModelConfig, name: str) -> DilationBlock:
    return DilationBlock(
        config.dc.depth, config.dc.filters, config.dc.long_cycle, config.dc.short_cycle, config.dc.gate, name=name
    )


def _plain_trunk(config: ModelConfig, x):
    """Rows 1 to 6 of Table 2; the dense pair that follows is row 7."""
    for row, (filters, kernel) in enumerate(zip(config.cc.filters, config.cc.kernels, strict=True), start=1):
        x = layers.Conv1D(
            filters, kernel, strides=2, padding="same", activation=config.cc.activation, name=f"row_{row}"
        )(x)
    return layers.Conv1D(1, 1, padding="same", name="row_6")(x), 7


def _plain_mirror(config: ModelConfig, latent):
    """Rows 9 to 15 of Table 2."""
    x = _short_sound(config, latent)
    x = layers.Conv1DTranspose(1, 1, padding="same", activation=config.single_channel_activation, name="row_9")(x)
    mirrored = zip(reversed(config.cc.filters), reversed(config.cc.kernels), strict=True)
    for row, (filters, kernel) in enumerate(mirrored, start=10):
        x = layers.Conv1DTranspose(
            filters, kernel, strides=2, padding="same", activation=config.cc.activation, name=f"row_{row}"
        )(x)
    return layers.Conv1DTranspose(1, 1, padding="same", name="row_15")(x)
