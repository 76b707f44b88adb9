"""What is to be known of a pretrained model: its card.json.

A pretrained model is a run folder that is only read. It comes with the package, in `pretrained/NAME`:

    NAME/card.json      this: data set, licence, figures, centres of all training sounds
    NAME/config.json    as in the run that it was made from
    NAME/model.keras    the model without its optimizers
    NAME/logs/          history.csv
    NAME/latents.npz    posterior of every sound that it was trained on and judged by
    NAME/sounds.npz     a few of these sounds
    NAME/check.npz      what the model computed when it was packed
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.data.sources import Credit
from audio_vae.utils.errors import UserError, one_line

CARD_NAME = "card.json"
"""File that tells a pretrained model from other run folders."""


@dataclass(frozen=True, eq=False)
class Centre:
    """Where a class lies: the mean of the posterior means of its training sounds.

    Attributes:
        latent: float32 `[d]`.
        peak: median of the sounds' original peak levels, in full scale.
        length_samples: median of their lengths before padding.
        nearest: name of the sound whose latent lies nearest.
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
    """What is to be known of a pretrained model.

    Attributes:
        name: its folder's.
        dataset: what it plays, such as `drums`.
        preset: of the model.
        licence: of the model and the sounds beside it.
        sources: what it was trained on.
        class_names: one a class.
        rate_hz: sample rate.
        n_samples: length T of a sound.
        epochs: whole epochs that it was trained for.
        training_s: their time; `None` where it is not known.
        trained_on: the machines.
        n_train: training sounds.
        n_test: test sounds.
        one_nn_accuracy: of the evaluation, 0 to 1; `None` where it has none, as below.
        mfcc_dtw_deviation: the classes' average, centres of the test sounds.
        mfcc_dtw_deviation_train_centres: the same with centres of the training sounds.
        rounding_error: largest change of a decoded sound by what the stored weights lost, relative to its peak.
        package_version: of the package that packed it.
        centres_by_name: class, and `GROUP/CLASS` where sounds have groups → JSON values of its `Centre`, made of all
            training sounds and not of the few beside the model.
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

    @cached_property
    def centres(self) -> dict[str, Centre]:
        """Class, and `GROUP/CLASS` where sounds have groups → its centre."""
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
        lists = {each.name: tuple(values[each.name]) for each in fields(cls) if isinstance(values[each.name], list)}
        return cls(**{**values, **lists, "sources": tuple(Credit(**each) for each in values["sources"])})


def read_card(folder: Path) -> Card:
    """Return the card of the pretrained model in a folder.

    Raises:
        UserError: it is missing or damaged.
    """
    path = folder / CARD_NAME
    try:
        card = Card.from_dict(json.loads(path.read_text(encoding="utf-8")))
        # Damage shows here and not where a centre is used.
        _ = card.centres
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(f"{path} cannot be used ({one_line(error)}): install audio-vae again") from error
    return card
