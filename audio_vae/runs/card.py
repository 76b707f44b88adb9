"""The card of a pretrained model: card.json.

A pretrained model is a run folder that is only read. It comes with the package, in `pretrained/NAME`:

    NAME/card.json      the card: data set, licence, figures, centres of the classes
    NAME/config.json    as in the run that it was made from
    NAME/model.keras    the model without its optimizers
    NAME/logs/          history.csv
    NAME/latents.npz    posterior means and log-variances of all training and test sounds
    NAME/sounds.npz     a few of these sounds
    NAME/check.npz      results of the model when it was packed, to compare with
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.data.sources import Credit
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import read_json

CARD_NAME = "card.json"
"""Only the folders of pretrained models hold this file."""


@dataclass(frozen=True, eq=False)
class Centre:
    """The centre of a class: the mean of the posterior means of its training sounds.

    Attributes:
        latent: float32 `[d]`.
        peak: median of the sounds' original peaks, full scale is 1.
        length_samples: median of their lengths before padding, in samples.
        nearest: name of the sound whose posterior mean is nearest to the centre.
    """

    latent: np.ndarray
    peak: float
    length_samples: int
    nearest: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**vars(self), "latent": self.latent.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Centre:
        """Rebuild it from `to_dict`'s values."""
        latent = np.array(values["latent"], np.float32)
        return cls(latent, float(values["peak"]), int(values["length_samples"]), str(values["nearest"]))


@dataclass(frozen=True, eq=False)
class Card:
    """The card of a pretrained model.

    Attributes:
        name: name of the model, which is that of its folder.
        dataset: the data set that it was trained on, such as `drums`.
        preset: preset of the model.
        licence: licence of the model and of the sounds in its folder.
        sources: where its training and test sounds come from.
        class_names: names of the classes.
        rate_hz: sample rate of its sounds.
        n_samples: length T of a sound.
        epochs: number of epochs that it was trained for.
        training_s: time that the training took; `None` if it is not known.
        trained_on: the machines that it was trained on.
        n_train: number of training sounds.
        n_test: number of test sounds.
        one_nn_accuracy: 1-NN accuracy of the evaluation, 0 to 1; this and the next two are `None` if it has none.
        mfcc_dtw_deviation: MFCC-DTW deviation with centres of the test sounds, mean over the classes.
        mfcc_dtw_deviation_train_centres: the same with centres of the training sounds.
        rounding_error: largest change of a decoded sound by the rounding of the weights, relative to its peak.
        package_version: version of the package that packed it.
        centres_by_name: `CLASS`, and `GROUP/CLASS` where sounds have groups → JSON values of its `Centre`. They are
            centres of all training sounds, not only of those in the model's folder.
        fidelity_db: median distance of the test sounds from what the model makes of them, in decibels
            (`audio.fidelity`); this and the next three are `None` where an older version packed the model.
        nearest_other_db: median distance of a test sound from the nearest other test sound.
        better_than_nearest: share of the test sounds to which the decoded sound is nearer than that other one, 0 to 1.
        peak_time_error_ms: median error of the time from the onset to the peak of the decoded test sounds.
    """

    name: str
    dataset: str
    preset: str
    licence: str
    sources: tuple[Credit, ...]
    class_names: tuple[str, ...]
    rate_hz: int
    n_samples: int
    epochs: int
    training_s: float | None
    trained_on: tuple[str, ...]
    n_train: int
    n_test: int
    one_nn_accuracy: float | None
    mfcc_dtw_deviation: float | None
    mfcc_dtw_deviation_train_centres: float | None
    rounding_error: float
    package_version: str
    centres_by_name: dict[str, dict[str, Any]]
    fidelity_db: float | None = None
    nearest_other_db: float | None = None
    better_than_nearest: float | None = None
    peak_time_error_ms: float | None = None

    @cached_property
    def centres(self) -> dict[str, Centre]:
        """`CLASS`, and `GROUP/CLASS` where sounds have groups → its centre."""
        return {name: Centre.from_dict(values) for name, values in self.centres_by_name.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Card:
        """Rebuild it from `to_dict`'s values.

        Raises:
            TypeError: a key is unknown or missing.
        """
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists, "sources": tuple(Credit(**each) for each in values["sources"])})


def read_card(folder: Path) -> Card:
    """Return the card of the pretrained model in a folder.

    Raises:
        UserError: it is missing or damaged.
    """
    path = folder / CARD_NAME
    try:
        card = Card.from_dict(read_json(path))
        # So that a damaged centre is noticed here, not where it is used.
        _ = card.centres
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise_system_problem(error)
        raise UserError(f"{path} cannot be used ({one_line(error)}): install audio-vae again") from error
    return card
