"""A blend in memory: the sound at once, and what it is compared with, its warnings and scores when asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.checks import check_ends, check_levels, model_distances_db
from audio_vae.morphing.endpoints import Endpoint, file_warnings
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.levels import cut, to_level
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import SOUND_MEASURES, Scorer, compare
from audio_vae.morphing.steps import at_level, decode, heard, mix_as_heard
from audio_vae.runs.run import Run
from audio_vae.shaping import guide
from audio_vae.shaping.correction import at_most_true_peak
from audio_vae.shaping.shaper import Shaper
from audio_vae.utils.errors import UserError

LENGTHS = ("interpolate", "full")
"""Length of a blend: the weighted mean of the lengths of its parts, or all T samples of the model (of the longest part,
if the blend is made of the sounds). A part of weight 1 has its own length."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A blend or a plain mix.

    Attributes:
        step: the sound as it is written.
        uncut: the same as the model hears or decodes it, float32 `[1, T]`.
        sound: this cut to the length of the blend, float32 `[n]`.
        parts: what it is made of, `[K, T]`.
        latent: the weighted mean of the parts' latents, float32 `[1, d]`; `None` for a plain mix.
        decoded: what the model makes of this latent and of the parts', `[1 + K, T]`; `None` for a plain mix.
    """

    step: Given
    uncut: np.ndarray
    sound: np.ndarray
    parts: np.ndarray
    latent: np.ndarray | None = None
    decoded: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class MadeBlend:
    """A blend, as `make_blend` makes it.

    Attributes:
        run: the run that made it.
        sounds: the real sounds that it is scored by.
        points: its parts.
        given_weights: the weight of each part as it was given.
        weights: the same divided by their sum, float64 `[K]`.
        options: how it is made.
        blend: the sound between the parts.
        remarks: how the weights were changed, one line each.
    """

    run: Run
    sounds: SoundSet
    points: tuple[Endpoint, ...]
    given_weights: tuple[float, ...]
    weights: np.ndarray
    options: PathOptions
    blend: Mixture
    remarks: tuple[str, ...]

    @cached_property
    def mix(self) -> Mixture:
        """The plain mix of the real sounds with the same weights."""
        return _mix(self.run, self.points, self.weights, self.options)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of, one line each.

        Raises:
            UserError: the model decodes to silence.
        """
        is_of_model = self.options.render == "model"
        lines = file_warnings(self.points, are_cut=is_of_model)
        heard_of_model = self.blend.sound if is_of_model else self.blend.decoded[0]
        lines += check_levels(self.run, [waveform.peak(heard_of_model)], ["the blend"])
        if not waveform.peak(self.mix.step.samples):
            lines.append("the mix is silent: the sounds cancel out, or start too late")
        distances_db = model_distances_db(self.run, self.points, self.blend.decoded[1:])
        return (*lines, *check_ends(self.run, self.points, distances_db))

    @cached_property
    def scorecard(self) -> dict[str, Any]:
        """The scores of the blend and of its mix, and who is better."""
        scorer = Scorer(self.run, self.sounds)
        cards = {
            name: scorer.score_each([each.sound], each.uncut, each.parts, each.latent)
            for name, each in (("blend", self.blend), ("mix", self.mix))
        }
        figures = [
            {key: card[listed][0] for key, listed in SOUND_MEASURES.items() if listed in card}
            for card in cards.values()
        ]
        return {**cards, "comparison": compare(*figures, names=("blend", "mix"))}


def blend_options(length: str = "interpolate", **options: Any) -> PathOptions:
    """Return the options of a blend.

    Args:
        length: one of `LENGTHS`.
        options: `render`, `level` and `subtype` of `morphing.options.PathOptions`.

    Raises:
        UserError: a value cannot be used.
    """
    if length not in LENGTHS:
        raise UserError(f"unknown length {length!r}: choose one of {', '.join(LENGTHS)}")
    return PathOptions(length=length, **options)


def make_blend(
    run: Run,
    points: Sequence[Endpoint],
    given_weights: Sequence[float],
    options: PathOptions,
    sounds: SoundSet | None = None,
) -> MadeBlend:
    """Blend several points into one sound. Nothing is written.

    Args:
        run: a trained run.
        points: what to blend.
        given_weights: the weight of each; they are divided by their sum.
        options: what `blend_options` returns.
        sounds: the real sounds that it is scored by; by default, those of the run.

    Raises:
        UserError: a weight cannot be used, the run has no model, or its output is not finite.
    """
    weights, remarks = normalised_weights([point.name for point in points], given_weights)
    latents = np.stack([point.latent for point in points])
    latent = (weights @ latents).astype(np.float32)[np.newaxis]
    decoded = decode(run, np.concatenate([latent, latents]))
    make = _of_model if options.render == "model" else _of_sounds
    made = make(run, points, weights, options, latent, decoded)
    sounds = run.sounds if sounds is None else sounds
    return MadeBlend(run, sounds, tuple(points), tuple(given_weights), weights, options, made, tuple(remarks))


def normalised_weights(names: Sequence[str], weights: Sequence[float]) -> tuple[np.ndarray, list[str]]:
    """Return weights that add up to 1, float64 `[K]`, and remarks on how they were changed.

    Raises:
        UserError: there are none, one is negative or not finite, or all are 0.
    """
    for name, weight in zip(names, weights, strict=True):
        if not 0 <= weight < math.inf:
            raise UserError(f"the weight {weight:g} of {name!r} cannot be used: give 0 or more")
    total = math.fsum(weights)
    if not 0 < total < math.inf:
        raise UserError("no part of the blend has a weight above 0: give at least one, such as 0.5")
    shares = np.array(weights, np.float64) / total
    if math.isclose(total, 1, abs_tol=1e-6):
        return shares, []
    shown = ", ".join(f"{name} {share:.3g}" for name, share in zip(names, shares, strict=True))
    return shares, [f"the weights add up to {total:g} and are divided by that: {shown}"]


def _of_model(run, points, weights, options, latent, decoded) -> Mixture:
    audio, n_samples = run.config.audio, run.config.audio.n_samples
    if options.length == "interpolate":
        n_samples = round(float(weights @ [point.length_samples for point in points]))
    sound = cut(decoded[0], n_samples, audio)
    levelled = to_level(sound, _mean_peak([point.peak for point in points], weights))[:, np.newaxis]
    step = at_level(Given(at_most_true_peak(levelled, audio.rate_hz), audio.rate_hz), options.level)
    return Mixture(step, decoded[:1], sound, decoded[1:], latent, decoded)


def _of_sounds(run, points, weights, options, latent, decoded) -> Mixture:
    if np.any(weights == 1):
        step = points[int(weights.argmax())].given
    else:
        sounds, rate_hz = together([point.given for point in points])
        moves_db = guide.moves_db(decoded[:1], decoded[1:], weights[np.newaxis], run.config.audio.rate_hz)[0]
        length = max(map(len, sounds)) if options.length == "full" else None
        step = Given(Shaper(sounds, rate_hz).sound(weights, length, moves_db), rate_hz)
    step = at_level(step, options.level)
    uncut, (sound,) = heard(run, [step])
    return Mixture(step, uncut, sound, np.stack([point.audio for point in points]), latent, decoded)


def _mix(run: Run, points: Sequence[Endpoint], weights: np.ndarray, options: PathOptions) -> Mixture:
    givens, rate_hz = together([point.given for point in points])
    longest = max(map(len, givens))
    padded = np.stack([np.pad(waveform.normalised(each), ((0, longest - len(each)), (0, 0))) for each in givens])
    n_samples = longest if options.length == "full" else round(float(weights @ [len(each) for each in givens]))
    mixed = cut(np.tensordot(weights, padded, 1).astype(np.float32), n_samples, run.config.audio, rate_hz)
    step = Given(to_level(mixed, _mean_peak([waveform.peak(each) for each in givens], weights)), rate_hz)
    if np.any(weights == 1):
        step = points[int(weights.argmax())].given
    audio = np.stack([point.audio for point in points])
    uncut = (weights @ audio).astype(np.float32)[np.newaxis]
    return Mixture(at_level(step, options.level), uncut, mix_as_heard(run, uncut[0], step, weights), audio)


def _mean_peak(peaks: Sequence[float], weights: np.ndarray) -> float:
    """Return the weighted mean of peaks in decibels, at most full scale."""
    return min(math.exp(weights @ np.log(peaks)), 1.0)
