"""Presets: the values in which each model differs from the defaults, and the configs that are made from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audio_vae.config import AudioConfig, AugmentationConfig, Config, LossConfig, TrainingConfig
from audio_vae.model_config import ModelConfig, with_values
from audio_vae.utils.errors import UserError

Values = Mapping[str, Any]
"""Name → value of a config; of a part of it, name → values of the part, as `model_config.with_values` takes them."""

_OPEN_POINTS: Values = {
    # Latents start with little noise: class means then need not drift far apart to be told from each other, which the
    # KL divergence, with its small weight, could not prevent.
    "model": {"log_variance_start": -6.0},
    "loss": {"likelihood_reduction": "sum", "kl_reduction": "sum"},
}
"""What the paper leaves open, as it was chosen for the full trainings of `dc` and `cc` (RESULTS.md)."""


def joined(*several: Values) -> dict[str, Any]:
    """Return one set of values from several, part by part; later values replace earlier ones."""
    result: dict[str, Any] = {}
    for values in several:
        for name, value in values.items():
            is_part = isinstance(value, Mapping)
            result[name] = joined(result.get(name, {}), value) if is_part else value
    return result


_CODE: Values = {
    "audio": {"removes_mean": True, "trims_long": True, "onset_db": None},
    "model": {
        "classifier_output": "sigmoid",
        "classifier_start_std": 1.0,
        "single_channel_activation": "tanh",
        "latent_layers": 2,
        "pointwise": "code",
        "dense_output": True,
    },
    "loss": {
        # The code sums its losses over the batch of 50 sounds, so that what it clips is 50 times the mean.
        "likelihood_weight": 50.0,
        "kl_weight": 50 * 1e-4,
        "prior_std": 4.0,
        "first_pass": "classifier",
    },
    "training": {
        "batch_size": 50,
        "clip_norm": 1.0,
        "clipped_passes": ("vae",),
        "adam_epsilon": 1e-8,
        "sounds": "all",
        "averages": "first",
        "shuffle": "once",
        "kept_model": "best",
    },
}
"""What the code of the paper's first author does, apart from its networks (docs/paper.md, point by point)."""

PRESETS: dict[str, Values] = {
    "cc": joined(_OPEN_POINTS, {"model": {"architecture": "cc"}}),
    "dc": joined(_OPEN_POINTS, {"model": {"architecture": "dc"}}),
    "dc-nonclass": joined(_OPEN_POINTS, {"model": {"architecture": "dc", "n_classes": 0}}),
    "cc-code": joined(
        _CODE,
        {
            "model": {
                "architecture": "cc",
                # Its noise has a standard deviation of 4 where the dense layer gives 0.
                "log_variance_start": math.log(4.0**2),
                "cc": {"filters": (256, 256, 256, 512, 1024), "kernels": (9, 9, 9, 9, 5), "activation": "tanh"},
            }
        },
    ),
    "dc-code": joined(
        _CODE,
        {
            "model": {
                "architecture": "dc",
                "dc": {
                    "depth": 40,
                    "stem_filters": 32,
                    "stem_kernel": 2,
                    "gate": "tanh_tanh",
                    "padding": "same",
                    "stem_activation": "tanh",
                    "strided_kernel": 1,
                    "decoder_backwards": True,
                },
            }
        },
    ),
    "studio": {
        "model": {
            "architecture": "voice",
            "log_variance_start": -4.0,
        },
        "loss": {
            "likelihood_weight": 0.0,
            "kl_weight": 2e-3,
            "spectral_weight": 1.0,
            "voice_pitch_weight": 10.0,
            "centre_weight": 0.3,
            "between_weight": 0.2,
            "cycle_weight": 0.5,
        },
        "augmentation": {"shift_s": 0.02, "speed": 0.1, "polarity": True},
        "training": {
            "epochs": 40,
            "batch_size": 16,
            "vae_learning_rate": 1e-3,
            "classifier_learning_rate": 1e-3,
            "decay": "cosine",
            "clip_norm": 1.0,
        },
    },
}
"""Name of a preset → the values in which it differs from the defaults."""

STUDIO_ONE_SHOTS: Values = {
    "model": {"architecture": "oneshot", "log_variance_start": -6.0},
    "loss": {
        "kl_weight": 1e-4,
        "spectral_weight": 0.25,
        "spectral_bands": 8,
        "spectral_from_onset": True,
        "cell_weight": 1.0,
        "phasor_weight": 0.1,
        # The classifier would move the latents away from what sounds have in common to what tells classes apart.
        "classifier_moves_encoder": False,
        # Levels change linearly between two latents, so no loss has to ask for what lies between sounds.
        "centre_weight": 0.0,
        "between_weight": 0.0,
        "cycle_weight": 0.0,
    },
    # An inverted drum would have other phases at its onset.
    "augmentation": {"shift_s": 0.0, "speed": 0.2, "polarity": False},
    "training": {
        "epochs": 50,
        "batch_size": 8,
        "vae_learning_rate": 2e-4,
        "classifier_learning_rate": 1e-3,
        "clip_norm": 1.0,
    },
}
"""The values that one-shots need in place of those of `studio`: networks for sounds that start at their onset."""

ONE_SHOT_LATENT_DIM = 128
"""Size of the latent space of `studio` for one-shots."""

DEFAULT_PRESET = "studio"

SPECTRAL_WINDOWS_S = (0.008, 0.016, 0.032, 0.064, 0.128)
"""Windows of `models.losses.spectral_distance`. The longest ones separate the lowest tones from what lies below."""

ENCODER_WINDOWS_S, ENCODER_HOP_LENGTH_S = (0.032,), 0.008
"""Windows and hop length of the mel spectrograms of the encoder of voices."""

ONE_SHOT_WINDOWS_S = (0.006, 0.023, 0.093)
"""About the windows of the spectral distance of one-shots; rounded to powers of two samples, which are fast."""


def loss_for(rate_hz: int, loss: LossConfig, architecture: str) -> LossConfig:
    """Return the losses for a sample rate and architecture; windows of compared spectra have fixed durations."""
    if not loss.spectral_weight:
        return loss
    if architecture == "oneshot":
        windows = tuple(2 ** round(math.log2(duration_s * rate_hz)) for duration_s in ONE_SHOT_WINDOWS_S)
    else:
        windows = _samples(SPECTRAL_WINDOWS_S, rate_hz)
    return replace(loss, spectral_windows=windows)


def model_for(audio: AudioConfig, model: ModelConfig) -> ModelConfig:
    """Return the networks for sounds of a sample rate and length."""
    model = replace(model, n_samples=audio.n_samples)
    if model.architecture == "oneshot":
        return replace(model, oneshot=replace(model.oneshot, rate_hz=audio.rate_hz))
    if model.architecture != "voice":
        return model
    (hop_length,) = _samples((ENCODER_HOP_LENGTH_S,), audio.rate_hz)
    windows = _samples(ENCODER_WINDOWS_S, audio.rate_hz)
    return replace(model, voice=replace(model.voice, rate_hz=audio.rate_hz, windows=windows, hop_length=hop_length))


def _samples(durations_s: tuple[float, ...], rate_hz: int) -> tuple[int, ...]:
    return tuple(round(duration_s * rate_hz) for duration_s in durations_s)


def with_audio(config: Config, audio: AudioConfig, **model: Any) -> Config:
    """Return the config for sounds of another sample rate and length, with everything that follows from these.

    Args:
        config: the config; it stays as it is.
        audio: sample rate, length and cutting of the sounds.
        model: values of `ModelConfig` that follow from the sounds as well.
    """
    return replace(
        config,
        audio=audio,
        model=model_for(audio, replace(config.model, **model)),
        loss=loss_for(audio.rate_hz, config.loss, config.model.architecture),
    )


def make_config(
    dataset: str,
    preset: str,
    *,
    audio: AudioConfig,
    latent_dim: int,
    n_classes: int,
    classifier_units: tuple[int, ...],
    needs: Mapping[str, Values] | None = None,
    training: TrainingConfig | None = None,
    data: dict[str, Any] | None = None,
) -> Config:
    """Return the config of a preset for a data set's sounds.

    Args:
        dataset: name of the data set.
        preset: name of a preset.
        audio: sample rate, length and cutting of the sounds.
        latent_dim: size of the latent space.
        n_classes: number of classes of the sounds; a preset without a classifier ignores it.
        classifier_units: units of the classifier's hidden layers.
        needs: preset → values that these sounds need; they replace the preset's own.
        training: how to train; `None` takes the values of the preset and of `needs`.
        data: the data set's own options.

    Raises:
        UserError: the preset is unknown.
    """
    if preset not in PRESETS:
        raise UserError(f"unknown preset {preset!r}: choose one of {', '.join(sorted(PRESETS))} with --preset")
    chosen = joined(PRESETS[preset], (needs or {}).get(preset, {}))
    audio = with_values(audio, chosen.get("audio", {}))
    model = ModelConfig(latent_dim=latent_dim, n_classes=n_classes, classifier_units=classifier_units)
    model = model_for(audio, with_values(model, chosen.get("model", {})))
    return Config(
        dataset,
        preset,
        audio=audio,
        model=model,
        loss=loss_for(audio.rate_hz, LossConfig(**chosen.get("loss", {})), model.architecture),
        augmentation=AugmentationConfig(**chosen.get("augmentation", {})),
        training=training or TrainingConfig(**chosen.get("training", {})),
        data=data or {},
    )
