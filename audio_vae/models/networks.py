"""Encoder, decoder and classifier of every architecture as Keras functional models.

Layers: each architecture's own are in `paper_networks` (`dc` and `cc`, Tables 1 and 2), `voice_networks` and
`one_shot_networks`. Here are the layers that all share: the dense pair that gives the posterior's mean and
log-variance, and the classifier.

Functional models: `build_encoder`, audio (T) → mean (d), log-variance (d); `build_decoder`, latent (d) → audio (T);
`build_classifier`, latent (d) → logits. Layers of the paper's networks are named `row_N` after the row of the paper's
table that they stand for (a range of rows is `row_3`, `row_4`, …), so that a model's summary can be laid beside the
paper.

Config: `model_config.ModelConfig`.
"""

from __future__ import annotations

import keras
from keras import layers

from audio_vae.model_config import ModelConfig
from audio_vae.models import one_shot_networks, paper_networks, voice_networks

_ENCODERS = {
    "dc": paper_networks.dilated_encoder,
    "cc": paper_networks.plain_encoder,
    "voice": voice_networks.voice_encoder,
    "oneshot": one_shot_networks.one_shot_encoder,
}
_DECODERS = {
    "dc": paper_networks.dilated_decoder,
    "cc": paper_networks.plain_decoder,
    "voice": voice_networks.voice_decoder,
    "oneshot": one_shot_networks.one_shot_decoder,
}
_HOP_LENGTHS = {
    "dc": paper_networks.hop_lengths,
    "cc": paper_networks.hop_lengths,
    "voice": voice_networks.hop_lengths,
    "oneshot": one_shot_networks.hop_lengths,
}


def hop_lengths(config: ModelConfig) -> list[int]:
    """Return the samples from one frame to the next of each stage of the decoder, in ascending order.

    What a decoder repeats from frame to frame is heard as a tone of the frame rate (`evaluation.buzz`).
    """
    return _HOP_LENGTHS[config.architecture](config)


def build_encoder(config: ModelConfig) -> keras.Model:
    """Return the encoder: audio `(B, T)` → posterior mean and log-variance, both `(B, d)`."""
    audio = keras.Input((config.n_samples,), name="audio")
    x = layers.Reshape((config.n_samples, 1), name="one_channel")(audio)
    x, row = _ENCODERS[config.architecture](config, x)
    x = layers.Flatten(name="samples")(x)
    mean = layers.Dense(config.latent_dim, name=f"row_{row}a_mean" if row else "mean")(x)
    if config.architecture == "oneshot":
        details = one_shot_networks.one_shot_details(config, x, config.latent_dim, "mean_details")
        mean = layers.Add(name="mean_with_details")([mean, details])
    log_variance = layers.Dense(
        config.latent_dim,
        bias_initializer=keras.initializers.Constant(config.log_variance_start),
        name=f"row_{row}b_log_variance" if row else "log_variance",
    )(x)
    return keras.Model(audio, [mean, log_variance], name="encoder")


def build_decoder(config: ModelConfig) -> keras.Model:
    """Return the decoder: latent `(B, d)` → audio `(B, T)`."""
    latent = keras.Input((config.latent_dim,), name="latent")
    audio = layers.Flatten(name="audio")(_DECODERS[config.architecture](config, latent))
    return keras.Model(latent, audio, name="decoder")


def build_classifier(config: ModelConfig) -> keras.Model | None:
    """Return the classifier on the bottleneck: latent `(B, d)` → logits `(B, n_classes)`; `None` without classes."""
    if not config.n_classes:
        return None
    latent = keras.Input((config.latent_dim,), name="latent")
    x = latent

    def dense(units: int, activation: str, name: str):
        std = config.classifier_start_std
        start = "glorot_uniform" if std is None else keras.initializers.RandomNormal(stddev=std)
        return layers.Dense(units, activation=activation, kernel_initializer=start, name=name)

    for number, units in enumerate(config.classifier_units, start=1):
        x = dense(units, "relu", f"hidden_{number}")(x)
    return keras.Model(latent, dense(config.n_classes, config.classifier_output, "logits")(x), name="classifier")
