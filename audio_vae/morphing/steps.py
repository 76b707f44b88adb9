"""The steps of a morph as sounds: decoded along a path, or mixed, at the levels and lengths that lie between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.morphing import interpolation as paths
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.morphing.levels import cut, step_lengths, step_levels, to_level
from audio_vae.morphing.measures import compare, step_distances
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Judge
from audio_vae.runs.latents import training_means
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import atomic_folder

_DENSE = 8
"""Points that are decoded for a step to space the steps evenly."""


@dataclass(frozen=True, eq=False)
class Track:
    """The steps of a path or of a cross-fade.

    Attributes:
        positions: of the steps, `[S]`.
        whole: all T samples of each, `[S, T]`.
        heard: the same cut at the step's length, as the model or the mix makes them; S of float32 `[n]`.
        levels: the peak that each is brought to, `[S]`.
        ends: the sounds of the points themselves, `[K, T]`.
        latents: what the steps were decoded from, `[S, d]`; `None` for a cross-fade.
    """

    positions: np.ndarray
    whole: np.ndarray
    heard: list[np.ndarray]
    levels: np.ndarray
    ends: np.ndarray
    latents: np.ndarray | None = None

    def levelled(self) -> list[np.ndarray]:
        """Return what is heard, at its level."""
        return [to_level(sound, level) for sound, level in zip(self.heard, self.levels, strict=True)]


def make_tracks(run: Run, points: Sequence[Endpoint], options: PathOptions) -> tuple[Track, Track, list[str]]:
    """Decode a path through some points and mix their sounds, without writing anything.

    The cross-fade is the plain one, always at equally spaced positions.

    Returns:
        The path, the cross-fade, and warnings of the path's shape.

    Raises:
        UserError: the run has no model, or it decodes to NaN or infinity.
    """
    latents = np.stack([point.latent for point in points])
    positions = _even_positions(run, points, options) if options.spacing == "even" else options.positions
    path, warnings = paths.follow(latents, positions, options.shape)
    decoded = decode(run, np.concatenate([path, latents]))
    mixed = crossfade([point.audio for point in points], options.positions)
    return (
        _track(run, points, options, positions, decoded[: len(path)], decoded[len(path) :], path),
        _track(run, points, options, options.positions, mixed, np.stack([point.audio for point in points])),
        warnings,
    )


def judge_tracks(judge: Judge, path: Track, mix: Track) -> dict[str, Any]:
    """Return the scorecards of a path (`morph`) and its cross-fade (`crossfade`), and who is better (`comparison`)."""
    cards = {
        name: judge.path(track.heard, track.whole, track.ends, track.latents)
        for name, track in (("morph", path), ("crossfade", mix))
    }
    return {**cards, "comparison": compare(cards["morph"], cards["crossfade"])}


def crossfade(sounds: Sequence[np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return the plain mixes of sounds, the first to the last: K of `[T]`, `[S]` → float32 `[S, T]`."""
    return paths.along(np.stack(sounds), positions).astype(np.float32)


def decode(run: Run, latents: np.ndarray) -> np.ndarray:
    """Decode latents, `[S, d]` → float32 `[S, T]`.

    Raises:
        UserError: the run has no model, or it decodes to NaN or infinity.
    """
    decoded = run.decode(latents)
    if not np.isfinite(decoded).all():
        raise UserError(f"the model of {run.path} decodes to NaN or infinity: its training diverged, train it again")
    return decoded


def warn_of_unseen(run: Run, latents: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a warning where latents lie outside of what the model has seen (`paths.SeenRegion`), or none.

    Args:
        run: the run, whose own training sounds the model has seen.
        latents: `[S, d]`.
        names: what they are called, S of them.
    """
    training = training_means(run)
    if len(training) < 2:
        return []
    region = paths.SeenRegion.of(training)
    distances = region.distances(latents)
    # A training sound itself may differ in its last digits from one encoding to the next.
    outside = [name for name, each in zip(names, distances, strict=True) if each > region.limit * 1.001]
    if not outside:
        return []
    shown = ", ".join(outside[:9]) + (", …" if len(outside) > 9 else "")
    return [
        f"{shown} lies outside of what the model has seen (Mahalanobis distance up to "
        f"{distances.max():.3g}; its farthest training sound has {region.limit:.3g}): what is heard there is a guess"
    ]


def step_names(steps: int) -> list[str]:
    """Return the names of a track's files without their suffix: `00`, `01`, …."""
    n_digits = max(2, len(str(steps - 1)))
    return [f"{step:0{n_digits}d}" for step in range(steps)]


@contextmanager
def result_folder(out: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary folder that becomes `out` when the block succeeds; see `files.atomic_folder`.

    Raises:
        UserError: `out` holds other files or cannot be written.
    """
    try:
        with atomic_folder(out, marker=marker) as folder:
            yield folder
    except OSError as error:
        raise UserError(f"{out} cannot be written ({one_line(error)}): choose another folder with --out") from error


def _track(
    run: Run,
    points: Sequence[Endpoint],
    options: PathOptions,
    positions: np.ndarray,
    whole: np.ndarray,
    ends: np.ndarray,
    latents: np.ndarray | None = None,
) -> Track:
    lengths = step_lengths(
        [point.length_samples for point in points], run.config.audio.n_samples, positions, options.length
    )
    heard = [cut(run, sound, n) for sound, n in zip(whole, lengths, strict=True)]
    return Track(positions, whole, heard, step_levels([point.peak for point in points], positions), ends, latents)


def _even_positions(run: Run, points: Sequence[Endpoint], options: PathOptions) -> np.ndarray:
    """Return positions of one perceptual distance: MFCC-DTW along the path, decoded densely."""
    dense = np.linspace(*options.between, _DENSE * (options.steps - 1) + 1)
    path, _ = paths.follow(np.stack([point.latent for point in points]), dense, options.shape)
    track = _track(run, points, options, dense, decode(run, path), path, path)
    mfccs = Judge(run, run.sounds).mfccs(track.heard)
    return paths.even_positions(dense, step_distances(mfccs), options.steps)
