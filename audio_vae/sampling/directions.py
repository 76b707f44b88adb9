"""Directions of a latent space that change one descriptor and leave the others, found by regression.

Each descriptor of the training sounds is fitted by a linear function of the latents (ridge regression), class by class
apart from the mean, so that what tells classes apart counts for nothing. A direction is the least unlikely move, by how
sounds vary within their classes, that changes one fitted descriptor and none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from audio_vae.audio import descriptors, waveform
from audio_vae.data.sound_set import evenly_spaced
from audio_vae.runs.run import Run
from audio_vae.sampling.novelty import training_sounds
from audio_vae.sampling.spread import less_class_means, spread_within_classes
from audio_vae.shaping.pitch import strongest_partial
from audio_vae.utils.errors import UserError

MOST_SOUNDS = 1000
"""Of a larger set, so many training sounds are described, evenly spaced."""

LEAST_SOUNDS = 10
"""Fewer than these say nothing of a direction."""

_MOST_TRIED = 48
# A sound has a pitch if so much of its energy lies near its strongest partial.
_PITCHED = 0.35
_FOLDS = 5
_PENALTIES = np.logspace(-1, 4, 11)

_known: WeakKeyDictionary[Run, dict[str, Direction]] = WeakKeyDictionary()


DESCRIPTORS: Mapping[str, str] = {
    "brightness": "spectral centroid",
    "decay": "time within 30 dB of the peak",
    "pitch": "strongest partial, of sounds that have a clear one",
    "attack": "time from 40 dB below the peak to the peak",
}
"""Name of a direction → what it changes. All are measured in octaves, as logarithms to base 2."""

DOUBTFUL = 0.7
"""A direction that holds for a smaller share of the sounds is a guess."""


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the latent space that changes a descriptor.

    Attributes:
        name: one of `DESCRIPTORS`.
        vector: the move that raises the fitted descriptor by 1 octave, float64 `[d]`.
        r2: how well the descriptor of sounds left out is predicted within their classes (5-fold cross-validation): 1 is
            exactly, 0 no better than the mean of the class.
        n_sounds: number of sounds that it was fitted to.
        holds: share of the training sounds of which the descriptor rises along it, as it is measured on what the model
            decodes one standard deviation to either side: 1 is all, 0.5 is chance.
    """

    name: str
    vector: np.ndarray
    r2: float
    n_sounds: int
    holds: float = float("nan")


def directions_of(run: Run) -> dict[str, Direction]:
    """Return the directions of a run that its sounds tell: name → direction. They are kept as long as the run."""
    if run not in _known:
        known = training_sounds(run)
        chosen = evenly_spaced(len(known.names), MOST_SOUNDS)
        latents, labels = known.latents[chosen], known.labels[chosen]
        described = described_by(run.decode(latents), run.config.audio.rate_hz)
        found = find_directions(latents, labels, described)
        _known[run] = {
            name: replace(each, holds=_holds(run, each, latents, labels, described[name]))
            for name, each in found.items()
        }
    return _known[run]


def direction_named(run: Run, name: str) -> Direction:
    """Return a direction of a run.

    Raises:
        UserError: there is none of that name.
    """
    found = directions_of(run)
    if name not in found:
        known = ", ".join(found) or "none, because it has too few training sounds"
        raise UserError(f"no direction {name!r} in {run.path}: choose one of {known}")
    return found[name]


def described_by(sounds: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    """Describe sounds: `[N, T]` → name of `DESCRIPTORS` → float64 `[N]` in octaves; NaN where one is not known."""
    rows = [_row(sound, rate_hz) for sound in sounds]
    return {name: np.array([row[column] for row in rows]) for column, name in enumerate(DESCRIPTORS)}


def find_directions(
    latents: np.ndarray, labels: np.ndarray, described: Mapping[str, np.ndarray]
) -> dict[str, Direction]:
    """Find the directions of a latent space.

    Args:
        latents: `[N, d]`.
        labels: the class of each sound, `[N]`.
        described: name → descriptor of each sound, `[N]`; NaN where it is not known.

    Returns:
        Name → direction. A descriptor that fewer than `LEAST_SOUNDS` sounds have, or that is the same for all, is left
        out.
    """
    fitted = {}
    for name, values in described.items():
        is_known = np.isfinite(values)
        if is_known.sum() < LEAST_SOUNDS:
            continue
        x, y = (less_class_means(each[is_known], labels[is_known]) for each in (latents, values))
        if np.ptp(y) > 1e-6:
            fitted[name] = (*_fit(x, y), int(is_known.sum()))
    if not fitted:
        return {}
    slopes = np.stack([slope for slope, _, _ in fitted.values()])
    moves = spread_within_classes(latents, labels).covariance @ slopes.T
    # The pseudo-inverse, because two descriptors may be one function of the latents.
    vectors = moves @ np.linalg.pinv(slopes @ moves, rcond=1e-6)
    return {
        name: Direction(name, vectors[:, number], r2, n_sounds)
        for number, (name, (_, r2, n_sounds)) in enumerate(fitted.items())
    }


def table_rows(found: Mapping[str, Direction]) -> list[list[str]]:
    """Return a table of directions, with a heading."""
    return [
        ["direction", "what it changes", "R²", "holds", "sounds"],
        *(
            [each.name, DESCRIPTORS[each.name], f"{each.r2:.2f}", f"{100 * each.holds:.0f} %", str(each.n_sounds)]
            for each in found.values()
        ),
    ]


def _holds(run: Run, direction: Direction, latents: np.ndarray, labels: np.ndarray, values: np.ndarray) -> float:
    """Return the share of sounds whose descriptor, `values`, rises along a direction; see `Direction`.

    Sounds of which it is not known on one side, such as the pitch of noise, are left out; 0 if it is known of none.
    """
    described = np.flatnonzero(np.isfinite(values))
    tried = latents[described[evenly_spaced(len(described), _MOST_TRIED)]]
    step = unit(direction.vector, spread_within_classes(latents, labels).covariance)
    before, after = (
        described_by(run.decode(tried + sign * step), run.config.audio.rate_hz)[direction.name] for sign in (-1, 1)
    )
    known = np.isfinite(before) & np.isfinite(after)
    return float(np.mean(after[known] > before[known])) if known.any() else 0.0


def unit(vector: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return a vector at the length of one standard deviation (Mahalanobis), `[d]`."""
    return vector / np.sqrt(vector @ np.linalg.solve(covariance, vector))


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the slope of a ridge regression through the origin, `[d]`, and its cross-validated R²."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    ridge = RidgeCV(_PENALTIES, fit_intercept=False)
    predicted = cross_val_predict(ridge, x, y, cv=KFold(_FOLDS, shuffle=True, random_state=0))
    r2 = 1 - float(np.square(y - predicted).sum() / np.square(y).sum())
    return ridge.fit(x, y).coef_, r2


def _row(sound: np.ndarray, rate_hz: int) -> list[float]:
    if waveform.peak(sound) < waveform.SILENCE:
        return [np.nan] * len(DESCRIPTORS)
    sound = waveform.normalised(sound)
    described = descriptors.describe(sound, rate_hz)
    partial = strongest_partial(sound[:, np.newaxis], rate_hz)
    pitch = np.log2(partial.frequency_hz) if partial.share >= _PITCHED else np.nan
    # One millisecond more, so that a time of 0 has a logarithm.
    decay, attack = (np.log2(each + 1) for each in (described.decay_ms, described.attack_ms))
    return [described.spectral_centroid_octaves, decay, pitch, attack]
