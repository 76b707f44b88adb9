"""The networks' part of a config: what all architectures share, and a part for each of these.

Files that were written by version 0.1 name the values of all three architectures side by side, with prefixes such as
`studio_hop`, and have values of parts of the networks that were removed; `nested` brings them into today's form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from audio_vae.utils.errors import require

ARCHITECTURES = ("dc", "cc", "voice", "oneshot")
GATES = ("tanh_sigmoid", "product", "tanh_tanh")
PADDINGS = ("causal", "same")
POINTWISE = ("table", "code")
ACTIVATIONS = ("linear", "relu", "tanh")
CLASSIFIER_OUTPUTS = ("linear", "sigmoid")

LENGTH_STEP = 32
"""Lengths of sounds are multiples of so many samples."""


@dataclass(frozen=True)
class DilatedConfig:
    """The architecture `dc`: dilation blocks (Table 1 of the paper).

    Attributes:
        depth: number of layers of a dilation block.
        long_cycle: the dilations of a layer's first sub-layer repeat 2^0 … 2^(long_cycle − 1).
        short_cycle: the same for its second sub-layer.
        filters: filters of each sub-layer.
        stem_filters: filters of the encoder's first and the decoder's second-last convolution.
        stem_kernel: kernel of these two, in samples.
        gate: how a layer joins its sub-layers: `tanh_sigmoid` (WaveNet's gate), `product` (as the paper writes it) or
            `tanh_tanh` (as its code has it).
        padding: where the convolutions of the encoder and of both blocks look: `causal` (back alone) or `same` (to both
            sides, as in the paper's code).
        stem_activation: activation of the encoder's first convolution.
        strided_kernel: kernel of the strided convolutions, in samples.
        decoder_backwards: whether the decoder's block runs through the dilations backwards.
    """

    depth: int = 50
    long_cycle: int = 10
    short_cycle: int = 5
    filters: int = 32
    stem_filters: int = 16
    stem_kernel: int = 32
    gate: str = "tanh_sigmoid"
    padding: str = "causal"
    stem_activation: str = "linear"
    strided_kernel: int = 2
    decoder_backwards: bool = False

    def __post_init__(self):
        counts = ("depth", "long_cycle", "short_cycle", "filters", "stem_filters", "stem_kernel", "strided_kernel")
        _require_counts(self, *counts)
        require_one_of(self, GATES, "gate")
        require_one_of(self, PADDINGS, "padding")
        require_one_of(self, ACTIVATIONS, "stem_activation")


@dataclass(frozen=True)
class PlainConfig:
    """The architecture `cc`: plain strided convolutions (Table 2 of the paper).

    Attributes:
        filters: filters of the encoder's five strided convolutions; the decoder mirrors them.
        kernels: kernels of these, in samples.
        activation: activation of these: one of `ACTIVATIONS`.
    """

    filters: tuple[int, ...] = (128, 128, 256, 512, 1024)
    kernels: tuple[int, ...] = (5, 4, 4, 4, 4)
    activation: str = "relu"

    def __post_init__(self):
        require(
            len(self.filters) == len(self.kernels) == 5,
            "five filters and five kernels (T is halved five times)",
            filters=self.filters,
            kernels=self.kernels,
        )
        # TensorFlow's gradient of a convolution of kernel 1 and stride 2 writes beyond its memory on CPUs.
        require(min(self.kernels) >= 2, "kernels of 2 or more samples", kernels=self.kernels)
        require_one_of(self, ACTIVATIONS, "activation")


@dataclass(frozen=True)
class VoiceConfig:
    """The architecture `voice`: a mel spectrogram and the pitch in; harmonics and noise in dense bands out.

    Attributes:
        rate_hz: sample rate that the encoder's mel bands are made for.
        windows: windows of the encoder's mel spectrograms, in samples.
        hop_length: hop length of all of these, in samples.
        n_mels: number of mel bands of each.
        silence: value that silence has in the spectrograms: below 0 for sounds that fill their length, so that the
            mean of all values is about 0.
        filters: channels of the decoder's stages, from its last stage backwards. The last of these values is also
            that of all further stages, and of the encoder.
        n_frames: stages are added until a sound is at most this many frames long.
        dilations: dilations of the residual blocks of each stage.
        n_voice_bands: number of bands of the harmonics' amplitudes.
        n_noise_bands: number of bands of the noise.
    """

    rate_hz: int = 8000
    windows: tuple[int, ...] = (256,)
    hop_length: int = 64
    n_mels: int = 40
    silence: float = 0.0
    filters: tuple[int, ...] = (128, 192)
    n_frames: int = 32
    dilations: tuple[int, ...] = (1, 3, 9)
    n_voice_bands: int = 24
    n_noise_bands: int = 40

    def __post_init__(self):
        _require_counts(self, "rate_hz", "hop_length", "n_mels", "n_frames", "n_voice_bands", "n_noise_bands")
        for name in ("windows", "filters", "dilations"):
            counts = getattr(self, name)
            require(bool(counts) and min(counts) >= 1, "one or several counts of 1 or more", **{name: counts})


@dataclass(frozen=True)
class OneShotConfig:
    """The architecture `oneshot`: principal components of one-shots; tones and noise in dense bands out.

    Attributes:
        rate_hz: sample rate of the sounds.
        n_noise_bands: number of noise bands.
        hidden_units: units of the two hidden layers beside each linear map.
    """

    rate_hz: int = 44100
    n_noise_bands: int = 40
    hidden_units: int = 256

    def __post_init__(self):
        _require_counts(self, "rate_hz", "n_noise_bands", "hidden_units")


@dataclass(frozen=True)
class ModelConfig:
    """The networks.

    Attributes:
        architecture: one of `ARCHITECTURES`; the parts of the others have no effect.
        n_samples: length T of a sound, in samples; a multiple of 32.
        latent_dim: size d of the latent space.
        n_classes: number of classes of the classifier; 0 builds no classifier (the paper's "non-class").
        classifier_units: units of the classifier's hidden layers; its last layer has `n_classes`.
        classifier_output: what the classifier's softmax is taken of: `linear` outputs, or `sigmoid` for values from 0
            to 1, with which the cross-entropy of ten classes stays above 1.46.
        classifier_start_std: standard deviation of the classifier's initial weights; `None` starts as Keras does.
        single_channel_activation: activation of the one-channel convolutions around the bottleneck of `dc` and `cc`.
        log_variance_start: initial bias of the log-variance.
        latent_layers: dense layers from the latent to the decoder of `dc` and `cc`: 1 has T/32 units; 2 have T/64 and
            T/32.
        pointwise: which convolutions of kernel 1 `dc` and `cc` have beside those of both: those of the paper's `table`,
            or of its `code` (`models.paper_networks`).
        dense_output: whether a dense layer from T to T samples is the last of `dc` and `cc`.
        dc: values of `dc` alone.
        cc: values of `cc` alone.
        voice: values of `voice` alone.
        oneshot: values of `oneshot` alone.
    """

    architecture: str = "dc"
    n_samples: int = 4096
    latent_dim: int = 20
    n_classes: int = 10
    classifier_units: tuple[int, ...] = (10, 10)
    classifier_output: str = "linear"
    classifier_start_std: float | None = None
    single_channel_activation: str = "linear"
    log_variance_start: float = 0.0
    latent_layers: int = 1
    pointwise: str = "table"
    dense_output: bool = False
    dc: DilatedConfig = field(default_factory=DilatedConfig)
    cc: PlainConfig = field(default_factory=PlainConfig)
    voice: VoiceConfig = field(default_factory=VoiceConfig)
    oneshot: OneShotConfig = field(default_factory=OneShotConfig)

    def __post_init__(self):
        require_one_of(self, ARCHITECTURES, "architecture")
        require_one_of(self, ACTIVATIONS, "single_channel_activation")
        require_one_of(self, CLASSIFIER_OUTPUTS, "classifier_output")
        require_one_of(self, POINTWISE, "pointwise")
        _require_counts(self, "latent_dim", "latent_layers")
        require(self.latent_layers <= 2, "1 or 2 dense layers behind the latent", latent_layers=self.latent_layers)
        require(
            self.classifier_start_std is None or self.classifier_start_std > 0,
            "a positive standard deviation, or None",
            classifier_start_std=self.classifier_start_std,
        )
        require_length(self.n_samples)
        require(self.n_classes == 0 or self.n_classes >= 2, "0 or at least 2 classes", n_classes=self.n_classes)


def require_length(n_samples: int) -> None:
    """Check the length T of a model's sounds, which the paper's networks halve five times.

    Raises:
        ValueError: it is no positive multiple of `LENGTH_STEP`.
    """
    fits = n_samples > 0 and n_samples % LENGTH_STEP == 0
    require(fits, f"a positive multiple of {LENGTH_STEP} samples", n_samples=n_samples)


def require_one_of(config: Any, choices: tuple[str, ...], name: str) -> None:
    """Check a field of a config.

    Raises:
        ValueError: it is none of the choices.
    """
    require(getattr(config, name) in choices, f"one of {choices}", **{name: getattr(config, name)})


def _require_counts(config: Any, *names: str) -> None:
    for name in names:
        require(getattr(config, name) >= 1, "a count of 1 or more", **{name: getattr(config, name)})


_FLAT_NAMES: Mapping[str, Mapping[str, str]] = {
    "dc": {
        "depth": "depth",
        "long_cycle": "long_cycle",
        "short_cycle": "short_cycle",
        "block_filters": "filters",
        "stem_filters": "stem_filters",
        "stem_kernel": "stem_kernel",
        "gate": "gate",
    },
    "cc": {"cc_filters": "filters", "cc_kernels": "kernels", "activation": "activation"},
}
"""Architecture → name in version 0.1 → name since then."""

_REMOVED_PREFIX = "studio"
"""The architecture that `voice` and `oneshot` took the place of; its part, or its values' prefix in version 0.1."""


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `ModelConfig`, with a part for each architecture, whatever version wrote them.

    Args:
        values: name → value, as any version writes them. What a file leaves out stays out.

    Raises:
        ValueError: the networks had parts that were removed.
    """
    if values.get("architecture") == _REMOVED_PREFIX:
        raise ValueError("its networks are of an earlier version of audio-vae: train again, or use that version")
    old_names = {old for names in _FLAT_NAMES.values() for old in names}
    converted = {
        name: value for name, value in values.items() if name not in old_names and name.split("_")[0] != _REMOVED_PREFIX
    }
    for part, names in _FLAT_NAMES.items():
        found = {new: values[old] for old, new in names.items() if old in values}
        if found:
            converted[part] = {**converted.get(part, {}), **found}
    return converted


def from_values(kind: type, values: Mapping[str, Any]) -> Any:
    """Build a config dataclass, and the dataclasses that are its parts, from JSON values (lists become tuples).

    Raises:
        TypeError: a name is unknown, or one without a default is missing.
        ValueError: a value is out of range.
    """
    parts = {name: hint for name, hint in get_type_hints(kind).items() if dataclasses.is_dataclass(hint)}

    def converted(name: str, value: Any) -> Any:
        if name in parts:
            return from_values(parts[name], value)
        return tuple(value) if isinstance(value, list) else value

    return kind(**{name: converted(name, value) for name, value in values.items()})


def with_values(config: Any, values: Mapping[str, Any]) -> Any:
    """Return a config dataclass with other values.

    Args:
        config: the config; it stays as it is.
        values: name → new value; for a part of the config that is a dataclass itself, name → values of the part.

    Raises:
        TypeError: a name is unknown.
        ValueError: a value is out of range.
    """
    changed = {}
    for name, value in values.items():
        part = getattr(config, name, None)
        changed[name] = with_values(part, value) if dataclasses.is_dataclass(part) else value
    return dataclasses.replace(config, **changed)
