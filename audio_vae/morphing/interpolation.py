"""Paths through the latent space: linear, spherical, through several points, evenly spaced.

Pure functions on arrays, which know nothing of models, runs or files. A position on a path is a number: 0 is the first
point and 1 the last. Points between them lie at equal distances, so a single one lies at 0.5. Positions below 0 and
above 1 continue the first and the last leg beyond the ends.
"""

from __future__ import annotations

import numpy as np

SHAPES = ("linear", "spherical")
"""A straight line from point to point, or the great circle between their directions."""

SPACINGS = ("latent", "even")
"""Equal steps in the latent space, or equal perceptual distances."""

_PARALLEL = 1e-6
_OPPOSITE = np.pi - 1e-3


def along(points: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Interpolate linearly between points: `[K, …]` and positions `[S]` → float64 `[S, …]`.

    At the position of a point, the result is exactly that point.

    Raises:
        ValueError: there are fewer than two points.
    """
    leg, within = _legs(len(points), positions)
    within = within.reshape(-1, *(1,) * (np.ndim(points) - 1))
    points = np.asarray(points, np.float64)
    return (1 - within) * points[leg] + within * points[leg + 1]


def follow(points: np.ndarray, positions: np.ndarray, shape: str = "linear") -> tuple[np.ndarray, list[str]]:
    """Return the points of the latent space at these positions on a path.

    A `spherical` path turns evenly from the direction of one point to that of the next. This is slerp (K. Shoemake,
    Animating Rotation with Quaternion Curves, 1985). T. White (Sampling Generative Networks, 2016) uses it in latent
    spaces, because the middle of a straight path between two draws of N(0, I) lies nearer to zero than draws do. The
    distance from zero is interpolated geometrically, so that it stays positive beyond the ends. Points with the same
    direction are joined by a straight line, which is the limit of the great circle. Between opposite points, or from
    a point at zero, there is no single great circle: such a leg is straight, and a remark says so.

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
        # The straight path already holds the points themselves exactly.
        chosen = np.flatnonzero((legs == leg) & (within != 0) & (within != 1))
        share = within[chosen, np.newaxis]
        if angle < _PARALLEL:
            direction = (1 - share) * start + share * end
        else:
            direction = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
        path[chosen] = pair[0] ** (1 - share) * pair[1] ** share * direction
    return path.astype(np.float32), remarks


def even_positions(positions: np.ndarray, distances: np.ndarray, steps: int) -> np.ndarray:
    """Return positions with equal perceptual distances from one to the next.

    The distances between dense positions are added up along the path, and the sum is divided into equal parts, as
    in the perceptually uniform morphs of X. Niu, J. Zhang and C. P. Martin, SoundMorpher (2024,
    arXiv:2410.02144).

    Args:
        positions: dense positions in order, `[M]`.
        distances: perceptual distance of each to the next, `[M − 1]`.
        steps: how many positions to return.

    Returns:
        float64 `[steps]`; the first and last are those of `positions`. If nothing changes along the path, they are
        equally spaced.
    """
    travelled = np.concatenate([[0.0], np.cumsum(distances)])
    if not travelled[-1] > 0:
        return np.linspace(positions[0], positions[-1], steps)
    found = np.interp(np.linspace(0, travelled[-1], steps), travelled, positions)
    # If the sound does not change near an end, the path still starts and stops where it was asked to.
    found[0], found[-1] = positions[0], positions[-1]
    return found


def _legs(n_points: int, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each position `[S]` the number of its leg, and where on the leg it lies, 0 to 1 (or beyond)."""
    if n_points < 2:
        raise ValueError(f"Expected 2 points or more, received: {n_points}")
    travelled = np.asarray(positions, np.float64) * (n_points - 1)
    # Rounding may miss a point by a little, such as at 1/3 of three legs.
    whole = np.round(travelled)
    travelled = np.where(np.abs(travelled - whole) < 1e-12 * n_points, whole, travelled)
    leg = np.clip(np.floor(travelled).astype(int), 0, n_points - 2)
    return leg, travelled - leg


def _remark(leg: int, n_points: int, why: str) -> str:
    which = "the path" if n_points == 2 else f"leg {leg + 1} of the path"
    return f"{which} has no great circle of its own ({why}) and is followed straight"
