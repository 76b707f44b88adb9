"""The steps of a morph as sounds: decoded along a path, or mixed, at the levels and lengths that lie between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.morphing import interpolation as paths
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.morphing.measures import compare, step_distances
from audio_vae.morphing.scorecard import Judge
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import atomic_folder

LENGTHS = ("A", "B", "interpolate", "full")
"""Length of the steps: the start's, the end's, from one to the other, or all T samples."""

_DENSE = 8
"""Points that are decoded for a step to space the steps evenly."""

_FARTHEST = 10.0


@dataclass(frozen=True)
class PathOptions:
    """How to go from one sound to another.

    Attributes:
        steps: sounds on the path, both ends included.
        length: one of `LENGTHS`.
        shape: one of `paths.SHAPES`.
        spacing: one of `paths.SPACINGS`.
        between: positions of the first and last step; 0 is the start, 1 the end, what lies beyond them
            goes on in the same direction.

    Raises:
        UserError: a value cannot be used.
    """

    steps: int = 9
    length: str = "interpolate"
    shape: str = "linear"
    spacing: str = "latent"
    between: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self):
        if self.steps < 2:
            raise UserError(f"a morph of {self.steps} steps has no start and end: give 2 steps or more")
        for name, known in (("length", LENGTHS), ("shape", paths.SHAPES), ("spacing", paths.SPACINGS)):
            if getattr(self, name) not in known:
                raise UserError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        first, last = self.between
        if not -_FARTHEST <= first < last <= _FARTHEST:
            raise UserError(
                f"a morph cannot go from position {first:g} to {last:g}: give two positions that rise, from "
                f"{-_FARTHEST:g} to {_FARTHEST:g} (0 is the start, 1 the end)"
            )

    @property
    def positions(self) -> np.ndarray:
        """Equally spaced positions, float64 `[steps]`."""
        return np.linspace(*self.between, self.steps)


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
    peak = audio_files.peak(samples)
    if peak == 0:
        return samples
    # In float64: the gain of a nearly silent sound may exceed what float32 holds.
    return (samples.astype(np.float64) * (level / peak)).astype(np.float32)


def decode(run: Run, latents: np.ndarray) -> np.ndarray:
    """Decode latents, `[S, d]` → float32 `[S, T]`.

    Raises:
        UserError: the run has no model, or it decodes to NaN or infinity.
    """
    decoded = run.decode(latents)
    if not np.isfinite(decoded).all():
        raise UserError(f"the model of {run.path} decodes to NaN or infinity: its training diverged, train it again")
    return decoded


def cut(run: Run, samples: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the first samples, faded out unless only silence was cut off."""
    kept = samples[:n_samples]
    n_fade = round(run.config.audio.fade_s * run.config.audio.rate_hz)
    return audio_files.fade_out(kept, n_fade) if np.any(samples[n_samples:]) else kept


def warn_of_unseen(run: Run, latents: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a warning where latents lie outside of what the model has seen (`paths.SeenRegion`), or none.

    Args:
        run: the run, whose own training sounds the model has seen.
        latents: `[S, d]`.
        names: what they are called, S of them.
    """
    training = run.training_means()
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
    n_quiet = sum(peak < audio_files.QUIET for peak in peaks)
    if not n_quiet:
        return []
    return [
        f"the model's own output is nearly silent (peak {min(peaks):.2g} of full scale, {n_quiet} of {len(peaks)} "
        f"sounds below {audio_files.QUIET}) and was amplified: train for longer"
    ]


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
