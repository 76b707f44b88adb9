"""Warnings of a model's silent output, and of latents that lie far from all training sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.audio import waveform
from audio_vae.runs.latents import training_means
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

_MOST_NAMES = 9


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


def check_seen(run: Run, latents: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a warning if latents lie outside of the `SeenRegion` of the run's training sounds.

    Args:
        run: the run of the model.
        latents: `[S, d]`.
        names: what they are called, S of them.

    Returns:
        One warning, or none. There is none for a run with fewer than two training sounds.
    """
    training = training_means(run)
    if len(training) < 2:
        return []
    region = SeenRegion.of(training)
    distances = region.distances(latents)
    # Encoding the same sound twice may give latents that differ in their last digits.
    outside = [name for name, each in zip(names, distances, strict=True) if each > region.limit * 1.001]
    if not outside:
        return []
    shown = ", ".join(outside[:_MOST_NAMES]) + (", …" if len(outside) > _MOST_NAMES else "")
    return [
        f"{shown} lies outside of what the model has seen (Mahalanobis distance up to "
        f"{distances.max():.3g}; its farthest training sound has {region.limit:.3g}): what is heard there is a guess"
    ]


@dataclass(frozen=True, eq=False)
class SeenRegion:
    """The part of the latent space that a model has seen: an ellipsoid around all training sounds.

    Its shape is their covariance matrix with the shrinkage of O. Ledoit and M. Wolf (2004), because there may be fewer
    sounds than dimensions. Its size is the Mahalanobis distance of the farthest training sound; K. Lee et al. (2018)
    use this distance to detect inputs unlike those of the training. An ellipsoid is convex, so a straight path between
    two points inside never leaves it: a step between training sounds is never called unseen, a step beyond them may be.

    Attributes:
        centre: `[d]`.
        precision: inverse of the covariance matrix, `[d, d]`.
        limit: largest Mahalanobis distance of a training sound.
    """

    centre: np.ndarray
    precision: np.ndarray
    limit: float

    @classmethod
    def of(cls, latents: np.ndarray) -> SeenRegion:
        """Return the region of training latents `[N, d]`.

        Raises:
            ValueError: there are fewer than two.
        """
        from sklearn.covariance import LedoitWolf

        if len(latents) < 2:
            raise ValueError(f"Expected 2 training sounds or more, received: {len(latents)}")
        latents = np.asarray(latents, np.float64)
        fitted = LedoitWolf().fit(latents)
        region = cls(fitted.location_, fitted.precision_, 0.0)
        return cls(fitted.location_, fitted.precision_, float(region.distances(latents).max()))

    def distances(self, latents: np.ndarray) -> np.ndarray:
        """Return Mahalanobis distances from the centre, `[S, d]` → float64 `[S]`."""
        offset = np.asarray(latents, np.float64) - self.centre
        return np.sqrt(np.maximum(np.einsum("sd,de,se->s", offset, self.precision, offset), 0))
