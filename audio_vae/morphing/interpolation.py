"""Paths through the latent space: linear, spherical, through several points, evenly spaced; and where they leave it.

Pure functions on arrays; nothing here knows of models, runs or files. A position on a path is a number: 0 is the
first point, 1 the last, and points between them lie at equal distances (with one, at 0.5). Positions below 0 and
above 1 go on beyond the ends as the first and last leg do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHAPES = ("linear", "spherical")
"""Straight from point to point, or on the great circle between their directions."""

SPACINGS = ("latent", "even")
"""Steps of one size in the latent space, or of one perceptual distance."""

_PARALLEL = 1e-6
_OPPOSITE = np.pi - 1e-3


def along(points: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return what lies at these positions between points, linearly: `[K, …]`, `[S]` → float64 `[S, …]`.

    The points themselves are exact.

    Raises:
        ValueError: there are fewer than two points.
    """
    leg, within = _legs(len(points), positions)
    within = within.reshape(-1, *(1,) * (np.ndim(points) - 1))
    points = np.asarray(points, np.float64)
    return (1 - within) * points[leg] + within * points[leg + 1]


def follow(points: np.ndarray, positions: np.ndarray, shape: str = "linear") -> tuple[np.ndarray, list[str]]:
    """Return the points of the latent space at these positions on a path.

    `spherical` turns the direction evenly from one point's to the next (slerp: K. Shoemake, Animating Rotation
    with Quaternion Curves, 1985; for latent spaces T. White, Sampling Generative Networks, 2016, because the
    middle of a straight path between two draws of N(0, I) lies nearer to zero than draws do). The distance to
    zero goes geometrically from one point's to the next, so that it stays positive beyond the ends. Points of
    the same direction are joined by a straight line, which is the limit. A leg that has no great circle of its
    own (a point at zero, opposite points) is followed straight, and a remark says so.

    Args:
        points: `[K, d]`, two or more.
        positions: `[S]`.
        shape: one of `SHAPES`.

    Returns:
        float32 `[S, d]`, and remarks, one line each.

    Raises:
        ValueError: the shape is unknown, or there are fewer than two points.
    """
    if shape not in SHAPES:
        raise ValueError(f"Expected one of {SHAPES}, received: shape={shape!r}")
    path = along(points, positions)
    if shape == "linear":
        return path.astype(np.float32), []
    points = np.asarray(points, np.float64)
    norms = np.linalg.norm(points, axis=1)
    legs, within = _legs(len(points), positions)
    remarks = []
    for leg in np.unique(legs):
        pair = norms[leg : leg + 2]
        if pair.min() <= 1e-9 * max(pair.max(), 1e-30):
            remarks.append(_remark(leg, len(points), "one of its ends is the zero of the latent space"))
            continue
        start, end = points[leg : leg + 2] / pair[:, np.newaxis]
        angle = np.arccos(np.clip(start @ end, -1, 1))
        if angle > _OPPOSITE:
            remarks.append(_remark(leg, len(points), "its ends are opposite each other"))
            continue
        # The points themselves are exact in the straight path and stay.
        chosen = np.flatnonzero((legs == leg) & (within != 0) & (within != 1))
        share = within[chosen, np.newaxis]
        if angle < _PARALLEL:
            direction = (1 - share) * start + share * end
        else:
            direction = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
        path[chosen] = pair[0] ** (1 - share) * pair[1] ** share * direction
    return path.astype(np.float32), remarks


def even_positions(positions: np.ndarray, distances: np.ndarray, steps: int) -> np.ndarray:
    """Return positions whose steps are all of one perceptual distance.

    The distances between dense positions are added up along the path, and the sum is cut into equal parts, as
    in the perceptually uniform morphs of X. Niu, J. Zhang and C. P. Martin, SoundMorpher (2024,
    arXiv:2410.02144).

    Args:
        positions: dense positions in order, `[M]`.
        distances: perceptual distance of each to the next, `[M − 1]`.
        steps: how many positions to return.

    Returns:
        float64 `[steps]`, the first and last those of `positions`; evenly spaced where nothing changes.
    """
    travelled = np.concatenate([[0.0], np.cumsum(distances)])
    if not travelled[-1] > 0:
        return np.linspace(positions[0], positions[-1], steps)
    found = np.interp(np.linspace(0, travelled[-1], steps), travelled, positions)
    # Where the sound stands still at an end, that end is still where the path was to start or stop.
    found[0], found[-1] = positions[0], positions[-1]
    return found


@dataclass(frozen=True, eq=False)
class SeenRegion:
    """The part of the latent space that a model has seen: an ellipsoid that holds all training sounds.

    Its shape is their covariance, shrunk as O. Ledoit and M. Wolf (2004) do, since there may be fewer sounds
    than dimensions; its size is the farthest training sound's Mahalanobis distance (as K. Lee et al. 2018 tell
    what a network has not seen). An ellipsoid is convex, so a straight path between points inside never leaves
    it: what lies between sounds is never called unseen, what lies beyond them may be.

    Attributes:
        centre: `[d]`.
        precision: `[d, d]`.
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


def _legs(n_points: int, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of the leg that each position lies on (or beyond), and where on it, 0 to 1 (or beyond)."""
    if n_points < 2:
        raise ValueError(f"Expected 2 points or more, received: {n_points}")
    travelled = np.asarray(positions, np.float64) * (n_points - 1)
    # A position that rounding keeps from a point, such as 1/3 of three legs, is meant to be it.
    whole = np.round(travelled)
    travelled = np.where(np.abs(travelled - whole) < 1e-12 * n_points, whole, travelled)
    leg = np.clip(np.floor(travelled).astype(int), 0, n_points - 2)
    return leg, travelled - leg


def _remark(leg: int, n_points: int, why: str) -> str:
    which = "the path" if n_points == 2 else f"leg {leg + 1} of the path"
    return f"{which} has no great circle of its own ({why}) and is followed straight"
