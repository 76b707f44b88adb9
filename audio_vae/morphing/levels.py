"""Levels and lengths of the steps of a morph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_vae.audio import waveform
from audio_vae.morphing import interpolation as paths
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError


def step_levels(peaks: Sequence[float], positions: np.ndarray) -> np.ndarray:
    """Return the peak at each position, linear in decibels and at most full scale.

    Args:
        peaks: of the points, K numbers above 0.
        positions: `[S]`.

    Returns:
        float64 `[S]`.
    """
    return np.minimum(np.exp(paths.along(np.log(np.asarray(peaks, np.float64)), positions)), 1.0)


def step_lengths(lengths: Sequence[int], full: int, positions: np.ndarray, length: str) -> list[int]:
    """Return the samples of every step, at least those of the shortest point and at most T.

    Args:
        lengths: samples of the points.
        full: T.
        positions: `[S]`.
        length: one of `LENGTHS`.
    """
    fixed = {"A": lengths[0], "B": lengths[-1], "full": full}.get(length)
    if fixed is not None:
        return [fixed] * len(positions)
    shortest = min(lengths)
    return [min(max(round(each), shortest), full) for each in paths.along(np.array(lengths), positions).tolist()]


def to_level(samples: np.ndarray, level: float) -> np.ndarray:
    """Scale float `[n]` so that its peak is `level`; what is silent stays as it is."""
    peak = waveform.peak(samples)
    if peak == 0:
        return samples
    # In float64: the gain of a nearly silent sound may exceed what float32 holds.
    return (samples.astype(np.float64) * (level / peak)).astype(np.float32)


def cut(run: Run, samples: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the first samples, faded out unless only silence was cut off."""
    kept = samples[:n_samples]
    n_fade = round(run.config.audio.fade_s * run.config.audio.rate_hz)
    return waveform.fade_out(kept, n_fade) if np.any(samples[n_samples:]) else kept


def check_peaks(run: Run, peaks: Sequence[float], names: Sequence[str]) -> list[str]:
    """Return a warning where a model's own output is nearly silent, or none.

    Args:
        run: the run.
        peaks: of what it decoded.
        names: what these sounds are called.

    Raises:
        UserError: it is silent.
    """
    silent = [name for name, peak in zip(names, peaks, strict=True) if peak == 0]
    if silent:
        raise UserError(f"the model of {run.path} decodes to silence ({', '.join(silent[:9])}): train it for longer")
    n_quiet = sum(peak < waveform.QUIET for peak in peaks)
    if not n_quiet:
        return []
    return [
        f"the model's own output is nearly silent (peak {min(peaks):.2g} of full scale, {n_quiet} of {len(peaks)} "
        f"sounds below {waveform.QUIET}) and was amplified: train for longer"
    ]
