"""The paper's networks, `dc` (Table 1) and `cc` (Table 2), layer for layer, and the variants of its author's code.

Layers: dilation blocks (`layers.dilation_block.DilationBlock`) and Keras' convolutions. Layers have the name of their
row in the table. One layer that the tables do not print has a name of its own: `latent_to_samples`, the dense layer
from the latent (d) to the T/32 values that row 11 (row 9 in Table 2) takes::

    audio (T) ─ [dc: convolution, dilation block] ─ five convolutions, stride 2 ─ convolution ─ dense ─ latent (d)

    latent (d) ─ latent_to_samples (T/32) ─ the same backwards, transposed ─ audio (T)

The code differs in some layers, each of which is a value of the config (docs/paper.md lays both side by side). What it
has and the tables do not print has a name of its own: `latent_to_half`, a first dense layer of T/64 units;
`one_channel_out`, a convolution from the encoder's block to one channel; `output`, a dense layer from T to T samples.
Its decoders lack the one convolution of kernel 1 between the latent and the strided layers (row 11, row 9 in Table 2)
and the one from one channel to many before the block (row 18): there one channel is added to the many of the block.

Functional models: each function takes the output of a layer and returns that of the network's last convolution;
`networks` makes models of them.

Config: `model_config.DilatedConfig` for `dc`, `model_config.PlainConfig` for `cc`.
"""

from __future__ import annotations

from keras import layers

from audio_vae.layers.dilation_block import DilationBlock
from audio_vae.model_config import ModelConfig

HALVINGS = 5
"""Number of strided layers in each of the paper's networks: T shrinks to T/32 and grows back."""


def hop_lengths(config: ModelConfig) -> list[int]:
    """Return the samples of a frame before each of the decoder's strided layers, the last layer first."""
    return [2**number for number in range(1, HALVINGS + 1)]


def dilated_encoder(config: ModelConfig, x):
    """Add rows 1 to 8 of Table 1.

    Args:
        config: the networks' config.
        x: audio, `(B, T, 1)`.

    Returns:
        `(B, T/32, 1)`, and the number of the row that follows, the dense pair.
    """
    part = config.dc
    x = layers.Conv1D(
        part.stem_filters, part.stem_kernel, padding=part.padding, activation=part.stem_activation, name="row_1"
    )(x)
    x = _dilation_block(config, "row_2")(x)
    if config.pointwise == "code":
        x = layers.Conv1D(1, 1, name="one_channel_out")(x)
    for row in range(3, 3 + HALVINGS):
        x = _half_as_long(config, x, f"row_{row}")
    return layers.Conv1D(1, 1, name="row_8")(x), 9


def dilated_decoder(config: ModelConfig, latent):
    """Add rows 11 to 21 of Table 1, whose rows 12 to 17 are five layers: latent `(B, d)` → audio `(B, T, 1)`."""
    part = config.dc
    x = _latent_to_samples(config, latent, "row_11")
    for row in range(12, 12 + HALVINGS):
        x = _twice_as_long(config, x, f"row_{row}")
    if config.pointwise == "table":
        x = layers.Conv1DTranspose(part.filters, 1, padding="same", name="row_18")(x)
    widening = "repeat" if config.pointwise == "code" else "project"
    x = _dilation_block(config, "row_19", backwards=part.decoder_backwards, widening=widening)(x)
    x = layers.Conv1DTranspose(part.stem_filters, part.stem_kernel, padding="same", name="row_20")(x)
    return _output(config, layers.Conv1DTranspose(1, 1, padding="same", name="row_21")(x))


def plain_encoder(config: ModelConfig, x):
    """Add rows 1 to 6 of Table 2.

    Args:
        config: the networks' config.
        x: audio, `(B, T, 1)`.

    Returns:
        `(B, T/32, 1)`, and the number of the row that follows, the dense pair.
    """
    activation = config.cc.activation
    for row, (filters, kernel) in enumerate(zip(config.cc.filters, config.cc.kernels, strict=True), start=1):
        x = layers.Conv1D(filters, kernel, strides=2, padding="same", activation=activation, name=f"row_{row}")(x)
    return layers.Conv1D(1, 1, padding="same", name="row_6")(x), 7


def plain_decoder(config: ModelConfig, latent):
    """Add rows 9 to 15 of Table 2: latent `(B, d)` → audio `(B, T, 1)`."""
    x = _latent_to_samples(config, latent, "row_9")
    mirrored = zip(reversed(config.cc.filters), reversed(config.cc.kernels), strict=True)
    for row, (filters, kernel) in enumerate(mirrored, start=10):
        x = layers.Conv1DTranspose(
            filters, kernel, strides=2, padding="same", activation=config.cc.activation, name=f"row_{row}"
        )(x)
    return _output(config, layers.Conv1DTranspose(1, 1, padding="same", name="row_15")(x))


# A convolution of kernel 1 and stride 2 sees every second sample, and a transposed one puts silence between samples.
# These are steps of their own here: TensorFlow's gradient of such convolutions writes beyond its memory on CPUs (2.21).


def _half_as_long(config: ModelConfig, x, name: str):
    """Add a strided convolution to one channel: `(B, n, channels)` → `(B, n/2, 1)`."""
    kernel, activation = config.dc.strided_kernel, config.single_channel_activation
    if kernel > 1:
        padding = config.dc.padding
        return layers.Conv1D(1, kernel, strides=2, padding=padding, activation=activation, name=name)(x)
    n_samples, channels = x.shape[1:]
    x = layers.Reshape((n_samples // 2, 2, channels), name=f"{name}_pairs")(x)
    x = layers.Cropping2D(((0, 0), (0, 1)), name=f"{name}_first_of_pairs")(x)
    x = layers.Reshape((n_samples // 2, channels), name=f"{name}_every_second")(x)
    return layers.Conv1D(1, 1, activation=activation, name=name)(x)


def _twice_as_long(config: ModelConfig, x, name: str):
    """Add a strided transposed convolution of one channel: `(B, n, 1)` → `(B, 2n, 1)`."""
    kernel, activation = config.dc.strided_kernel, config.single_channel_activation
    if kernel > 1:
        return layers.Conv1DTranspose(1, kernel, strides=2, padding="same", activation=activation, name=name)(x)
    n_samples = x.shape[1]
    x = layers.Reshape((n_samples, 1, 1), name=f"{name}_samples")(x)
    x = layers.ZeroPadding2D(((0, 0), (0, 1)), name=f"{name}_with_silence")(x)
    x = layers.Reshape((2 * n_samples, 1), name=f"{name}_every_second")(x)
    return layers.Conv1DTranspose(1, 1, padding="same", activation=activation, name=name)(x)


def _dilation_block(config: ModelConfig, name: str, **more) -> DilationBlock:
    part = config.dc
    sizes = (part.depth, part.filters, part.long_cycle, part.short_cycle, part.gate)
    return DilationBlock(*sizes, padding=part.padding, name=name, **more)


def _latent_to_samples(config: ModelConfig, latent, row: str):
    """Add the dense layers that the tables do not print, and the convolution of kernel 1 that follows them there.

    Args:
        config: the networks' config.
        latent: `(B, d)`.
        row: name of that convolution.

    Returns:
        `(B, T/32, 1)`.
    """
    n_short = config.n_samples // 2**HALVINGS
    x = layers.Dense(n_short // 2, name="latent_to_half")(latent) if config.latent_layers == 2 else latent
    x = layers.Dense(n_short, name="latent_to_samples")(x)
    x = layers.Reshape((n_short, 1), name="one_channel")(x)
    if config.pointwise == "code":
        return x
    return layers.Conv1DTranspose(1, 1, padding="same", activation=config.single_channel_activation, name=row)(x)


def _output(config: ModelConfig, x):
    """Add the dense layer from T to T samples that the code ends with: `(B, T, 1)` → `(B, T, 1)` or `(B, T)`."""
    if not config.dense_output:
        return x
    return layers.Dense(config.n_samples, name="output")(layers.Flatten(name="all_samples")(x))
