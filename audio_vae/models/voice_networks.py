"""The networks of voices, which are this project's own; as in the paper, one latent point is a whole sound.

Layers: the encoder hears a mel spectrogram (`layers.log_mel`) and the pitch (`layers.voice_features`). The decoder
upsamples with strided convolutions, with residual blocks of dilated ones before each (after A. Caillon and P. Esling,
RAVE, 2021), to the controls of harmonics and noise (`layers.voice_synthesis`)::

    audio (T) ─ mel spectrogram and pitch ─ conv ─ [blocks ─ conv, stride 2] ─ … ─ blocks ─ dense pair ─ latent (d)

    latent (d) ─ dense ─ [blocks ─ conv, stride 2] ─ … ─ blocks ─ pitch, voice, noise ─ synthesis ─ audio (T)

The preset `studio` takes them for digits; one-shots have networks of their own (`one_shot_networks`).

Functional models: each function takes the output of a layer and returns that of the network's last layer; `networks`
makes models of them.

Config: `model_config.VoiceConfig`.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from audio_vae.layers.log_mel import LogMel
from audio_vae.layers.voice_features import VoicePitch
from audio_vae.layers.voice_synthesis import VoiceSynthesis
from audio_vae.model_config import ModelConfig
from audio_vae.models.one_shot_networks import SYNTHESIS

_SLOPE = 0.2
"""Slope of the leaky ReLUs below 0."""


VOICE_PITCH = "voice_pitch"
"""Name of the encoder's layer that finds the pitch. The decoder's last layer has the name of that of one-shots."""

_TYPICAL_PITCH_HZ = 140.0
_START_LEVEL = -5.0
"""Natural logarithm of the amplitudes that the decoder starts with."""


def hop_lengths(config: ModelConfig) -> list[int]:
    """Return the samples of a frame at each stage of the decoder, the last stage first."""
    return [config.voice.hop_length * 2**number for number in range(_n_stages(config) + 1)]


def _n_frames(config: ModelConfig) -> int:
    """Number of frames of the controls; the last one may end after the sound."""
    return -(-config.n_samples // config.voice.hop_length)


def _n_stages(config: ModelConfig) -> int:
    """Number of times that the decoder doubles the number of frames."""
    n_stages = 0
    while -(-_n_frames(config) // 2**n_stages) > config.voice.n_frames:
        n_stages += 1
    return n_stages


def voice_encoder(config: ModelConfig, x):
    """Add the encoder's layers up to the dense pair.

    Args:
        config: the networks' config.
        x: audio, `(B, T, 1)`.

    Returns:
        `(B, frames, channels)`, and `None`, because there is no table whose next row the dense pair would be.
    """
    filters = config.voice.filters[-1]
    x = layers.Reshape((config.n_samples,), name="samples_alone")(x)
    # In float32 whatever the network computes in, because the powers span the range from silence to full scale.
    mel = LogMel(
        config.voice.rate_hz,
        config.voice.windows,
        config.voice.hop_length,
        config.voice.n_mels,
        config.voice.silence,
        name="mel",
        dtype="float32",
    )(x)
    pitch = VoicePitch(config.voice.rate_hz, config.voice.hop_length, name=VOICE_PITCH, dtype="float32")(x)
    x = layers.Concatenate(name="mel_and_pitch")([mel, pitch])
    x = layers.Conv1D(filters, 3, padding="same", name="from_mel")(x)
    number = 1
    while x.shape[1] > config.voice.n_frames:
        x = _residual_blocks(config, x, f"stage_{number}")
        x = layers.LeakyReLU(_SLOPE, name=f"stage_{number}_activation")(x)
        x = layers.Conv1D(filters, 4, strides=2, padding="same", name=f"stage_{number}")(x)
        number += 1
    x = _residual_blocks(config, x, f"stage_{number}")
    return layers.LeakyReLU(_SLOPE, name="bottleneck_activation")(x), None


def voice_decoder(config: ModelConfig, latent):
    """Add the decoder's layers: latent `(B, d)` → audio `(B, T)`."""
    voice, n_stages = config.voice, _n_stages(config)
    channels = [voice.filters[min(number, len(voice.filters) - 1)] for number in range(n_stages + 1)]
    n_frames = -(-_n_frames(config) // 2**n_stages)
    x = layers.Dense(n_frames * channels[-1], name="latent_to_frames")(latent)
    x = layers.Reshape((n_frames, channels[-1]), name="frames")(x)
    for number in range(n_stages, 0, -1):
        x = _residual_blocks(config, x, f"stage_{number}")
        x = layers.LeakyReLU(_SLOPE, name=f"stage_{number}_activation")(x)
        x = layers.Conv1DTranspose(channels[number - 1], 4, strides=2, padding="same", name=f"stage_{number}_out")(x)
    x = layers.Cropping1D((0, x.shape[1] - _n_frames(config)), name="whole_sound")(x)
    x = _residual_blocks(config, x, "controls")
    x = layers.LeakyReLU(_SLOPE, name="controls_activation")(x)
    controls = [
        layers.Conv1D(n, 3, padding="same", bias_initializer=keras.initializers.Constant(start), name=name)(x)
        for name, n, start in (
            ("pitch", 1, math.log2(_TYPICAL_PITCH_HZ)),
            ("voice", voice.n_voice_bands, _START_LEVEL),
            ("noise", voice.n_noise_bands, _START_LEVEL),
        )
    ]
    synthesis = VoiceSynthesis(voice.rate_hz, config.n_samples, voice.hop_length, name=SYNTHESIS, dtype="float32")
    return synthesis(controls)


def _residual_blocks(config: ModelConfig, x, name: str):
    """Add a residual block for each dilation, `(B, frames, channels)` → the same; they start as identities."""
    for dilation in config.voice.dilations:
        block = f"{name}_dilation_{dilation}"
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation")(x)
        y = layers.Conv1D(x.shape[-1], 3, padding="same", dilation_rate=dilation, name=f"{block}_conv")(y)
        y = layers.LeakyReLU(_SLOPE, name=f"{block}_activation_2")(y)
        y = layers.Conv1D(x.shape[-1], 1, kernel_initializer="zeros", name=f"{block}_mix")(y)
        x = layers.Add(name=block)([x, y])
    return x
