"""Warnings of a model's silent output, and of ends that it cannot render."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from audio_vae.audio import fidelity, waveform
from audio_vae.backend.prediction import BATCH_SIZE
from audio_vae.data.sound_set import evenly_spaced
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

MOST_TRAINING_SOUNDS = 32
"""An end is compared with at most so many training sounds, evenly spaced over all that the run folder holds."""

_MOST_NAMES = 9

_known_db: WeakKeyDictionary[Run, list[float]] = WeakKeyDictionary()


def check_levels(run: Run, peaks: Sequence[float], names: Sequence[str]) -> list[str]:
    """Return a warning if some output of a model is nearly silent.

    Args:
        run: the run of the model.
        peaks: peaks of the decoded sounds.
        names: what these sounds are called.

    Returns:
        One warning, or none.

    Raises:
        UserError: a decoded sound is silent.
    """
    silent = [name for name, peak in zip(names, peaks, strict=True) if peak == 0]
    if silent:
        shown = ", ".join(silent[:_MOST_NAMES])
        raise UserError(f"the model of {run.path} decodes to silence ({shown}): train it for longer")
    n_quiet = sum(peak < waveform.QUIET for peak in peaks)
    if not n_quiet:
        return []
    return [
        f"the model's own output is nearly silent (peak {min(peaks):.2g} of full scale, {n_quiet} of {len(peaks)} "
        f"sounds below {waveform.QUIET}) and was amplified: train for longer"
    ]


def model_distances_db(run: Run, points: Sequence[Endpoint], decoded: np.ndarray) -> list[float | None]:
    """Return how far what the model makes of points is from their sounds (`audio.fidelity`); `None` for silence.

    Args:
        run: the run of the model.
        points: the points.
        decoded: what the model makes of them, `[K, T]`.
    """
    audio = np.stack([point.audio for point in points])
    distances_db = fidelity.distances_db(audio, _normalised(decoded), run.config.audio.rate_hz)
    return [None if np.isnan(each) else float(each) for each in distances_db]


def check_ends(run: Run, points: Sequence[Endpoint], distances_db: Sequence[float | None]) -> list[str]:
    """Return a warning for each given sound that the model cannot render: it is farther from it than training sounds.

    Args:
        run: the run of the model.
        points: the points. Only files and arrays are looked at.
        distances_db: what `model_distances_db` returns for them.

    Returns:
        Warnings. There are none if the run folder holds fewer than two training sounds.
    """
    of_files = [
        (point, each)
        for point, each in zip(points, distances_db, strict=True)
        if point.kind in ("file", "array") and each is not None
    ]
    if not of_files:
        return []
    limit_db = _limit_db(run, max(each for _, each in of_files))
    if limit_db is None:
        return []
    return [
        f"the model cannot render {point.name} (what it makes of it is {distance_db:.1f} dB away from it, and at most "
        f"{limit_db:.1f} dB of a training sound): how it leads there is a guess"
        for point, distance_db in of_files
        if distance_db > limit_db
    ]


def _limit_db(run: Run, farthest_db: float) -> float | None:
    """Return the distance within which all of the run's training sounds lie.

    Training sounds are looked at only until one is as far as `farthest_db`, and that distance is returned: it tells
    that nothing is too far. `None` if fewer than two training sounds are known. What was found is kept for a run.
    """
    known = _known_db.setdefault(run, [])
    audio = run.sounds.train.audio
    audio = audio[evenly_spaced(len(audio), MOST_TRAINING_SOUNDS)]
    while len(known) < len(audio) > 1 and not _is_enough(known, farthest_db):
        some = audio[len(known) : len(known) + BATCH_SIZE]
        decoded = _normalised(run.decode(run.encode(some)[0]))
        for number in range(len(some)):
            known += fidelity.distances_db(some[[number]], decoded[[number]], run.config.audio.rate_hz).tolist()
            if _is_enough(known, farthest_db):
                break
    heard = [each for each in known if not np.isnan(each)]
    return max(heard) if len(heard) > 1 else None


def _is_enough(known_db: Sequence[float], farthest_db: float) -> bool:
    """Return whether some training sound is as far as `farthest_db`, and two are known."""
    return np.isfinite(known_db).sum() > 1 and np.nanmax(known_db) >= farthest_db


def _normalised(sounds: np.ndarray) -> np.ndarray:
    """Bring sounds, `[K, T]`, to peak 1, so that a quiet model's output is not taken for silence."""
    peaks = np.abs(sounds).max(axis=1, keepdims=True)
    return np.divide(sounds, peaks, out=np.zeros_like(sounds), where=peaks > 0)
