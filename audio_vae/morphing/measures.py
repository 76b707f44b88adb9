"""The measures of a morph: is it smooth, in between, like real sounds, and more than a mix?

Pure functions on arrays, which know nothing of models, runs or files; `morphing.scorecard` applies them. Smoothness and
intermediateness are two of the criteria of M. Caetano and N. Osaka, A Formal Evaluation Framework for Sound Morphing
(2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.features import magnitude_spectrogram


class Measure(NamedTuple):
    """A figure by which a morph and its cross-fade are compared: its name, and which direction is better."""

    name: str
    higher_is_better: bool

    @property
    def title(self) -> str:
        return f"{self.name} ({'higher' if self.higher_is_better else 'lower'} is better)"

    def gain(self, ours: float, other: float) -> float:
        """Return by how much one value is better than another; negative if it is worse."""
        return (ours - other) * (1 if self.higher_is_better else -1)


MEASURES = {
    "smoothness": Measure("smoothness: unevenness of the steps", False),
    "intermediateness": Measure("intermediateness: order of the steps", True),
    "nearest_real_distance": Measure("validity: distance to the nearest real sound", False),
    "confidence": Measure("validity: the classifier's confidence", True),
    "not_a_mix": Measure("not a mix: what no mix of the ends explains", True),
    "outside": Measure("between: how far descriptors lie outside of the ends'", False),
    "worst": Measure("between: the farthest that one lies outside", False),
    "roughness": Measure("between: unevenness of the descriptors", False),
    "non_linearity": Measure("between: distance of the descriptors from a line", False),
    "detour": Measure("detour: length of the path over the distance of its ends", False),
    "end_distance_db": Measure("ends: distance in dB from the given sounds", False),
}
"""Key in a scorecard → the measure, in the order in which they are shown."""

LEAST_RANGES = np.array([3.0, 20.0, 10.0, 0.25, 5.0])
"""Differences of descriptors that count as 1 even where the ends are nearer to each other: 3 dB of loudness, 20 ms of
decay, 10 ms of temporal centroid, a quarter of an octave of spectral centroid, 5 ms of attack."""

# Only the neighbours among the pairs of a block are needed, but a call for each of them would take longer.
_NEIGHBOURS_AT_ONCE = 8


def step_distances(mfccs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the MFCC-DTW distance of each step to the next: S of `[frames, n_mfcc]` → float64 `[S − 1]`."""
    parts = []
    for start in range(0, len(mfccs) - 1, _NEIGHBOURS_AT_ONCE):
        block = mfccs[start : start + _NEIGHBOURS_AT_ONCE + 1]
        parts.append(np.diagonal(dtw_matrix(block), offset=1))
    return np.concatenate(parts)


def smoothness(distances: np.ndarray) -> float:
    """Return the standard deviation of the step distances, divided by their mean; lower is better, 0 is even.

    Args:
        distances: what `step_distances` returns.
    """
    mean = distances.mean()
    return float(distances.std() / mean) if mean > 0 else 0.0


def intermediateness(mfccs: Sequence[np.ndarray]) -> float:
    """Return how well the order of the steps is heard: farther and farther from the start, nearer to the end.

    It is the mean of two rank correlations (Spearman) with the position on the path: that of the MFCC-DTW distance to
    the first step, and that of the negative distance to the last step. Higher is better; 1 is perfect order, 0 is none.

    Args:
        mfccs: MFCCs of the steps, S of `[frames, n_mfcc]`.
    """
    to_ends = dtw_matrix(mfccs, [mfccs[0], mfccs[-1]])
    position = np.arange(len(mfccs))
    return (_rank_correlation(position, to_ends[:, 0]) + _rank_correlation(position, -to_ends[:, 1])) / 2


def detour(distances: np.ndarray, mfccs: Sequence[np.ndarray]) -> float | None:
    """Return the length of a path over the distance of its ends; lower is better, 1 is a straight line.

    A path that leads evenly through a third sound is in order and smooth, and still a detour.

    Args:
        distances: what `step_distances` returns.
        mfccs: MFCCs of the steps, S of `[frames, n_mfcc]`.

    Returns:
        The ratio; `None` if the ends are the same.
    """
    whole = float(dtw_matrix([mfccs[0]], [mfccs[-1]])[0, 0])
    return float(distances.sum() / whole) if whole > 0 else None


def in_ranges(described: np.ndarray) -> np.ndarray:
    """Return descriptors on a scale on which the first step is 0 and the last lies at most 1 from it.

    The unit is the distance of the ends, and at least what is heard as a difference (`LEAST_RANGES`).

    Args:
        described: descriptors of the steps, `[S, 5]` in the order of `audio.descriptors.Descriptors`.
    """
    described = np.asarray(described, np.float64)
    return (described - described[0]) / np.maximum(np.abs(described[-1] - described[0]), LEAST_RANGES)


def outside(scaled: np.ndarray) -> np.ndarray:
    """Return by how much the descriptors of the inner steps lie outside of those of the ends, `[S, 5]` → `[S − 2, 5]`.

    0 is between the ends, 1 is as far outside as the ends are apart.
    """
    low, high = np.minimum(scaled[0], scaled[-1]), np.maximum(scaled[0], scaled[-1])
    return np.maximum(np.maximum(low - scaled, scaled - high), 0)[1:-1]


def roughness(scaled: np.ndarray) -> float | None:
    """Return the mean absolute second difference of descriptors, `[S, 5]`; `None` for fewer than three steps."""
    return float(np.abs(np.diff(scaled, 2, axis=0)).mean()) if len(scaled) > 2 else None


def non_smoothness(scaled: np.ndarray) -> float | None:
    """Return the root mean square of the second difference; see `non_linearity`."""
    return float(np.sqrt(np.square(np.diff(scaled, 2, axis=0)).mean())) if len(scaled) > 2 else None


def non_linearity(scaled: np.ndarray, positions: np.ndarray) -> float | None:
    """Return the root mean square distance of the inner steps from the straight line between the ends.

    G. Le Vaillant and T. Dutoit (Interpolation of Synthesizer Presets using Timbre-Regularized Auto-Encoders, 2024)
    judge interpolations by these two figures of descriptors.

    Args:
        scaled: what `in_ranges` returns, `[S, 5]`.
        positions: positions of the steps, `[S]`.
    """
    if len(scaled) < 3:
        return None
    share = ((positions - positions[0]) / (positions[-1] - positions[0]))[:, None]
    line = (1 - share) * scaled[0] + share * scaled[-1]
    return float(np.sqrt(np.square(scaled - line)[1:-1].mean()))


def nearest_real(mfccs: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the MFCC-DTW distance of each step to the nearest real sound (lower is better), and which sound that is.

    Args:
        mfccs: MFCCs of the steps, S of `[frames, n_mfcc]`.
        real: MFCCs of real sounds, one or more.

    Returns:
        Distances, float64 `[S]`, and positions in `real`, `[S]`.
    """
    distances = dtw_matrix(mfccs, real)
    return distances.min(axis=1), distances.argmin(axis=1)


def confidences(probabilities: np.ndarray) -> np.ndarray:
    """Return how sure the classifier is of some class, `[S, n_classes]` → `[S]`; higher is better, 1 is certain.

    The largest softmax probability is the usual baseline for telling inputs like those of the training from others
    (D. Hendrycks and K. Gimpel, 2017). It is not calibrated.
    """
    return probabilities.max(axis=1)


def waveform_residuals(sounds: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the share of each sound's energy that no mix of the ends' waveforms explains.

    It is what remains after the best gains (least squares), so it is 0 for a cross-fade by construction. A high value
    tells little: an inaudible shift of phase also brings it near 1.

    Args:
        sounds: `[S, n]`.
        ends: the sounds that may be mixed, two or more, `[K, n]`.

    Returns:
        float64 `[S]`, 0 to 1; 0 for silence.
    """
    sounds, ends = np.asarray(sounds, np.float64), np.asarray(ends, np.float64)
    gains = np.linalg.lstsq(ends.T, sounds.T, rcond=None)[0]
    return _shares(np.sum((sounds - gains.T @ ends) ** 2, axis=1), np.sum(sounds**2, axis=1))


def spectral_residuals(sounds: np.ndarray, ends: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the share of each sound's energy that no mix of the ends explains; higher is better, 1 is no mix at all.

    Magnitude spectrograms (Hann, 32 ms, hop 16 ms) of the ends are fitted to that of the sound by gains of 0 or
    more (C. Lawson and R. Hanson, Solving Least Squares Problems, 1974), frame by frame. Unlike the residual of
    waveforms, that of magnitudes does not grow with a shift of phase. In return, magnitudes do not quite add up where
    both ends are loud at the same time and frequency, so a cross-fade has nearly, but not exactly, 0. Over 150
    cross-fades of spoken digits, the residual is 0.05 (below 0.09 for nine in ten), and no larger if both ends are
    first shifted by 1 to 1.5 ms. Another take of the first digit has 0.47, a take of a third digit 0.72. Power
    spectrograms tell a third sound from a mix equally well, but give one in ten cross-fades 0.15 or more.

    Args:
        sounds: `[S, n]`.
        ends: the sounds that may be mixed, two or more, `[K, n]`.
        rate_hz: their sample rate.

    Returns:
        float64 `[S]`, 0 to 1; 0 for silence.
    """
    of_ends = np.stack([magnitude_spectrogram(end, rate_hz).ravel() for end in ends], axis=1)
    # The gains are the same for the few rows of R: a rotation by Q changes no distance.
    basis, small = np.linalg.qr(of_ends)
    residuals = []
    for sound in sounds:
        magnitudes = magnitude_spectrogram(sound, rate_hz).ravel()
        # The residual does not depend on the level, but the solver would stop too early for a very quiet sound.
        level = np.linalg.norm(magnitudes)
        if level == 0:
            residuals.append(0.0)
            continue
        gains = nnls(small, basis.T @ (magnitudes / level))[0]
        residuals.append(np.sum((magnitudes / level - of_ends @ gains) ** 2))
    return np.clip(np.array(residuals), 0, 1)


def _shares(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.clip(np.divide(parts, wholes, out=np.zeros_like(wholes), where=wholes > 0), 0, 1)


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one side is constant."""
    first, second = _ranks(first), _ranks(second)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1 on, `[n]` → float64 `[n]`; equal values share the mean of theirs.

    The values equal those of `scipy.stats.rankdata`, whose import every morph would wait for.
    """
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]
