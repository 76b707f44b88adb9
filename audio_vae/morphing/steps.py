"""The steps of a morph as sounds: decoded along a path, or mixed, with levels and lengths between those of the ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.morphing import interpolation
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.morphing.levels import cut, step_lengths, step_levels, to_level
from audio_vae.morphing.measures import step_distances
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Scorer, compare
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

# To space the steps evenly, so many points are decoded for each step.
_DENSITY = 8


@dataclass(frozen=True, eq=False)
class Track:
    """The steps of a path or of a cross-fade, in order.

    Attributes:
        positions: positions of the steps on the path, `[S]`.
        uncut: all T samples of each step, `[S, T]`.
        sounds: the same cut to the length of the step, at the level of the model or the mix; S of float32 `[n]`.
        levels: the peak that each step is to have, `[S]`.
        ends: what the steps could be a mix of, the sounds of the points that the path leads through, `[K, T]`.
        latents: what the steps were decoded from, `[S, d]`; `None` for a cross-fade.
    """

    positions: np.ndarray
    uncut: np.ndarray
    sounds: list[np.ndarray]
    levels: np.ndarray
    ends: np.ndarray
    latents: np.ndarray | None = None

    def levelled(self) -> list[np.ndarray]:
        """Return the sounds of the steps, each at its level."""
        return [to_level(sound, level) for sound, level in zip(self.sounds, self.levels, strict=True)]


def make_tracks(run: Run, points: Sequence[Endpoint], options: PathOptions) -> tuple[Track, Track, list[str]]:
    """Decode a path through some points and mix the real sounds of these points. Nothing is written.

    The cross-fade is a plain mix, always at equally spaced positions.

    Args:
        run: a trained run.
        points: the start, the points between, and the end.
        options: how to go from one to the next.

    Returns:
        The path, the cross-fade, and warnings about the shape of the path.

    Raises:
        UserError: the run has no model, or its output is not finite.
    """
    latents = np.stack([point.latent for point in points])
    audio = np.stack([point.audio for point in points])
    positions = _even_positions(run, points, options) if options.spacing == "even" else options.positions
    path, warnings = interpolation.follow(latents, positions, options.shape)
    decoded = decode(run, np.concatenate([path, latents]))
    mixed = crossfade(audio, options.positions)
    return (
        _track(run, points, options, positions, decoded[: len(path)], decoded[len(path) :], path),
        _track(run, points, options, options.positions, mixed, audio),
        warnings,
    )


def score_tracks(scorer: Scorer, path: Track, mix: Track) -> dict[str, Any]:
    """Return the scorecards of a path (`morph`) and its cross-fade (`crossfade`), and who is better (`comparison`)."""
    cards = {
        name: scorer.score_path(track.sounds, track.uncut, track.ends, track.latents)
        for name, track in (("morph", path), ("crossfade", mix))
    }
    return {**cards, "comparison": compare(cards["morph"], cards["crossfade"])}


def crossfade(sounds: Sequence[np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return plain mixes that lead from the first sound to the last: K of `[T]`, `[S]` → float32 `[S, T]`."""
    return interpolation.along(np.stack(sounds), positions).astype(np.float32)


def decode(run: Run, latents: np.ndarray) -> np.ndarray:
    """Decode latents, `[S, d]` → float32 `[S, T]`.

    Raises:
        UserError: the run has no model, or its output is not finite.
    """
    decoded = run.decode(latents)
    if not np.isfinite(decoded).all():
        raise UserError(f"the model of {run.path} decodes to NaN or infinity: its training diverged, train it again")
    return decoded


def _track(
    run: Run,
    points: Sequence[Endpoint],
    options: PathOptions,
    positions: np.ndarray,
    uncut: np.ndarray,
    ends: np.ndarray,
    latents: np.ndarray | None = None,
) -> Track:
    """Cut the steps to their lengths: `[S]`, `[S, T]`, `[K, T]` and `[S, d]` make a track."""
    audio = run.config.audio
    lengths = step_lengths([point.length_samples for point in points], audio.n_samples, positions, options.length)
    sounds = [cut(sound, n_samples, audio) for sound, n_samples in zip(uncut, lengths, strict=True)]
    return Track(positions, uncut, sounds, step_levels([point.peak for point in points], positions), ends, latents)


def _even_positions(run: Run, points: Sequence[Endpoint], options: PathOptions) -> np.ndarray:
    """Return positions, float64 `[S]`, with equal MFCC-DTW distances along the path, which is decoded densely."""
    dense = np.linspace(*options.between, _DENSITY * (options.steps - 1) + 1)
    path, _ = interpolation.follow(np.stack([point.latent for point in points]), dense, options.shape)
    track = _track(run, points, options, dense, decode(run, path), path, path)
    mfccs = Scorer(run, run.sounds).mfccs(track.sounds)
    return interpolation.even_positions(dense, step_distances(mfccs), options.steps)
