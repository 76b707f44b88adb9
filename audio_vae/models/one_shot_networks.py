"""The networks of one-shots: principal components of what is heard of a sound, and tones and noise made from them.

Layers: the encoder analyses a sound on a grid of times and bands (`layers.one_shot_analysis`), the decoder controls
tones and noise on the same grid (`layers.one_shot_synthesis`). Between them lie two linear maps, to the latent and from
it, and a small network beside each::

    audio (T) ─ analysis ┬ dense ────────┬ latent (d) ┬ dense ────────┬ controls ─ synthesis ─ audio (T)
                         └ dense network ┘            └ dense network ┘

The linear maps start as the principal components of the training sounds (`models.one_shot_start`), and the networks
beside them as 0. On a straight line in the latent space, levels then change linearly in decibels.

Functional models: each function takes the output of a layer and returns that of the network's last layer; `networks`
makes models of them.

Config: `model_config.OneShotConfig`.

References: Lucas et al. (2019), Don't blame the ELBO! (principal components are the optimum of a linear VAE).
"""

from __future__ import annotations

from keras import layers

from audio_vae.audio.one_shot_grid import Grid
from audio_vae.layers.one_shot_analysis import OneShotAnalysis
from audio_vae.layers.one_shot_synthesis import OneShotSynthesis
from audio_vae.model_config import ModelConfig

ANALYSIS, CONTROLS, SYNTHESIS = "analysis", "controls", "synthesis"
"""Names of the encoder's first layer, of the layer from the latent to the controls, and of the decoder's last layer."""

_SLOPE = 0.2
"""Slope of the leaky ReLUs below 0."""


def hop_lengths(config: ModelConfig) -> list[int]:
    """Return the samples from one frame to the next of the decoder, which makes all sound in frames of one length."""
    return [_grid(config).hop_length]


def _grid(config: ModelConfig) -> Grid:
    return Grid(config.oneshot.rate_hz, config.n_samples, config.oneshot.n_noise_bands)


def one_shot_encoder(config: ModelConfig, x):
    """Add the encoder's layers up to the dense pair.

    Args:
        config: the networks' config.
        x: audio, `(B, T, 1)`.

    Returns:
        `(B, n_features)`, and `None`, because there is no table whose next row the dense pair would be.
    """
    x = layers.Reshape((config.n_samples,), name="samples_alone")(x)
    # In float32 whatever the network computes in: powers span the range from silence to full scale.
    return OneShotAnalysis(config.oneshot.rate_hz, name=ANALYSIS, dtype="float32")(x), None


def one_shot_details(config: ModelConfig, x, n_values: int, name: str):
    """Add a dense network that starts as 0: `(B, n)` → `(B, n_values)`."""
    for number in (1, 2):
        x = layers.Dense(config.oneshot.hidden_units, name=f"{name}_hidden_{number}")(x)
        x = layers.LeakyReLU(_SLOPE, name=f"{name}_activation_{number}")(x)
    return layers.Dense(n_values, kernel_initializer="zeros", name=name)(x)


def one_shot_decoder(config: ModelConfig, latent):
    """Add the decoder's layers: latent `(B, d)` → audio `(B, T)`."""
    grid = _grid(config)
    controls = layers.Add(name="controls_with_details")(
        [
            layers.Dense(grid.n_controls, name=CONTROLS)(latent),
            one_shot_details(config, latent, grid.n_controls, "control_details"),
        ]
    )
    synthesis = OneShotSynthesis(
        config.oneshot.rate_hz, config.n_samples, config.oneshot.n_noise_bands, name=SYNTHESIS, dtype="float32"
    )
    return synthesis(controls)
