"""Floating-point operations of the networks, counted from the shapes of their layers."""

from __future__ import annotations

import math

import keras

from audio_vae.audio import voice_pitch
from audio_vae.layers.dilation_block import DilationBlock
from audio_vae.layers.log_mel import LogMel
from audio_vae.layers.voice_features import VoicePitch
from audio_vae.layers.voice_synthesis import VoiceSynthesis
from audio_vae.models.vae import VAE

_UNCOUNTED = (
    keras.layers.InputLayer,
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.LeakyReLU,
    keras.layers.Add,
    keras.layers.Concatenate,
    keras.layers.ZeroPadding1D,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.ZeroPadding2D,
)
"""Layers without products of matrices: a few operations a value, or none."""


def forward_operations(network: keras.Model) -> int:
    """Return the multiplications and additions of a network's matrix products and convolutions for one sound.

    A multiply-add counts as two; biases, activations, gates and sums are not counted, and neither are products
    with the zeros of a padding that a convolution could leave out: every output sample costs its whole kernel.

    Raises:
        TypeError: a layer is of a kind that cannot be counted.
    """
    return sum(_of_layer(layer) for layer in network.layers)


def step_operations(vae: VAE) -> int:
    """Return the operations of one two-pass training step for one sound.

    A gradient costs two products of the forward pass's size, one for the weights and one for the input. Losses on
    decoded centres and on points between sounds decode once more each; what the losses themselves compute is not
    counted.
    """
    encoder, decoder = forward_operations(vae.encoder), forward_operations(vae.decoder)
    classifier = forward_operations(vae.classifier) if vae.classifier else 0
    second_pass = 3 * (encoder + classifier) if vae.classifier else 0
    n_decoded = 1 + bool(vae.loss_config.centre_weight) + bool(vae.loss_config.between_weight)
    return 3 * (encoder + n_decoded * decoder) + second_pass


def _of_layer(layer) -> int:
    if isinstance(layer, DilationBlock):
        n_samples, channels = layer.input.shape[1], layer.input.shape[2]
        n_products = layer.depth * 2 * 2 * layer.filters**2
        if layer.projection is not None:
            n_products += channels * layer.filters
        return 2 * n_samples * n_products
    if isinstance(layer, keras.layers.Conv1DTranspose):
        return 2 * layer.input.shape[1] * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv1D):
        return 2 * layer.output.shape[1] * math.prod(layer.kernel.shape)
    if isinstance(layer, LogMel):
        # A Fourier transform is a product with a matrix of cosines and sines, and the means of bands are another.
        n_products = sum((2 * window + layer.n_mels) * (1 + window // 2) for window in layer.windows)
        return 2 * layer.output.shape[1] * n_products
    if isinstance(layer, VoicePitch):
        bins, candidates = 1 + layer.window // 2, len(voice_pitch.candidates_hz())
        return 2 * layer.output.shape[1] * bins * (2 * layer.window + candidates + 1)
    if isinstance(layer, VoiceSynthesis):
        # The noise at both ends of a frame, and the harmonics, whose amplitudes lie between bands.
        _, n_frames, n_noise_bands = layer.input[2].shape
        n_samples = n_frames * layer.hop_length
        harmonics = layer.n_harmonics * ((n_frames + 1) * layer.n_voice_bands + 2 * n_samples)
        return 2 * (2 * n_samples * n_noise_bands + harmonics)
    if isinstance(layer, keras.layers.Dense):
        return 2 * math.prod(layer.kernel.shape)
    if isinstance(layer, _UNCOUNTED):
        return 0
    raise TypeError(f"Expected a layer whose operations are known, received: {type(layer).__name__}")
