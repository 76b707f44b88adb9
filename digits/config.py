"""The configs of digits: 4096 samples at 8 kHz, a latent space of 20 dimensions (the paper's Section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.presets import DEFAULT_PRESET, Values, make_config
from audio_vae.utils.errors import UserError
from audio_vae.utils.names import composed

ABOUT = "spoken digits (FSDD, 8 kHz, 4096 samples)"
"""What the sounds are, for the help of the commands."""

AUDIO = AudioConfig(rate_hz=8000, n_samples=4096)
"""Sample rate and length of the sounds."""

LATENT_DIM = 20
"""Size of the latent space."""

STUDIO_LATENT_DIM = 32
"""The same for the preset `studio`, whose latents hold the pitch over time as well."""

CLASSIFIER_UNITS = (10, 10)
"""Units of the hidden layers of the classifier."""

CLASS_NAMES = tuple("0123456789")

DEFAULT_SPEAKER = "jackson"
"""The speaker of the paper's digits."""

NEEDS: dict[str, Values] = {
    # Digits fill their length.
    "studio": {"model": {"voice": {"silence": -1.8}}},
}
"""Preset → the values that digits need in place of its own."""


def make(
    preset: str = DEFAULT_PRESET,
    training: TrainingConfig | None = None,
    *,
    speakers: Sequence[str] = (DEFAULT_SPEAKER,),
) -> Config:
    """Return the config of a preset for the digits.

    Args:
        preset: name of a preset in `presets.PRESETS`.
        training: how to train; `None` takes the values of the preset and of `NEEDS`.
        speakers: the speakers whose recordings to use; their order does not matter.

    Raises:
        UserError: the preset is unknown, or no speaker is given.
    """
    if not speakers:
        raise UserError(f"no speaker is given: name one or more with --speaker (e.g. {DEFAULT_SPEAKER})")
    return make_config(
        "digits",
        preset,
        audio=AUDIO,
        latent_dim=STUDIO_LATENT_DIM if preset == "studio" else LATENT_DIM,
        n_classes=len(CLASS_NAMES),
        classifier_units=CLASSIFIER_UNITS,
        needs=NEEDS,
        training=training,
        data={"speakers": sorted(set(map(composed, speakers)))},
    )


def options(config: Config) -> dict[str, Any]:
    """Return the options of `make` that a config was made with, preset and training apart."""
    return {"speakers": config.data["speakers"]}
