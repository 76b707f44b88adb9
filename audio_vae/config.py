"""Every choice of a run, as frozen dataclasses that are validated and converted to JSON and back.

A `Config` is complete: together with the sounds, it determines a run. The networks' part is in `model_config`. The
paper's models are the presets `dc`, `cc` and `dc-nonclass` (`presets`); a variant is another value in a config.
Sources of the numbers: Lionello and Purwins (2020), Tables 1 and 2 and Section 3.1.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audio_vae.model_config import ModelConfig, from_values, nested, require_length, require_one_of
from audio_vae.utils.errors import require

REDUCTIONS = ("sum", "mean")
PRECISIONS = ("float32", "bfloat16")
DECAYS = ("none", "cosine")
PASSES = ("vae", "classifier")
AVERAGES = ("none", "first", "each_epoch")
TRAINED_SOUNDS = ("training", "all")
SHUFFLES = ("each_epoch", "once")
KEPT_MODELS = ("last", "best")


@dataclass(frozen=True)
class AudioConfig:
    """How a sound file becomes the model's input.

    Attributes:
        rate_hz: sample rate of the model's input and output.
        n_samples: length T of the model's input and output; a multiple of 32.
        onset_db: a sound is cut to start where its level first comes within this many decibels of its peak. `None`
            keeps its own start.
        fade_s: length of the fade-out of a sound that is cut at `n_samples`.
        removes_mean: whether the mean of a sound's samples is taken from it first.
        trims_long: whether a sound longer than T is trimmed as the paper's code does (`audio.waveform.trim_long`), in
            place of `onset_db` and the fade.
    """

    rate_hz: int = 8000
    n_samples: int = 4096
    onset_db: float | None = None
    fade_s: float = 0.01
    removes_mean: bool = False
    trims_long: bool = False

    def __post_init__(self):
        require(self.rate_hz > 0, "a positive sample rate", rate_hz=self.rate_hz)
        require_length(self.n_samples)
        require(
            self.onset_db is None or self.onset_db > 0,
            "a positive number of decibels below the peak, or None",
            onset_db=self.onset_db,
        )
        require(self.fade_s >= 0, "a fade of 0 seconds or more", fade_s=self.fade_s)
        require(
            not (self.trims_long and self.onset_db), "one of trims_long and onset_db, not both", onset_db=self.onset_db
        )


@dataclass(frozen=True)
class LossConfig:
    """The losses of both passes (Eq. 1 and Section 3.1), and terms that the paper does not have.

    Terms that the paper does not have are computed only if their weight is not 0.

    Attributes:
        likelihood_weight: λ₁₁.
        kl_weight: λ₁₂.
        classification_weight: λ₂.
        classifier_moves_encoder: whether ∇₂ moves the encoder too, as in the paper, or the classifier alone.
        first_pass: the pass that a step begins with: `vae` (∇₁, as in the paper) or `classifier` (∇₂, as in its code).
        prior_std: standard deviation of the prior, N(0, prior_std²) in each dimension.
        likelihood_reduction: `sum` over a sound's samples (Eq. 1's squared norm) or `mean`.
        kl_reduction: `sum` over latent dimensions or `mean`.
        spectral_weight: weight of the distance between spectrograms (`models.losses.spectral_distance`).
        spectral_windows: windows of these spectrograms, in samples.
        spectral_bands: bands per octave in which the logarithms of the spectrograms are compared, so that all octaves
            count equally; 0 compares bin by bin.
        spectral_from_onset: weight the frames of these logarithms by their distance from the sound's start, so that an
            attack counts as much as a decay; for sounds that start at their onset.
        cell_weight: weight of the distance between levels in the cells of the grid of one-shots
            (`models.losses.cell_distance`); has no effect on other networks.
        phasor_weight: weight of the squared distance of the phasors of low tones at the onset
            (`models.losses.phasor_distance`): they decide where the waveform of an attack peaks; has no effect on other
            networks than those of one-shots.
        voice_pitch_weight: weight of the squared distance of the decoder's pitch from that of the sound
            (`models.losses.pitch_distance`); has no effect on other networks than those of voices.
        centre_weight: weight of the distance of a sound from the decoded centre of its class
            (`models.losses.mfcc_distance`).
        between_weight: weight of the distances of a decoded point between two sounds from these
            (`models.losses.mfcc_distance`).
        cycle_weight: weight of the squared distance of such a point from the latent that the encoder finds for its
            sound; has no effect without `between_weight`.
        soft_dtw_gamma: γ of the MFCC distances (`audio.soft_dtw.soft_dtw`).
    """

    likelihood_weight: float = 1.0
    kl_weight: float = 1e-4
    classification_weight: float = 1.01
    classifier_moves_encoder: bool = True
    first_pass: str = "vae"
    prior_std: float = 1.0
    likelihood_reduction: str = "sum"
    kl_reduction: str = "sum"
    spectral_weight: float = 0.0
    spectral_windows: tuple[int, ...] = (64, 128, 256, 512, 1024)
    spectral_bands: int = 0
    spectral_from_onset: bool = False
    cell_weight: float = 0.0
    phasor_weight: float = 0.0
    voice_pitch_weight: float = 0.0
    centre_weight: float = 0.0
    between_weight: float = 0.0
    cycle_weight: float = 0.0
    soft_dtw_gamma: float = 0.1

    def __post_init__(self):
        for name in ("likelihood_reduction", "kl_reduction"):
            require_one_of(self, REDUCTIONS, name)
        require_one_of(self, PASSES, "first_pass")
        require(self.prior_std > 0, "a positive standard deviation", prior_std=self.prior_std)
        require(self.spectral_bands >= 0, "0 or more bands per octave", spectral_bands=self.spectral_bands)


def without_removed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a `LossConfig`, whatever version wrote them, without those that have become unknown."""
    # The weight of a pitch that only networks with oscillators had, which `model_config.nested` refuses.
    return {name: value for name, value in values.items() if name != "pitch_weight"}


@dataclass(frozen=True)
class AugmentationConfig:
    """How training sounds are changed at random (`layers.augmentation.Augmentation`).

    Attributes:
        shift_s: largest shift in time, in either direction.
        speed: largest relative change of speed, in either direction.
        polarity: whether the polarity of a random half of the sounds is inverted.
    """

    shift_s: float = 0.0
    speed: float = 0.0
    polarity: bool = False

    def __post_init__(self):
        require(self.shift_s >= 0, "a shift of 0 seconds or more", shift_s=self.shift_s)
        require(0 <= self.speed < 1, "a relative change of speed from 0 to below 1", speed=self.speed)


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is fitted (Sections 3.1 and 5).

    Attributes:
        epochs: passes over the training sounds.
        batch_size: number of sounds in a step.
        vae_learning_rate: learning rate of Adam for ∇₁ (encoder and decoder).
        classifier_learning_rate: learning rate of Adam for ∇₂ (encoder and classifier).
        seed: seed for the initial weights, the shuffling and the latent noise.
        precision: what the networks compute in, `float32` or `bfloat16`; weights, losses and optimizers are float32
            with either.
        decay: how the learning rates change: `none` keeps them, `cosine` lowers them to 0 over the epochs.
        clip_norm: largest norm of a pass's gradient, over all its variables together; `None` does not clip.
        clipped_passes: the passes whose gradient is clipped.
        adam_epsilon: ε of Adam. Gradients far below it hardly move a variable: with a likelihood averaged over samples,
            those of the decoder are 1e-8 to 1e-6.
        sounds: which sounds the model is trained on: the `training` sounds, or `all`, the test sounds as well: then no
            figure of the model is one of unseen sounds.
        averages: training sounds that are averages of two sounds of a class (`data.averages`): `none`; each sound with
            each of the `first` ones of its class, always the same; or with some of its class, drawn anew `each_epoch`.
        averages_per_sound: how many averages of each sound there are.
        shuffle: the order of the training sounds: another one `each_epoch`, or drawn `once`.
        kept_model: which model the run keeps: that of the `last` epoch, or of the `best`, the one with the least loss
            of ∇₁ in training.
    """

    epochs: int = 117
    batch_size: int = 8
    vae_learning_rate: float = 5e-4
    classifier_learning_rate: float = 1e-3
    seed: int = 0
    precision: str = "float32"
    decay: str = "none"
    clip_norm: float | None = None
    clipped_passes: tuple[str, ...] = PASSES
    adam_epsilon: float = 1e-7
    sounds: str = "training"
    averages: str = "none"
    averages_per_sound: int = 20
    shuffle: str = "each_epoch"
    kept_model: str = "last"

    def __post_init__(self):
        require(self.epochs >= 1, "1 or more epochs", epochs=self.epochs)
        require(self.batch_size >= 1, "1 or more sounds in a batch", batch_size=self.batch_size)
        require(self.seed >= 0, "a seed of 0 or more", seed=self.seed)
        for name, choices in {
            "precision": PRECISIONS,
            "decay": DECAYS,
            "sounds": TRAINED_SOUNDS,
            "averages": AVERAGES,
            "shuffle": SHUFFLES,
            "kept_model": KEPT_MODELS,
        }.items():
            require_one_of(self, choices, name)
        require(set(self.clipped_passes) <= set(PASSES), f"some of {PASSES}", clipped_passes=self.clipped_passes)
        require(
            self.averages_per_sound >= 1, "1 or more averages of a sound", averages_per_sound=self.averages_per_sound
        )
        require(self.clip_norm is None or self.clip_norm > 0, "a positive norm, or None", clip_norm=self.clip_norm)
        require(self.adam_epsilon > 0, "a positive number", adam_epsilon=self.adam_epsilon)


@dataclass(frozen=True)
class Config:
    """All choices of a run.

    Attributes:
        dataset: name of the data set: `digits`, `drums` or `folder`.
        preset: name of the preset that the config was made from.
        audio: how sound files become the model's input.
        model: the networks.
        loss: the losses.
        augmentation: how training sounds are changed.
        training: how the model is fitted.
        data: the data set's own options (speakers, kind of labels), as JSON values.
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
        require(
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
        """Rebuild a config from the values of `to_dict`, of any version.

        Raises:
            ValueError: a key is unknown or missing, a value is out of range, or the networks had parts that were
                removed.
        """
        try:
            changes = {"model": nested, "loss": without_removed}
            return from_values(cls, values | {part: f(values[part]) for part, f in changes.items() if part in values})
        except TypeError as error:
            raise ValueError(f"Not a config of this version: {error}") from error
