"""What tests of models share: how one is built, and a loss with most of the terms that the paper does not have."""

from audio_vae.config import LossConfig, TrainingConfig
from audio_vae.model_config import DilatedConfig, OneShotConfig, PlainConfig
from audio_vae.models.vae import build_vae

TINY = {
    "n_samples": 64,
    "latent_dim": 3,
    "n_classes": 3,
    "classifier_units": (4,),
    "dc": DilatedConfig(depth=4, long_cycle=3, short_cycle=2, filters=4, stem_filters=4, stem_kernel=8),
    "cc": PlainConfig(filters=(4, 4, 6, 6, 8)),
    "oneshot": OneShotConfig(rate_hz=8000, n_noise_bands=8, hidden_units=8),
}

SPECTRAL = LossConfig(
    likelihood_weight=0.5, kl_weight=0.1, spectral_weight=2.0, spectral_windows=(16,), centre_weight=3.0
)

ONE_SHOT = LossConfig(
    likelihood_weight=0.0,
    spectral_weight=0.25,
    spectral_windows=(16,),
    cell_weight=1.0,
    phasor_weight=0.1,
    classifier_moves_encoder=False,
)
"""The terms of one-shots."""


def built(model, *, loss=None, **training):
    return build_vae(model, loss or LossConfig(), TrainingConfig(**training))
