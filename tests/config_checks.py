"""What tests of configs share: a config of a preset, and checks of what a config refuses."""

import dataclasses
import re

import pytest

from audio_vae.config import AudioConfig, TrainingConfig
from audio_vae.presets import make_config


def preset_config(preset):
    """A config of a preset, with values of its own wherever a data set gives them."""
    return make_config(
        "digits",
        preset,
        audio=AudioConfig(rate_hz=22050, n_samples=16384, onset_db=40.0, fade_s=0.02),
        latent_dim=30,
        n_classes=5,
        classifier_units=(7, 8),
        training=TrainingConfig(epochs=3, seed=4),
        data={"speakers": ["jackson", "theo"]},
    )


def check_value_out_of_range(kind, name, value, expected):
    """A config of a kind refuses a value of a field, and says what it expects and what it got."""
    message = rf"Expected {re.escape(expected)}.*received: .*{re.escape(f'{name}={value!r}')}"
    with pytest.raises(ValueError, match=message):
        kind(**{name: value})


def check_frozen(config, name):
    """A field of a config cannot be set."""
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(config, name, 1)
