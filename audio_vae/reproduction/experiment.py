"""What an experiment is: a preset of `audio_vae.presets` with some values changed. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audio_vae.config import Config
from audio_vae.model_config import with_values

DATA_FOLDERS = {"digits": "fsdd", "drums": "drums"}
"""Data set → name of its folder in the folder that `--data` names."""


@dataclass(frozen=True)
class Experiment:
    """A training with its evaluation.

    Attributes:
        name: name of its run folder and of its folder of results.
        group: name by which several experiments are asked for together.
        dataset: `digits` or `drums`.
        preset: name of a preset of `audio_vae.presets.PRESETS`.
        shows: what it shows, in a few words.
        options: keyword arguments of the data set's `make_config`.
        changes: part of the config → name → value in place of the preset's.
        epochs: epochs of the training; `None` takes the preset's.
        scores_morphs: whether the morphs between all pairs of classes are scored.
        morph: start and end of a morph that is drawn as in Figure 3 of the paper; `None` draws none.
        folder: folder of its sounds in the folder that `--data` names; empty for that of the data set. An experiment
            with sounds of its own cannot run without `--data`.
    """

    name: str
    group: str
    dataset: str
    preset: str
    shows: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    epochs: int | None = None
    scores_morphs: bool = False
    morph: tuple[str, str] | None = None
    folder: str = ""

    @property
    def data_folder(self) -> str:
        """Name of the folder of its sounds in the folder that `--data` names."""
        return self.folder or DATA_FOLDERS[self.dataset]

    def change(self, config: Config) -> Config:
        """Return a preset's config with the experiment's own values.

        Raises:
            ValueError: a value is out of range.
            TypeError: the config has no such value.
        """
        changes = {part: dict(values) for part, values in self.changes.items()}
        if self.epochs:
            changes.setdefault("training", {})["epochs"] = self.epochs
        return with_values(config, changes)
