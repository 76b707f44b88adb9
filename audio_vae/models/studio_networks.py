"""The studio networks."""

from __future__ import annotations

import math
from typing import NamedTuple

import keras
from keras import layers

from audio_vae.layers.log_mel import LogMel
from audio_vae.layers.synthesizers import Envelopes, NoiseBands, Oscillators
from audio_vae.model_config import ModelConfig

PITCH = "pitch"
"""Name of the studio decoder's layer from the latent to the pitch of its oscillators, in octaves above the lowest."""


_SLOPE = 0.2


def at_pitch(decoder: keras.Model) -> keras.Model:
    """Return a studio decoder with oscillators as one that is told their pitch: latent and pitch `(B, 1)` → audio."""
    return keras.Model([decoder.input, decoder.get_layer(PITCH).output], decoder.output, name="decoder_at_pitch")


class _Stage(NamedTuple):
    """A stage of the studio decoder.

    Attributes:
        name: of its layers.
        filters: channels.
        narrower: channels that it leads to.
        stride: of its convolution.
        kernel: of its convolution. To audio it is a filter bank, 8 strides long; to features 2 strides suffice.
    """

    name: str
    filters: int
    narrower: int
    stride: int
    kernel: int


def studio_stages(config: ModelConfig) -> list[_Stage]:
    """Return the stages of the studio decoder from the last to the first: a stride of 8, then strides of 4."""
    stages = [_Stage("stage_1", config.studio.filters[0], 1, 8, 64)]
    while _n_frames(config, stages) > config.studio.n_frames:
        number = len(stages)
        filters = config.studio.filters[min(number, len(config.studio.filters) - 1)]
        stages.append(_Stage(f"stage_{number + 1}", filters, stages[-1].filters, 4, 8))
    return stages


def _n_frames(config: ModelConfig, stages: list[_Stage]) -> int:
    """Frames after some stages; the last may lie partly beyond the sound's end."""
    return -(-config.n_samples // math.prod(stage.stride for stage in stages))


def _studio_trunk(config: ModelConfig, x):
    filters = config.studio.filters[-1]
    x = layers.Reshape((config.n_samples,), name="samples_alone")(x)
    # In float32 whatever the network computes in: it spans all that is between silence and full scale.
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


def _studio_mirror(config: ModelConfig, latent):
    stages = studio_stages(config)
    n_frames, filters = _n_frames(config, stages), stages[-1].filters
    x = layers.Dense(n_frames * filters, name="latent_to_frames")(latent)
    x = layers.Reshape((n_frames, filters), name="frames")(x)
    for stage in reversed(stages):
        x = _residual_blocks(config, x, stage.name)
        x = layers.LeakyReLU(_SLOPE, name=f"{stage.name}_activation")(x)
        if stage is stages[min(1, len(stages) - 1)]:
            generated = _generated(config, latent, x, math.prod(each.stride for each in stages[:2]))
        is_last = stage is stages[0]
        if is_last:
            # What a network of many channels hardly learns, silence, is a gate away: nothing is added behind it.
            loudness = layers.Conv1D(1, 3, padding="same", activation="sigmoid", name="loudness")(x)
            x = layers.Multiply(name="with_loudness")([x, loudness])
        x = layers.Conv1DTranspose(
            stage.narrower,
            stage.kernel,
            strides=stage.stride,
            padding="same",
            use_bias=not is_last,
            name=f"{stage.name}_out",
        )(x)
    if generated:
        x = layers.Add(name="with_generators")([x, *generated])
    return layers.Cropping1D((0, x.shape[1] - config.n_samples), name="whole_sound")(x)


def _generated(config: ModelConfig, latent, x, hop: int) -> list:
    """What the generators make of a frame of features every `hop` samples."""
    if not (config.studio.n_tones or config.studio.n_noise_bands):
        return []
    made = []
    # Controls are levels and pitches, which should not grow with what the features are for: the convolutions' samples.
    x = layers.LayerNormalization(name="frames_normalized")(x)
    # Phases and frequencies need float32 whatever the network computes in.
    if config.studio.n_tones:
        two_octaves = keras.initializers.Constant(2.0)
        pitch = layers.Dense(1, bias_initializer=two_octaves, name=PITCH, dtype="float32")(latent)
        moves = layers.Conv1D(config.studio.n_tones, 3, padding="same", kernel_initializer="zeros", name="tone_moves")(
            x
        )
        controls = layers.Concatenate(name="tone_controls")([_levels(latent, x, config.studio.n_tones, "tone"), moves])
        made.append(Oscillators(config.studio.n_tones, hop, name="tones", dtype="float32")(controls, pitch))
    if config.studio.n_noise_bands:
        controls = _levels(latent, x, config.studio.n_noise_bands, "noise")
        made.append(NoiseBands(config.studio.n_noise_bands, hop, name="noise")(controls))
    return made


def _levels(latent, x, n_levels: int, name: str):
    """Loudness controls of generators: an envelope that the latent gives at once, and what the features add to it."""
    n_values = Envelopes.n_values(x.shape[1])
    values = layers.Dense(n_values * n_levels, kernel_initializer="zeros", name=f"{name}_values")(latent)
    values = layers.Reshape((n_values, n_levels), name=f"{name}_values_by_time")(values)
    envelopes = Envelopes(x.shape[1], name=f"{name}_envelopes")(values)
    details = layers.Conv1D(n_levels, 3, padding="same", kernel_initializer="zeros", name=f"{name}_details")(x)
    return layers.Add(name=f"{name}_levels")([envelopes, details])


def _residual_blocks(config: ModelConfig, x, name: str):
    for dilation in config.studio.dilations:
        block = f"{name}_dilation_{dilation}"
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation")(x)
        y = layers.Conv1D(x.shape[-1], 3, padding="same", dilation_rate=dilation, name=f"{block}_conv")(y)
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation_2")(y)
        y = layers.Conv1D(x.shape[-1], 1, kernel_initializer="zeros", name=f"{block}_mix")(y)
        x = layers.Add(name=block)([x, y])
    return x
