"""The studio networks, which are this project's own; as in the paper, one latent point is a whole sound.

Layers: the encoder hears a mel spectrogram (`layers.log_mel`). The decoder adds up two things: the samples of strided
convolutions with residual blocks of dilated ones before each (after A. Caillon and P. Esling, RAVE, 2021), and the
oscillators and noise bands that the features of its second-last stage control (`layers.synthesizers`, after J. Engel
et al., DDSP, 2020)::

    audio (T) ─ mel spectrogram ─ conv ─ [blocks ─ conv, stride 2] ─ … ─ blocks ─ dense ─ latent (d)

    latent (d) ┬ dense ─ blocks ─ conv, stride 4 ─ blocks ┬ conv, stride 4 ─ blocks ─ conv 64, stride 8 ┬ audio (T)
               └ dense ─ pitch ───────────────────────────┴ oscillators, noise ─────────────────────────┘

Functional models: each function takes the output of a layer and returns that of the network's last layer; `networks`
makes models of them. `at_pitch` makes another model of a decoder, whose oscillators are given their pitch.

Config: `model_config.StudioConfig`.
"""

from __future__ import annotations

import itertools
import math
import operator
from typing import NamedTuple

import keras
from keras import layers

from audio_vae.layers.envelopes import Envelopes
from audio_vae.layers.log_mel import LogMel
from audio_vae.layers.synthesizers import NoiseBands, Oscillators
from audio_vae.model_config import ModelConfig

PITCH = "pitch"
"""Name of the layer from the latent to the oscillators' pitch, in octaves above `LOWEST_CYCLES_PER_SAMPLE`."""

_SLOPE = 0.2
"""Slope of the leaky ReLUs below 0."""


def at_pitch(decoder: keras.Model) -> keras.Model:
    """Return a studio decoder as a model that is given the pitch: latent `(B, d)`, pitch `(B, 1)` → audio `(B, T)`.

    The layers, and so the weights, are those of the decoder.
    """
    return keras.Model([decoder.input, decoder.get_layer(PITCH).output], decoder.output, name="decoder_at_pitch")


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
        if stage is stages[min(1, len(stages) - 1)]:
            synthesized = _synthesized(config, latent, x, math.prod(each.stride for each in stages[:2]))
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
    if synthesized:
        x = layers.Add(name="with_generators")([x, *synthesized])
    return layers.Cropping1D((0, x.shape[1] - config.n_samples), name="whole_sound")(x)


def _synthesized(config: ModelConfig, latent, x, hop_length: int) -> list:
    """Add oscillators and noise bands.

    Args:
        config: the networks' config.
        latent: `(B, d)`.
        x: features that control them, `(B, frames, channels)`.
        hop_length: samples of a frame.

    Returns:
        The output of each, `(B, frames · hop_length, 1)`.
    """
    n_tones, n_noise_bands = config.studio.n_tones, config.studio.n_noise_bands
    if not (n_tones or n_noise_bands):
        return []
    made = []
    # The features also feed the convolutions; normalizing keeps the controls from growing with them.
    x = layers.LayerNormalization(name="frames_normalized")(x)
    # Phases and frequencies need float32 whatever the network computes in.
    if n_tones:
        two_octaves = keras.initializers.Constant(2.0)
        pitch = layers.Dense(1, bias_initializer=two_octaves, name=PITCH, dtype="float32")(latent)
        offsets = layers.Conv1D(n_tones, 3, padding="same", kernel_initializer="zeros", name="tone_moves")(x)
        controls = layers.Concatenate(name="tone_controls")([_amplitudes(latent, x, n_tones, "tone"), offsets])
        made.append(Oscillators(n_tones, hop_length, name="tones", dtype="float32")(controls, pitch))
    if n_noise_bands:
        controls = _amplitudes(latent, x, n_noise_bands, "noise")
        made.append(NoiseBands(n_noise_bands, hop_length, name="noise")(controls))
    return made


def _amplitudes(latent, x, n_amplitudes: int, name: str):
    """Add amplitude controls, `(B, frames, n_amplitudes)`: envelopes from the latent, plus details from the features.

    The envelopes are known to the latent at once, so that an attack need not be built up by the convolutions.
    """
    n_values = Envelopes.n_values(x.shape[1])
    values = layers.Dense(n_values * n_amplitudes, kernel_initializer="zeros", name=f"{name}_values")(latent)
    values = layers.Reshape((n_values, n_amplitudes), name=f"{name}_values_by_time")(values)
    envelopes = Envelopes(x.shape[1], name=f"{name}_envelopes")(values)
    details = layers.Conv1D(n_amplitudes, 3, padding="same", kernel_initializer="zeros", name=f"{name}_details")(x)
    return layers.Add(name=f"{name}_levels")([envelopes, details])


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
