"""The run folder: what training writes and what evaluation, morphing and export read.

RUN/config.json      the resolved config, package versions, git commit
RUN/sounds.npz       the sounds as the model sees them, labels and split
RUN/prepare.json     counts per class, files left out and why, how labels were found
RUN/model.keras      newest complete model
RUN/checkpoints/     the last epochs' complete state, and that of a stop in mid-epoch
RUN/logs/            history.csv, time.json, TensorBoard events
RUN/latents.npz      posterior of every sound
RUN/report/          report.json, report.html, figures, sounds
RUN/.lock            who writes here, while somebody does

A folder is a run once it has its config.json, which is written when the sounds are there.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from audio_vae.config import Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.card import CARD_NAME, Card, read_card
from audio_vae.utils.errors import UserError, one_line

if TYPE_CHECKING:
    from audio_vae.models.vae import VAE


class Checkpoint(NamedTuple):
    """A kept state: the one after `epoch` whole epochs and `step` steps of the next. They sort by age."""

    epoch: int
    step: int
    path: Path


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder that exists, with its config."""

    path: Path
    config: Config

    @property
    def is_pretrained(self) -> bool:
        """Whether this is a pretrained model (`card`), whose folder is never written to."""
        return (self.path / CARD_NAME).is_file()

    @property
    def results_path(self) -> Path:
        """Where results go that no other folder is given for: the run folder, or here."""
        return Path() if self.is_pretrained else self.path

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
        """Return where the state after some whole epochs and some steps of the next is kept."""
        within = f"-step-{step:06d}" if step else ""
        return self.path / "checkpoints" / f"epoch-{epoch:04d}{within}.keras"

    def checkpoints(self) -> list[Checkpoint]:
        """Return the kept states, oldest first."""
        found = []
        for path in (self.path / "checkpoints").glob("epoch-*.keras"):
            match = re.fullmatch(r"epoch-(\d+)(?:-step-(\d+))?\.keras", path.name)
            if match:
                found.append(Checkpoint(int(match[1]), int(match[2] or 0), path))
        return sorted(found)

    def train_command(self) -> str:
        """Return the command line that goes on with this run."""
        return f"audio-vae {self.config.dataset} train --run {shlex.quote(str(self.path))}"

    @cached_property
    def card(self) -> Card | None:
        """What is to be known of a pretrained model; `None` for other runs.

        Raises:
            UserError: the card is damaged.
        """
        return read_card(self.path) if self.is_pretrained else None

    @cached_property
    def sounds(self) -> SoundSet:
        """The sounds that the run was trained on and its test set; a pretrained model has a few of them."""
        return SoundSet.load(self.sounds_path)

    @cached_property
    def model(self) -> VAE:
        """The newest complete model.

        Raises:
            UserError: the run has no model yet, or its file is damaged.
        """
        # Registers the package's classes, which loading in safe mode needs.
        import keras

        from audio_vae.models import vae  # noqa: F401

        if not self.model_path.is_file():
            raise UserError(f"{self.path} has no trained model: train it first (audio-vae {self.config.dataset} train)")
        try:
            return keras.saving.load_model(self.model_path, safe_mode=True).in_float32()
        except Exception as error:
            raise UserError(
                f"{self.model_path} cannot be loaded ({one_line(error)[:200]}): copy a file of "
                f"{self.path / 'checkpoints'} over it, or train again"
            ) from error

    @property
    def model_sha256(self) -> str:
        """Hash of the model's file, which tells what made a result."""
        return hashlib.sha256(self.model_path.read_bytes()).hexdigest()

    def epochs_done(self) -> int:
        """Return the number of complete epochs."""
        history = self.history()
        return history[-1].get("epoch", len(history)) if history else 0

    def history(self) -> list[dict[str, float]]:
        """Return one row an epoch of `logs/history.csv`; none before the first epoch.

        Raises:
            UserError: the file is damaged.
        """
        return read_history(self.history_path)

    def epoch_times(self) -> list[dict[str, Any]]:
        """Return the parts of `logs/time.json`: `epoch`, `seconds` of wall time and `machine`.

        An epoch that was stopped and gone on with has several; one of an older version, or of a damaged file, none.
        """
        try:
            return json.loads(self.time_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []

    def encode(self, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return posterior means and log-variances, `[N, T]` → two float32 `[N, d]`."""
        return tuple(np.asarray(each) for each in self.model.encoder.predict(audio, batch_size=16, verbose=0))

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return decoded sounds, `[N, d]` → float32 `[N, T]`."""
        return np.asarray(self.model.decoder.predict(np.asarray(latents, np.float32), batch_size=16, verbose=0))

    def class_probabilities(self, latents: np.ndarray) -> np.ndarray | None:
        """Return what the classifier makes of latents, `[N, d]` → float64 `[N, n_classes]`; `None` without one."""
        if self.model.classifier is None:
            return None
        logits = self.model.classifier.predict(np.asarray(latents, np.float32), batch_size=256, verbose=0)
        # In float64 and from the largest logit on, so that no exponential overflows.
        odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


def read_history(path: Path) -> list[dict[str, float]]:
    """Return one row an epoch of a history.csv; none where there is no file.

    Raises:
        UserError: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        # The epoch is a count and the losses are floats, as they were written.
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


def open_run(path: Path, dataset: str) -> Run:
    """Open a run folder for use.

    Raises:
        UserError: it does not exist, is no run folder, or is one of another data set.
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
        UserError: it is missing or damaged.
    """
    file = path / "config.json"
    try:
        return Config.from_dict(json.loads(file.read_text(encoding="utf-8"))["config"])
    except FileNotFoundError as error:
        raise UserError(f"{path} is no run folder (no config.json): choose another --run") from error
    # A value of another kind where an object belongs shows as an AttributeError.
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(f"{file} cannot be used ({one_line(error)}): choose another --run") from error
