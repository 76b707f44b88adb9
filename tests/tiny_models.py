"""What tests of models share: how one is built, and a loss with most of the terms that the paper does not have."""

from audio_vae.config import LossConfig, TrainingConfig
from audio_vae.models.vae import build_vae

SPECTRAL = LossConfig(
    likelihood_weight=0.5, kl_weight=0.1, spectral_weight=2.0, spectral_windows=(16,), centre_weight=3.0
)


def built(model, *, loss=None, **training):
    return build_vae(model, loss or LossConfig(), TrainingConfig(**training))
