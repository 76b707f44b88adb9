"""The digits' configs: 4096 samples at 8 kHz, a latent space of 20 dimensions (the paper's Section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audio_vae.config import DEFAULT_PRESET, AudioConfig, Config, TrainingConfig, make_config, preset_training
from audio_vae.errors import UserError

AUDIO = AudioConfig(rate_hz=8000, n_samples=4096)
LATENT_DIM = 20
CLASSIFIER_UNITS = (10, 10)
CLASS_NAMES = tuple("0123456789")
DEFAULT_SPEAKER = "jackson"
TRAINING: dict[str, dict[str, Any]] = {
    "studio": {"vae_learning_rate": 2e-3, "classifier_learning_rate": 2e-3, "clip_norm": None},
}
"""Preset → values of `TrainingConfig` that digits need: alike as they are, they bear larger steps."""


def make(
    preset: str = DEFAULT_PRESET,
    training: TrainingConfig | None = None,
    *,
    speakers: Sequence[str] = (DEFAULT_SPEAKER,),
) -> Config:
    """Return the config of a preset for the digits.

    Args:
        preset: name of a preset of `audio_vae.config.PRESETS`.
        training: how to train; `None` takes the preset's values and those of `TRAINING`.
        speakers: whose recordings to use; their order does not matter.

    Raises:
        UserError: the preset is unknown, or no speaker is given.
    """
    if not speakers:
        raise UserError(f"no speaker is given: name one or more with --speaker (e.g. {DEFAULT_SPEAKER})")
    return make_config(
        "digits",
        preset,
        audio=AUDIO,
        latent_dim=LATENT_DIM,
        n_classes=len(CLASS_NAMES),
        classifier_units=CLASSIFIER_UNITS,
        training=training or preset_training(preset, **TRAINING.get(preset, {})),
        data={"speakers": sorted(set(speakers))},
    )


def options(config: Config) -> dict[str, Any]:
    """Return the options of `make` that a config was made with, preset and training apart."""
    return {"speakers": config.data["speakers"]}
