"""How far new sounds are from what a model was trained on: what is a copy, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from audio_vae.audio import fidelity, waveform
from audio_vae.runs.latents import latents_of
from audio_vae.runs.run import Run

COPY_DB = 1.0
"""A sound that is nearer than this to another is a copy of it: noise that is synthesised anew in the same colour is as
far (`audio.fidelity`)."""

MOST_COMPARED = 1000
"""Of a larger set, sounds are compared with so many training sounds, those that are nearest in the latent space."""

_known: WeakKeyDictionary[Run, TrainingSounds] = WeakKeyDictionary()


class Nearest(NamedTuple):
    """The training sound that is nearest to a sound: its position among them, and the distance in decibels."""

    index: int
    distance_db: float


class TrainingSounds:
    """The training sounds of a run, as its model makes them.

    The model's own versions are compared, because they are known of all training sounds, also of those of a pretrained
    model, and because what the model cannot render at all does not make a sound new.

    Args:
        run: a trained run.
    """

    def __init__(self, run: Run):
        self._run = run
        known = latents_of(run)
        training = np.flatnonzero(~known.is_test) if not known.is_test.all() else np.arange(len(known.names))
        self.names = tuple(known.names[index] for index in training)
        self.labels = known.labels[training]
        self.latents = known.means[training]
        self._cells: dict[int, np.ndarray] = {}

    def cells_db(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return the cells (`audio.fidelity.cells_db`) of what the model makes of training sounds; kept once known."""
        missing = sorted(set(indices) - self._cells.keys())
        if missing:
            made = decoded_cells_db(self._run.decode(self.latents[missing]), self._run.config.audio.rate_hz)
            self._cells.update(zip(missing, made, strict=True))
        return [self._cells[index] for index in indices]

    def nearest(self, latents: np.ndarray, cells_db: Sequence[np.ndarray]) -> list[Nearest]:
        """Return the nearest training sound of each of N sounds.

        Args:
            latents: `[N, d]`.
            cells_db: the cells of the same sounds.
        """
        candidates = np.arange(len(self.names))
        if len(candidates) > MOST_COMPARED:
            away = np.min([np.linalg.norm(self.latents - latent, axis=1) for latent in latents], axis=0)
            candidates = np.sort(np.argsort(away, kind="stable")[:MOST_COMPARED])
        distances_db = fidelity.cell_distances_db(cells_db, self.cells_db(candidates.tolist()))
        best = distances_db.argmin(axis=1)
        return [Nearest(int(candidates[each]), float(row[each])) for row, each in zip(distances_db, best, strict=True)]


def training_sounds(run: Run) -> TrainingSounds:
    """Return the training sounds of a run; what is known of them is kept as long as the run."""
    if run not in _known:
        _known[run] = TrainingSounds(run)
    return _known[run]


def decoded_cells_db(decoded: np.ndarray, rate_hz: int) -> list[np.ndarray]:
    """Return the cells of decoded sounds, `[N, T]`; a silent one is at the floor everywhere."""
    cells = []
    for sound in decoded:
        sound = sound / max(waveform.peak(sound), 1e-9)
        cells.append(fidelity.cells_db(sound, rate_hz) if sound.any() else np.zeros((fidelity.N_BANDS, 1)))
    return cells
