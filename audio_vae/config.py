"""Every choice of a run, as frozen dataclasses that are validated and go to JSON and back.

A `Config` is complete: with the sounds it was trained on, it determines a run. The paper's
models are the presets `dc`, `cc` and `dc-nonclass`; a variant is another value in a config.
Sources of the numbers: Lionello and Purwins (2020), Tables 1 and 2 and Section 3.1.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

ARCHITECTURES = ("dc", "cc", "studio")
GATES = ("tanh_sigmoid", "product")
ACTIVATIONS = ("linear", "relu", "tanh")
REDUCTIONS = ("sum", "mean")
PRECISIONS = ("float32", "bfloat16")
DECAYS = ("none", "cosine")


def _require(ok: bool, expected: str, **received: Any) -> None:
    if not ok:
        shown = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"Expected {expected}, received: {shown}")


@dataclass(frozen=True)
class AudioConfig:
    """How a sound file becomes the model's input.

    Attributes:
        rate_hz: sample rate of the model's input and output.
        n_samples: length T of the model's input and output; a multiple of 32.
        onset_db: a sound starts where it first comes within this many decibels of its peak;
            what lies before is cut. `None` keeps the sound's own start.
        fade_s: length of the fade-out of a sound that is cut at `n_samples`.
    """

    rate_hz: int = 8000
    n_samples: int = 4096
    onset_db: float | None = None
    fade_s: float = 0.01

    def __post_init__(self):
        _require(self.rate_hz > 0, "a positive sample rate", rate_hz=self.rate_hz)
        _require(
            self.n_samples > 0 and self.n_samples % 32 == 0,
            "a positive multiple of 32 samples",
            n_samples=self.n_samples,
        )
        _require(
            self.onset_db is None or self.onset_db > 0,
            "a positive number of decibels below the peak, or None",
            onset_db=self.onset_db,
        )
        _require(self.fade_s >= 0, "a fade of 0 seconds or more", fade_s=self.fade_s)


@dataclass(frozen=True)
class ModelConfig:
    """The networks (Tables 1 and 2 of the paper) and their open points, and the studio networks.

    Attributes:
        architecture: `dc` (Table 1, dilation blocks), `cc` (Table 2, plain convolutions) or `studio` (a spectrogram
            and convolutions to the latent, strided convolutions, oscillators and noise from it).
        n_samples: length T of a sound.
        latent_dim: size d of the latent space.
        n_classes: number of classes of the classifier; 0 builds none (the paper's "non-class").
        classifier_units: units of the classifier's layers before the last, which has `n_classes`.
        depth: layers of a dilation block.
        long_cycle: the dilations of the first sub-layer run through 2^0 … 2^(long_cycle − 1).
        short_cycle: the same of the second sub-layer.
        block_filters: filters of each sub-layer of a dilation block.
        stem_filters: filters of the first and the second-last convolution of `dc`.
        stem_kernel: kernel of those, in samples.
        cc_filters: filters of the five strided convolutions of `cc`; its decoder mirrors them.
        cc_kernels: kernels of those, in samples.
        studio_rate_hz: sample rate that the mel bands of the studio encoder are for.
        studio_windows: windows of the mel spectrograms that the studio encoder starts with, in samples.
        studio_hop: hop of these, in samples.
        studio_mels: bands of each.
        studio_silence: value of silence in them: 0 for one-shots, most of which it is, less for what sounds throughout.
        studio_filters: channels of the stages of the studio decoder, from its last; the last of them for all further
            ones, and for the encoder.
        studio_frames: stages follow each other until a sound is at most so many frames.
        studio_dilations: of the residual convolutions of a stage.
        studio_tones: oscillators of the studio decoder; 0 leaves them out.
        studio_noise_bands: bands of noise of the studio decoder; 0 leaves them out.
        gate: `tanh_sigmoid` (WaveNet's) or `product` (as the paper writes it).
        activation: between the many-channel convolutions of `cc`.
        single_channel_activation: after the one-channel convolutions around the bottleneck.
        log_variance_start: bias that the log-variance starts with.
    """

    architecture: str = "dc"
    n_samples: int = 4096
    latent_dim: int = 20
    n_classes: int = 10
    classifier_units: tuple[int, ...] = (10, 10)
    depth: int = 50
    long_cycle: int = 10
    short_cycle: int = 5
    block_filters: int = 32
    stem_filters: int = 16
    stem_kernel: int = 32
    cc_filters: tuple[int, ...] = (128, 128, 256, 512, 1024)
    cc_kernels: tuple[int, ...] = (5, 4, 4, 4, 4)
    studio_rate_hz: int = 8000
    studio_windows: tuple[int, ...] = (256,)
    studio_hop: int = 64
    studio_mels: int = 40
    studio_silence: float = 0.0
    studio_filters: tuple[int, ...] = (32, 64, 128)
    studio_frames: int = 32
    studio_dilations: tuple[int, ...] = (1, 3, 9)
    studio_tones: int = 0
    studio_noise_bands: int = 0
    gate: str = "tanh_sigmoid"
    activation: str = "relu"
    single_channel_activation: str = "linear"
    log_variance_start: float = 0.0

    def __post_init__(self):
        _require(self.architecture in ARCHITECTURES, f"one of {ARCHITECTURES}", architecture=self.architecture)
        _require(self.gate in GATES, f"one of {GATES}", gate=self.gate)
        for name in ("activation", "single_channel_activation"):
            _require(getattr(self, name) in ACTIVATIONS, f"one of {ACTIVATIONS}", **{name: getattr(self, name)})
        for name in (
            "latent_dim",
            "depth",
            "long_cycle",
            "short_cycle",
            "block_filters",
            "stem_filters",
            "stem_kernel",
            "studio_rate_hz",
            "studio_hop",
            "studio_mels",
            "studio_frames",
        ):
            _require(getattr(self, name) >= 1, "a count of 1 or more", **{name: getattr(self, name)})
        _require(
            self.n_samples > 0 and self.n_samples % 32 == 0,
            "a positive multiple of 32 samples",
            n_samples=self.n_samples,
        )
        _require(self.n_classes == 0 or self.n_classes >= 2, "0 or at least 2 classes", n_classes=self.n_classes)
        _require(
            len(self.cc_filters) == len(self.cc_kernels) == 5,
            "five filters and five kernels (T shrinks by 2 five times)",
            cc_filters=self.cc_filters,
            cc_kernels=self.cc_kernels,
        )
        for name in ("studio_tones", "studio_noise_bands"):
            count = getattr(self, name)
            _require(count == 0 or count >= 2, "0, or a count of 2 or more", **{name: count})
        for name in ("studio_windows", "studio_filters", "studio_dilations"):
            _require(
                bool(getattr(self, name)) and min(getattr(self, name)) >= 1,
                "one count of 1 or more, or several",
                **{name: getattr(self, name)},
            )


@dataclass(frozen=True)
class LossConfig:
    """The two passes' losses (Eq. 1 and Section 3.1), and those that the paper does not have.

    The terms that the paper does not have are computed where they have a weight.

    Attributes:
        likelihood_weight: λ₁₁.
        kl_weight: λ₁₂.
        classification_weight: λ₂.
        likelihood_reduction: `sum` over a sound's samples (Eq. 1's squared norm) or `mean`.
        kl_reduction: `sum` over latent dimensions or `mean`.
        spectral_weight: of the distance between spectrograms (`losses.spectral_distance`).
        spectral_windows: windows of these, in samples.
        spectral_bands: bands an octave in which the logarithms of the spectrograms are compared, so that all octaves
            count alike; 0 compares bin by bin.
        spectral_from_onset: count the frames of these logarithms by their distance from the sound's start, so that an
            attack weighs as much as a decay; for sounds that start at their onset.
        pitch_weight: of how far the pitch of the oscillators lies from the sound's (`losses.pitch_error`); counts with
            oscillators only.
        centre_weight: of the distance from the decoded centre of a sound's class to the sound
            (`losses.mfcc_distance`).
        between_weight: of the distances from a decoded point between two sounds to these (`losses.mfcc_distance`).
        cycle_weight: of the squared distance from such a point to where the encoder hears it; counts with
            `between_weight` only.
        soft_dtw_gamma: γ of these distances (`soft_dtw.soft_dtw`).
    """

    likelihood_weight: float = 1.0
    kl_weight: float = 1e-4
    classification_weight: float = 1.01
    likelihood_reduction: str = "sum"
    kl_reduction: str = "sum"
    spectral_weight: float = 0.0
    spectral_windows: tuple[int, ...] = (64, 128, 256, 512, 1024)
    spectral_bands: int = 0
    spectral_from_onset: bool = False
    pitch_weight: float = 0.0
    centre_weight: float = 0.0
    between_weight: float = 0.0
    cycle_weight: float = 0.0
    soft_dtw_gamma: float = 0.1

    def __post_init__(self):
        for name in ("likelihood_reduction", "kl_reduction"):
            _require(getattr(self, name) in REDUCTIONS, f"one of {REDUCTIONS}", **{name: getattr(self, name)})
        _require(self.spectral_bands >= 0, "0 or more bands an octave", spectral_bands=self.spectral_bands)


@dataclass(frozen=True)
class AugmentationConfig:
    """How training sounds are changed at random (`augmentation.Augmentation`).

    Attributes:
        shift_s: largest shift in time, either way.
        speed: largest relative change of speed, either way.
        polarity: whether half of the sounds are turned over.
    """

    shift_s: float = 0.0
    speed: float = 0.0
    polarity: bool = False

    def __post_init__(self):
        _require(self.shift_s >= 0, "a shift of 0 seconds or more", shift_s=self.shift_s)
        _require(0 <= self.speed < 1, "a change of speed of 0 to below 1", speed=self.speed)


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is fitted (Sections 3.1 and 5).

    Attributes:
        epochs: passes over the training sounds.
        batch_size: sounds in a step.
        vae_learning_rate: Adam's for ∇₁ (encoder and decoder).
        classifier_learning_rate: Adam's for ∇₂ (encoder and classifier).
        seed: of the initial weights, the order of sounds and the latent noise.
        precision: what the networks compute in; weights, losses and optimizers are float32 with either
            of `float32` and `bfloat16`.
        decay: how the learning rates go on from their start: `none`, or `cosine` down to 0 over the epochs.
        clip_norm: largest norm of a pass's gradient, all its variables together; `None` leaves it as it is.
        adam_epsilon: ε of Adam. A gradient far below it makes hardly a step: those of the decoder of a likelihood
            averaged over samples are 1e-8 to 1e-6.
    """

    epochs: int = 117
    batch_size: int = 8
    vae_learning_rate: float = 5e-4
    classifier_learning_rate: float = 1e-3
    seed: int = 0
    precision: str = "float32"
    decay: str = "none"
    clip_norm: float | None = None
    adam_epsilon: float = 1e-7

    def __post_init__(self):
        _require(self.epochs >= 1, "1 epoch or more", epochs=self.epochs)
        _require(self.batch_size >= 1, "1 sound or more in a batch", batch_size=self.batch_size)
        _require(self.seed >= 0, "a seed of 0 or more", seed=self.seed)
        _require(self.precision in PRECISIONS, f"one of {PRECISIONS}", precision=self.precision)
        _require(self.decay in DECAYS, f"one of {DECAYS}", decay=self.decay)
        _require(self.clip_norm is None or self.clip_norm > 0, "a positive norm, or None", clip_norm=self.clip_norm)
        _require(self.adam_epsilon > 0, "a positive number", adam_epsilon=self.adam_epsilon)


@dataclass(frozen=True)
class Config:
    """A whole run.

    Attributes:
        dataset: `digits`, `drums`, ….
        preset: name that the config was made from.
        data: the data set's own options (speakers, label source, folder), JSON values.
    """

    dataset: str
    preset: str
    audio: AudioConfig = field(default_factory=AudioConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    data: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        _require(
            self.audio.n_samples == self.model.n_samples,
            "the same length in audio and model",
            audio=self.audio.n_samples,
            model=self.model.n_samples,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the config as plain JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Rebuild a config from `to_dict`'s values.

        Raises:
            ValueError: a key is unknown or missing, or a value is out of range.
        """
        parts = {
            "audio": AudioConfig,
            "model": ModelConfig,
            "loss": LossConfig,
            "augmentation": AugmentationConfig,
            "training": TrainingConfig,
        }
        try:
            return cls(
                **{name: from_values(parts[name], value) if name in parts else value for name, value in values.items()}
            )
        except TypeError as error:
            raise ValueError(f"Not a config of this version: {error}") from error


def from_values(kind: type, values: dict[str, Any]) -> Any:
    """Build one of this module's dataclasses from JSON values (lists become tuples)."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
