"""The steps of a morph as sounds: shaped out of the sounds of the ends, or decoded along a path; and plain mixes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.audio import descriptors, waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.morphing import interpolation
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.levels import cut, step_lengths, step_levels, to_level
from audio_vae.morphing.measures import step_distances
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Scorer, compare
from audio_vae.runs.run import Run
from audio_vae.shaping import correction, guide, targets
from audio_vae.shaping.correction import TRUE_PEAK_DB, at_most_true_peak
from audio_vae.shaping.shaper import Shaper, onset_of
from audio_vae.utils.errors import UserError

# To space the steps evenly, so many points are decoded for each step.
_DENSITY = 8
# Steps that are shaped, or tracks that are scored, side by side. More gain little, and each needs memory.
_MOST_THREADS = 2


@dataclass(frozen=True, eq=False)
class Track:
    """The steps of a path or of a cross-fade, in order.

    Attributes:
        positions: positions of the steps on the path, `[S]`.
        steps: the steps as they are written, each at its own rate and level. An end that is a real sound is that sound.
        uncut: the same as the model hears or decodes them, `[S, T]`.
        sounds: these cut to the length of the step; S of float32 `[n]`.
        ends: what the steps could be a mix of, the sounds of the points that the path leads through, `[K, T]`.
        latents: the points of the latent space on the path, `[S, d]`; `None` for a cross-fade.
        decoded: what the model makes of these, `[S, T]`; `None` for a cross-fade.
        decoded_ends: what it makes of the points that the path leads through, `[K, T]`; `None` for a cross-fade.
    """

    positions: np.ndarray
    steps: list[Given]
    uncut: np.ndarray
    sounds: list[np.ndarray]
    ends: np.ndarray
    latents: np.ndarray | None = None
    decoded: np.ndarray | None = None
    decoded_ends: np.ndarray | None = None


def make_path(run: Run, points: Sequence[Endpoint], options: PathOptions) -> tuple[Track, list[str]]:
    """Make the steps of a path through some points. Nothing is written.

    Args:
        run: a trained run.
        points: the start, the points between, and the end.
        options: how to go from one to the next.

    Returns:
        The path, and warnings about its shape.

    Raises:
        UserError: the run has no model, or its output is not finite.
    """
    latents = np.stack([point.latent for point in points])
    positions = _even_positions(run, points, options) if options.spacing == "even" else options.positions
    path, warnings = interpolation.follow(latents, positions, options.shape)
    decoded = decode(run, np.concatenate([path, latents]))
    decoded, decoded_ends = decoded[: len(path)], decoded[len(path) :]
    make = _model_track if options.render == "model" else _sound_track
    return make(run, points, options, positions, path, decoded, decoded_ends), warnings


def make_crossfade(run: Run, points: Sequence[Endpoint], options: PathOptions) -> Track:
    """Mix the real sounds of the points with peak 1, and bring the mixes to peaks between those of the points.

    It is a plain mix, always at equally spaced positions. The arguments are those of `make_path`.
    """
    positions = options.positions
    givens, rate_hz = together([point.given for point in points])
    longest = max(map(len, givens))
    padded = [np.pad(waveform.normalised(each), ((0, longest - len(each)), (0, 0))) for each in givens]
    lengths = step_lengths([len(each) for each in givens], longest, positions, options.length)
    levels = step_levels([waveform.peak(each) for each in givens], positions)
    weights = weights_at(len(points), positions)
    audio_config, steps = run.config.audio, []
    for each, mix, length, level in zip(weights, crossfade(padded, positions), lengths, levels, strict=True):
        whole = np.flatnonzero(each == 1)
        step = (
            points[whole[0]].given
            if len(whole)
            else Given(to_level(cut(mix, length, audio_config, rate_hz), level), rate_hz)
        )
        steps.append(at_level(step, options.level))
    audio = np.stack([point.audio for point in points])
    uncut = crossfade(audio, positions)
    sounds = [mix_as_heard(run, *each) for each in zip(uncut, steps, weights, strict=True)]
    return Track(positions, steps, uncut, sounds, audio)


def mix_as_heard(run: Run, mix: np.ndarray, step: Given, weights: np.ndarray) -> np.ndarray:
    """Return a mix of what the encoder hears of some points, `[T]`, as long as its step; a real sound is left as it is.

    Args:
        run: the run of the encoder.
        mix: the mix.
        step: the same mix as it is written.
        weights: the weight of each point.
    """
    audio = run.config.audio
    n_heard = max(1, min(len(step.samples) * audio.rate_hz // step.rate_hz, len(mix)))
    return mix[:n_heard] if np.any(weights == 1) else cut(mix, n_heard, audio)


def score_tracks(scorer: Scorer, path: Track, mix: Track, points: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the scorecards of a path (`morph`) and its cross-fade (`crossfade`), and who is better (`comparison`)."""
    ends = [points[0].given, points[-1].given]
    # Before there are threads: the networks, which compute on all cores, and what both need.
    said = [scorer.classify(track.sounds, track.latents) for track in (path, mix)]
    _ = scorer.real

    def score(track: Track, says: dict[str, Any]) -> dict[str, Any]:
        return scorer.score_path(track.sounds, track.uncut, track.ends, says, steps=track.steps, given=ends)

    with ThreadPoolExecutor(_MOST_THREADS) as pool:
        morph, of_mix = pool.map(score, (path, mix), said)
    return {"morph": morph, "crossfade": of_mix, "comparison": compare(morph, of_mix)}


def crossfade(sounds: Sequence[np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Return plain mixes that lead from the first sound to the last: K of `[n, …]`, `[S]` → float32 `[S, n, …]`."""
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


def heard(run: Run, steps: Sequence[Given]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return sounds as a model hears them: from the onset, mono, at its rate, with peak 1.

    Returns:
        float32 `[S, T]`, and the same cut to their lengths, S of `[n]`. Silence stays silence.
    """
    config = run.config.audio
    uncut, lengths = np.zeros((len(steps), config.n_samples), np.float32), []
    for row, step in zip(uncut, steps, strict=True):
        try:
            row[:], _, length = waveform.fit(waveform.resample(step.mono, step.rate_hz, config.rate_hz), config)
        except AudioError:
            length = min(len(step.samples), config.n_samples)
        lengths.append(length)
    return uncut, [row[:length] for row, length in zip(uncut, lengths, strict=True)]


def at_level(step: Given, level: str) -> Given:
    """Bring a sound to a true peak of `TRUE_PEAK_DB` if `level` is `peak`, and leave it as it is if it is `keep`."""
    highest = waveform.true_peak(step.samples, step.rate_hz)
    if level == "keep" or highest == 0:
        return step
    return Given(step.samples * np.float32(10 ** (TRUE_PEAK_DB / 20) / highest), step.rate_hz)


def weights_at(n_points: int, positions: np.ndarray) -> np.ndarray:
    """Return the weight of each of K points at positions `[S]` on a path through them, float64 `[S, K]`."""
    return interpolation.along(np.eye(n_points), positions)


def _sound_track(run, points, options, positions, path, decoded, decoded_ends) -> Track:
    """Shape the steps out of the sounds of the points; those at a point are its sound."""
    weights = weights_at(len(points), positions)
    moves_db = guide.moves_db(decoded, decoded_ends, weights, run.config.audio.rate_hz)
    sounds, rate_hz = together([point.given for point in points])
    shaper = Shaper(sounds, rate_hz)
    lengths = [len(sound) for sound in sounds]
    lengths = step_lengths(lengths, max(lengths), positions, options.length)

    def made(each: np.ndarray, length: int, moves: np.ndarray) -> Given:
        whole = np.flatnonzero(each == 1)
        step = points[whole[0]].given if len(whole) else Given(shaper.sound(each, length, moves), rate_hz)
        return at_level(step, options.level)

    # NumPy lets other threads run while it computes.
    with ThreadPoolExecutor(_MOST_THREADS) as pool:
        steps = list(pool.map(made, weights, lengths, moves_db))
    uncut, cut_sounds = heard(run, steps)
    audio = np.stack([point.audio for point in points])
    return Track(positions, steps, uncut, cut_sounds, audio, path, decoded, decoded_ends)


def _model_track(run, points, options, positions, path, decoded, decoded_ends) -> Track:
    """Take the decoded steps at levels and a brightness between those of the points."""
    rate_hz = run.config.audio.rate_hz
    made = _levelled(run, points, options, positions, decoded, decoded_ends)
    uncut = decoded.copy()
    for row, step in zip(uncut, made, strict=True):
        # As loud as it was decoded.
        row[: len(step)] = to_level(step[:, 0], waveform.peak(row[: len(step)]))
    sounds = [row[: len(step)] for row, step in zip(uncut, made, strict=True)]
    steps = [at_level(Given(at_most_true_peak(step, rate_hz), rate_hz), options.level) for step in made]
    return Track(positions, steps, uncut, sounds, decoded_ends, path, decoded, decoded_ends)


def _levelled(run, points, options, positions, decoded, decoded_ends) -> list[np.ndarray]:
    """Cut decoded steps to their lengths, and bring them to levels and brightness between those of the points.

    Returns:
        S of float32 `[n, 1]`.
    """
    audio = run.config.audio
    own_lengths = [point.length_samples for point in points]
    peaks = [point.peak for point in points]

    def cut_to_lengths(rows: np.ndarray, at: np.ndarray, levels: Sequence[float]) -> list[np.ndarray]:
        lengths = step_lengths(own_lengths, audio.n_samples, at, options.length)
        sounds = [cut(row, n_samples, audio) for row, n_samples in zip(rows, lengths, strict=True)]
        return [to_level(sound, level)[:, np.newaxis] for sound, level in zip(sounds, levels, strict=True)]

    steps = cut_to_lengths(decoded, positions, step_levels(peaks, positions))
    ends = cut_to_lengths(decoded_ends, np.linspace(0, 1, len(points)), peaks)
    if min(map(waveform.peak, [*steps, *ends])) < waveform.SILENCE:
        return steps
    return _heard_between(steps, ends, weights_at(len(points), positions), audio.rate_hz)


def _heard_between(
    steps: Sequence[np.ndarray], ends: Sequence[np.ndarray], weights: np.ndarray, rate_hz: int
) -> list[np.ndarray]:
    """Bring steps to the loudness and brightness between those of the ends: at equal peaks they would still differ.

    Args:
        steps: S sounds, `[n, 1]`; one that lies at an end is left as it is.
        ends: K sounds, `[n, 1]`.
        weights: the weight of each end in each step, `[S, K]`.
        rate_hz: the sample rate of all.
    """
    described = [descriptors.describe(end, rate_hz) for end in ends]
    onsets_ms = [_onset_ms(end, rate_hz) for end in ends]
    return [
        step
        if np.any(each == 1)
        else correction.at_brightness_and_loudness(
            step, rate_hz, targets.descriptors_between(described, onsets_ms, each), _onset_ms(step, rate_hz)
        )
        for step, each in zip(steps, weights, strict=True)
    ]


def _onset_ms(samples: np.ndarray, rate_hz: int) -> float:
    return 1e3 * onset_of(samples) / rate_hz


def _even_positions(run: Run, points: Sequence[Endpoint], options: PathOptions) -> np.ndarray:
    """Return positions, float64 `[S]`, with equal MFCC-DTW distances along the path, which is decoded densely."""
    dense = np.linspace(*options.between, _DENSITY * (options.steps - 1) + 1)
    latents = np.stack([point.latent for point in points])
    path, _ = interpolation.follow(latents, dense, options.shape)
    decoded = decode(run, np.concatenate([path, latents]))
    made = _levelled(run, points, options, dense, decoded[: len(path)], decoded[len(path) :])
    mfccs = Scorer(run, run.sounds).mfccs([sound[:, 0] for sound in made])
    return interpolation.even_positions(dense, step_distances(mfccs), options.steps)
