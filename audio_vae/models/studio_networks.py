"""The studio networks, which are this project's own; as in the paper, one latent point is a whole sound.

Layers: the encoder hears a mel spectrogram (`layers.log_mel`). The decoder upsamples with strided convolutions, with
residual blocks of dilated ones before each (after A. Caillon and P. Esling, RAVE, 2021)::

    audio (T) ─ mel spectrogram ─ conv ─ [blocks ─ conv, stride 2] ─ … ─ blocks ─ dense ─ latent (d)

    latent (d) ─ dense ─ blocks ─ conv, stride 4 ─ … ─ blocks ─ gate ─ conv 64, stride 8 ─ audio (T)

The preset `studio` takes them for digits; one-shots have networks of their own (`one_shot_networks`).

Functional models: each function takes the output of a layer and returns that of the network's last layer; `networks`
makes models of them.

Config: `model_config.StudioConfig`.
"""

from __future__ import annotations

import itertools
import math
import operator
from typing import NamedTuple

from keras import layers

from audio_vae.layers.log_mel import LogMel
from audio_vae.model_config import ModelConfig

_SLOPE = 0.2
"""Slope of the leaky ReLUs below 0."""


class Stage(NamedTuple):
    """A stage of the studio decoder.

    Attributes:
        name: prefix of its layers' names.
        filters: number of channels.
        filters_out: number of channels after its transposed convolution.
        stride: stride of that convolution.
        kernel: kernel of that convolution. The one to audio is a filter bank and 8 strides long; others need 2 strides.
    """

    name: str
    filters: int
    filters_out: int
    stride: int
    kernel: int


def studio_stages(config: ModelConfig) -> list[Stage]:
    """Return the stages of the studio decoder, the last one first: it has a stride of 8, all others have 4."""
    stages = [Stage("stage_1", config.studio.filters[0], 1, 8, 64)]
    while _n_frames(config, stages) > config.studio.n_frames:
        number = len(stages)
        filters = config.studio.filters[min(number, len(config.studio.filters) - 1)]
        stages.append(Stage(f"stage_{number + 1}", filters, stages[-1].filters, 4, 8))
    return stages


def hop_lengths(config: ModelConfig) -> list[int]:
    """Return the samples of a frame before each stage of the decoder, the last stage first."""
    return list(itertools.accumulate((stage.stride for stage in studio_stages(config)), operator.mul))


def _n_frames(config: ModelConfig, stages: list[Stage]) -> int:
    """Return the number of frames before some last stages; the last frame may lie partly beyond the sound's end."""
    return -(-config.n_samples // math.prod(stage.stride for stage in stages))


def studio_encoder(config: ModelConfig, x):
    """Add the encoder's layers up to the dense pair.

    Args:
        config: the networks' config.
        x: audio, `(B, T, 1)`.

    Returns:
        `(B, frames, channels)`, and `None`, because there is no table whose next row the dense pair would be.
    """
    filters = config.studio.filters[-1]
    x = layers.Reshape((config.n_samples,), name="samples_alone")(x)
    # In float32 whatever the network computes in, because the powers span the range from silence to full scale.
    x = LogMel(
        config.studio.rate_hz,
        config.studio.windows,
        config.studio.hop_length,
        config.studio.n_mels,
        config.studio.silence,
        name="mel",
        dtype="float32",
    )(x)
    x = layers.Conv1D(filters, 3, padding="same", name="from_mel")(x)
    number = 1
    while x.shape[1] > config.studio.n_frames:
        x = _residual_blocks(config, x, f"stage_{number}")
        x = layers.LeakyReLU(_SLOPE, name=f"stage_{number}_activation")(x)
        x = layers.Conv1D(filters, 4, strides=2, padding="same", name=f"stage_{number}")(x)
        number += 1
    x = _residual_blocks(config, x, f"stage_{number}")
    return layers.LeakyReLU(_SLOPE, name="bottleneck_activation")(x), None


def studio_decoder(config: ModelConfig, latent):
    """Add the decoder's layers: latent `(B, d)` → audio `(B, T, 1)`."""
    stages = studio_stages(config)
    n_frames, filters = _n_frames(config, stages), stages[-1].filters
    x = layers.Dense(n_frames * filters, name="latent_to_frames")(latent)
    x = layers.Reshape((n_frames, filters), name="frames")(x)
    for stage in reversed(stages):
        x = _residual_blocks(config, x, stage.name)
        x = layers.LeakyReLU(_SLOPE, name=f"{stage.name}_activation")(x)
        is_last = stage is stages[0]
        if is_last:
            # Many channels hardly learn to add up to silence. A gate makes it easy, with no bias after it.
            loudness = layers.Conv1D(1, 3, padding="same", activation="sigmoid", name="loudness")(x)
            x = layers.Multiply(name="with_loudness")([x, loudness])
        x = layers.Conv1DTranspose(
            stage.filters_out,
            stage.kernel,
            strides=stage.stride,
            padding="same",
            use_bias=not is_last,
            name=f"{stage.name}_out",
        )(x)
    return layers.Cropping1D((0, x.shape[1] - config.n_samples), name="whole_sound")(x)


def _residual_blocks(config: ModelConfig, x, name: str):
    """Add a residual block for each dilation, `(B, frames, channels)` → the same; they start as identities."""
    for dilation in config.studio.dilations:
        block = f"{name}_dilation_{dilation}"
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation")(x)
        y = layers.Conv1D(x.shape[-1], 3, padding="same", dilation_rate=dilation, name=f"{block}_conv")(y)
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation_2")(y)
        y = layers.Conv1D(x.shape[-1], 1, kernel_initializer="zeros", name=f"{block}_mix")(y)
        x = layers.Add(name=block)([x, y])
    return x
