"""The run folder: training writes it; evaluation, morphing and export read it.

RUN/config.json      the resolved config, package versions, git commit
RUN/sounds.npz       the sounds as the model gets them, labels and split
RUN/sounds/          samples of the sounds of a large library (`data.shards`); sounds.npz then says where each is
RUN/prepare.json     number of sounds of each class, files left out and why, how labels were found
RUN/model.keras      newest complete model
RUN/checkpoints/     complete state after the last epochs, and after a stop within an epoch
RUN/logs/            history.csv, time.json, TensorBoard events
RUN/latents.npz      posterior means and log-variances of every sound
RUN/report/          report.json, report.html, figures, sounds
RUN/.lock            the process that is writing into the folder

A folder is a run if it has a config.json, which is written after the sounds (`is_run`).
"""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from audio_vae.backend.keras_backend import standard_settings
from audio_vae.backend.prediction import predict
from audio_vae.config import Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.card import CARD_NAME, Card, read_card
from audio_vae.runs.unloadable import why_not_loaded
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import read_json

if TYPE_CHECKING:
    from audio_vae.models.vae import VAE


CONFIG_NAME = "config.json"
"""Name of the file of a run folder that makes it one."""


class Checkpoint(NamedTuple):
    """A stored state of a training, after `epoch` complete epochs and `step` steps of the next. They sort by age."""

    epoch: int
    step: int
    path: Path


@dataclass(frozen=True, eq=False)
class Run:
    """An existing run folder with its config.

    Attributes:
        path: the folder.
        config: its config.
    """

    path: Path
    config: Config

    @property
    def is_pretrained(self) -> bool:
        """Whether this is a pretrained model, whose folder is never written to."""
        return (self.path / CARD_NAME).is_file()

    @property
    def results_path(self) -> Path:
        """Default folder of results: the run folder, or for a pretrained model the current folder."""
        return Path() if self.is_pretrained else self.path

    @property
    def config_path(self) -> Path:
        return self.path / CONFIG_NAME

    @property
    def model_path(self) -> Path:
        return self.path / "model.keras"

    @property
    def sounds_path(self) -> Path:
        return self.path / "sounds.npz"

    @property
    def latents_path(self) -> Path:
        return self.path / "latents.npz"

    @property
    def history_path(self) -> Path:
        return self.path / "logs" / "history.csv"

    @property
    def time_path(self) -> Path:
        return self.path / "logs" / "time.json"

    def checkpoint_path(self, epoch: int, step: int = 0) -> Path:
        """Return the file of the state after some complete epochs and some steps of the next."""
        within = f"-step-{step:06d}" if step else ""
        return self.path / "checkpoints" / f"epoch-{epoch:04d}{within}.keras"

    def checkpoints(self) -> list[Checkpoint]:
        """Return the stored states, oldest first."""
        found = []
        for path in (self.path / "checkpoints").glob("epoch-*.keras"):
            match = re.fullmatch(r"epoch-(\d+)(?:-step-(\d+))?\.keras", path.name)
            if match:
                found.append(Checkpoint(int(match[1]), int(match[2] or 0), path))
        return sorted(found)

    def train_command(self) -> str:
        """Return the command line that continues the training of this run."""
        return f"audio-vae {self.config.dataset} train --run {shlex.quote(str(self.path))}"

    @cached_property
    def card(self) -> Card | None:
        """The card of a pretrained model; `None` for other runs.

        Raises:
            UserError: the card is damaged.
        """
        return read_card(self.path) if self.is_pretrained else None

    @cached_property
    def sounds(self) -> SoundSet:
        """The training and test sounds; only a few of them for a pretrained model.

        Raises:
            UserError: the file is missing or damaged.
        """
        return SoundSet.load(self.sounds_path)

    @cached_property
    def model(self) -> VAE:
        """The newest complete model.

        Raises:
            UserError: the run has no model yet, its file is damaged or of other versions, or the machine lacks memory.
        """
        import keras

        # Registers the package's classes with Keras, which loading in safe mode needs.
        from audio_vae.models import vae  # noqa: F401

        if not self.model_path.is_file():
            raise UserError(f"{self.path} has no trained model: train it first (audio-vae {self.config.dataset} train)")
        try:
            with standard_settings():
                return keras.saving.load_model(self.model_path, safe_mode=True).in_float32()
        except Exception as error:
            raise UserError(why_not_loaded(self, error)) from error

    def cache_model(self, model: VAE | None) -> None:
        """Let `model` be this one, in float32, from now on; `None` lets it be read from its file again."""
        # A cached property keeps its value under its name here.
        self.__dict__.pop("model", None)
        if model is not None:
            self.__dict__["model"] = model

    @property
    def model_sha256(self) -> str:
        """Hash of the model's file, which identifies the model in results."""
        return hashlib.sha256(self.model_path.read_bytes()).hexdigest()

    def epochs_done(self) -> int:
        """Return the number of complete epochs."""
        history = self.history()
        return history[-1].get("epoch", len(history)) if history else 0

    def history(self) -> list[dict[str, float]]:
        """Return the rows of `logs/history.csv`, one for each epoch; none before the first epoch is complete.

        Raises:
            UserError: the file is damaged.
        """
        return read_history(self.history_path)

    def epoch_times(self) -> list[dict[str, Any]]:
        """Return the rows of `logs/time.json`: `epoch`, `seconds` of wall time and `machine`.

        An epoch that was stopped and continued has several rows. There are none if the file is missing, as in runs
        of older versions, or damaged.
        """
        try:
            return read_json(self.time_path)
        except (OSError, ValueError):
            return []

    @standard_settings()
    def encode(self, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return posterior means and log-variances, `[N, T]` → two float32 `[N, d]`."""
        return tuple(predict(self.model.encoder, audio))

    @standard_settings()
    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return decoded sounds, `[N, d]` → float32 `[N, T]`."""
        return predict(self.model.decoder, np.asarray(latents, np.float32))

    @standard_settings()
    def class_probabilities(self, latents: np.ndarray) -> np.ndarray | None:
        """Return the classifier's probabilities, `[N, d]` → float64 `[N, n_classes]`; `None` without a classifier."""
        if self.model.classifier is None:
            return None
        logits = predict(self.model.classifier, np.asarray(latents, np.float32))
        # The largest logit is subtracted so that no exponential overflows.
        odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


def read_history(path: Path) -> list[dict[str, float]]:
    """Return the rows of a history.csv, one for each epoch; none if there is no file.

    Raises:
        UserError: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        # The epoch is an integer and the losses are floats, as they were written.
        return [
            {
                name: int(value) if name == "epoch" else float(value)
                for name, value in zip(header.split(","), row.split(","), strict=True)
            }
            for row in rows
        ]
    except ValueError as error:
        raise UserError(
            f"{path} cannot be read ({one_line(error)}): mend or remove it, or choose another --run"
        ) from error


def is_run(path: Path) -> bool:
    """Return whether a folder is a run folder."""
    return (path / CONFIG_NAME).is_file()


def open_run(path: Path, dataset: str) -> Run:
    """Open an existing run folder.

    Args:
        path: the folder.
        dataset: name of the data set that the run has to be of.

    Raises:
        UserError: the folder does not exist, is no run folder, or is a run of another data set.
    """
    if not path.is_dir():
        raise UserError(f"no run folder {path}: train first (audio-vae {dataset} train --run {path})")
    run = Run(path, read_config(path))
    if run.config.dataset != dataset:
        raise UserError(
            f"{path} is a run of {run.config.dataset}, not of {dataset}: "
            f"choose another --run, or use audio-vae {run.config.dataset}"
        )
    return run


def read_config(path: Path) -> Config:
    """Return the config of the run in a folder.

    Raises:
        UserError: its config.json is missing or damaged.
    """
    file = path / CONFIG_NAME
    try:
        return Config.from_dict(read_json(file)["config"])
    except FileNotFoundError as error:
        raise UserError(f"{path} is no run folder (no {CONFIG_NAME}): choose another --run") from error
    # A value of another type in place of an object raises an AttributeError.
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise_system_problem(error)
        raise UserError(f"{file} cannot be used ({one_line(error)}): choose another --run") from error
