"""Presets: the values in which each model differs from the defaults, and the configs made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audio_vae.config import AudioConfig, AugmentationConfig, Config, LossConfig, ModelConfig, TrainingConfig
from audio_vae.utils.errors import UserError

Values = Mapping[str, Mapping[str, Any]]
"""Part of a `Config` → name → value."""


_OPEN_POINTS: Values = {
    # Class means need not run apart to stand out of the noise, and the KL, which hardly weighs, need not hold them.
    "model": {"log_variance_start": -6.0},
    "loss": {"likelihood_reduction": "sum", "kl_reduction": "sum"},
}
"""What the paper leaves open, in the reading that `dc` and `cc` were trained to the end with (RESULTS.md)."""


def joined(*parts: Values) -> dict[str, dict[str, Any]]:
    """Return the values of several; later ones go before earlier ones."""
    return {
        part: {name: value for values in parts for name, value in values.get(part, {}).items()}
        for part in dict.fromkeys(part for values in parts for part in values)
    }


PRESETS: dict[str, Values] = {
    "cc": joined(_OPEN_POINTS, {"model": {"architecture": "cc"}}),
    "dc": joined(_OPEN_POINTS, {"model": {"architecture": "dc"}}),
    "dc-nonclass": joined(_OPEN_POINTS, {"model": {"architecture": "dc", "n_classes": 0}}),
    "studio": {
        "model": {"architecture": "studio", "log_variance_start": -4.0, "studio_tones": 37, "studio_noise_bands": 24},
        "loss": {
            "likelihood_weight": 0.0,
            "kl_weight": 1e-3,
            "spectral_weight": 1.0,
            "spectral_bands": 8,
            "spectral_from_onset": True,
            "pitch_weight": 0.5,
            "centre_weight": 0.1,
            "between_weight": 0.05,
            "cycle_weight": 0.5,
        },
        "augmentation": {"speed": 0.03, "polarity": True},
        "training": {
            "epochs": 60,
            "batch_size": 16,
            "vae_learning_rate": 1e-3,
            "classifier_learning_rate": 1e-3,
            "decay": "cosine",
            "clip_norm": 1.0,
        },
    },
}
"""Preset name → the values in which it differs from the parts' defaults."""


DEFAULT_PRESET = "studio"


SPECTRAL_WINDOWS_S = (0.008, 0.016, 0.032, 0.064, 0.128)
"""Windows of `losses.spectral_distance`. The longest tell what is below the lowest tones from these."""


ENCODER_WINDOWS_S, ENCODER_HOP_S = (0.032,), 0.008
"""Windows of the studio encoder's spectrograms, and their hop."""


def loss_for(rate_hz: int, loss: LossConfig) -> LossConfig:
    """Return the losses with windows of `SPECTRAL_WINDOWS_S` at a sample rate, where they compare spectra at all."""
    return replace(loss, spectral_windows=_samples(SPECTRAL_WINDOWS_S, rate_hz)) if loss.spectral_weight else loss


def model_for(audio: AudioConfig, model: ModelConfig) -> ModelConfig:
    """Return the networks for sounds of some rate and length."""
    model = replace(model, n_samples=audio.n_samples)
    if model.architecture != "studio":
        return model
    (hop,) = _samples((ENCODER_HOP_S,), audio.rate_hz)
    windows = _samples(ENCODER_WINDOWS_S, audio.rate_hz)
    return replace(model, studio_rate_hz=audio.rate_hz, studio_windows=windows, studio_hop=hop)


def _samples(durations_s: tuple[float, ...], rate_hz: int) -> tuple[int, ...]:
    return tuple(round(duration_s * rate_hz) for duration_s in durations_s)


def with_audio(config: Config, audio: AudioConfig, **model: Any) -> Config:
    """Return the config for sounds of another rate and length, with all that follows from these.

    Args:
        config: the config.
        audio: of the sounds.
        model: values of `ModelConfig` that the sounds tell as well.
    """
    return replace(
        config,
        audio=audio,
        model=model_for(audio, replace(config.model, **model)),
        loss=loss_for(audio.rate_hz, config.loss),
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
        audio: of the sounds.
        latent_dim: size of the latent space.
        n_classes: of the sounds; a preset without a classifier has none.
        classifier_units: of the classifier's layers before the last.
        needs: preset → what it needs for these sounds; goes before the preset's own values.
        training: how to train; `None` takes what preset and `needs` say.
        data: the data set's own options.

    Raises:
        UserError: the preset is unknown.
    """
    if preset not in PRESETS:
        raise UserError(f"unknown preset {preset!r}: choose one of {', '.join(sorted(PRESETS))} with --preset")
    chosen = joined(PRESETS[preset], (needs or {}).get(preset, {}))
    of_data = {
        "latent_dim": latent_dim,
        "n_classes": n_classes,
        "classifier_units": classifier_units,
    }
    return Config(
        dataset,
        preset,
        audio=audio,
        model=model_for(audio, ModelConfig(**of_data | chosen.get("model", {}))),
        loss=loss_for(audio.rate_hz, LossConfig(**chosen.get("loss", {}))),
        augmentation=AugmentationConfig(**chosen.get("augmentation", {})),
        training=training or TrainingConfig(**chosen.get("training", {})),
        data=data or {},
    )
