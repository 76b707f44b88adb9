"""One sound out of several: what lies between them at given weights, beside the plain mix.

Contents of a blend folder:

    blend.wav     the sound between them
    mix.wav       the plain mix of the real sounds with the same weights
    blend.png     waveforms and spectrograms of the parts, the blend and the mix
    blend.json    parts and weights, latent, level, scorecard, and what made them
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.checks import check_ends, check_levels, model_distances_db
from audio_vae.morphing.endpoints import CLASS_CENTRES, Endpoint, file_warnings, parse_endpoint
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.levels import cut, to_level
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import SOUND_MEASURES, Scorer, compare
from audio_vae.morphing.steps import at_level, decode, heard
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run
from audio_vae.shaping import guide
from audio_vae.shaping.correction import at_most_true_peak
from audio_vae.shaping.shaper import Shaper
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, write_json
from audio_vae.utils.folders import atomic_folder, require_writable_folder

LENGTHS = ("interpolate", "full")
"""Length of a blend: the weighted mean of the lengths of its parts, or all T samples of the model (of the longest part,
if the blend is made of the sounds). A part of weight 1 has its own length."""

MARKER = "blend.json"
"""The file by which a blend folder is recognised."""

_LONGEST_LABEL = 16


@dataclass(frozen=True)
class BlendResult:
    """What `blend` made.

    Attributes:
        folder: the blend folder.
        sidecar: the values of its `blend.json`.
        remarks: how the weights were changed, one line each.
        warnings: one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Mixture:
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


def blend(
    run: Run,
    parts: Sequence[tuple[str, float]],
    out: Path | None = None,
    *,
    length: str = "interpolate",
    sounds: SoundSet | None = None,
    render: str = "sound",
    level: str = "keep",
    subtype: str = "PCM_24",
) -> BlendResult:
    """Blend several classes or sounds into one sound and write the blend folder, complete or not at all.

    Weights that do not add up to 1 are divided by their sum. A part of weight 1 is returned as it is, sample for
    sample, unless `render` is `model` or `level` is `peak`. An older blend in `out` is replaced. The same inputs give
    the same bytes.

    Args:
        run: a trained run.
        parts: what to blend, named as for `morphing.endpoints.parse_endpoint`, and the weight of each.
        out: the folder to write. The default is `RUN/blends/<part>_<percent>-…`, and `blends/<part>_<percent>-…` for
            a pretrained model.
        length: one of `LENGTHS`.
        sounds: the sounds that classes refer to; by default, those of the run.
        render: one of `morphing.options.RENDERS`.
        level: one of `morphing.options.LEVELS`.
        subtype: one of `audio.io.SUBTYPES`.

    Returns:
        The folder, the values of its `blend.json`, remarks and warnings.

    Raises:
        UserError: a part, a weight or `length` cannot be used; the run has no model; the model's output is
            silent or not finite; `out` holds other files or cannot be written.
    """
    if length not in LENGTHS:
        raise UserError(f"unknown length {length!r}: choose one of {', '.join(LENGTHS)}")
    options = PathOptions(length=length, render=render, level=level, subtype=subtype)
    weights, remarks = _normalised([name for name, _ in parts], [weight for _, weight in parts])
    sounds = run.sounds if sounds is None else sounds
    points = [parse_endpoint(name, run, sounds) for name, _ in parts]
    if out is None:
        shares = [f"{point.file_name}_{100 * weight:.0f}" for point, weight in zip(points, weights, strict=True)]
        out = run.results_path / "blends" / folder_name(shares)
    require_writable_folder(Path(out), MARKER)

    made = _make(run, points, weights, options)
    warnings = _warnings(run, points, made, options)
    sidecar = {
        "parts": [
            {**point.to_dict(), "weight": weight, "weight_given": given}
            for point, weight, (_, given) in zip(points, weights.tolist(), parts, strict=True)
        ],
        "class_centres": CLASS_CENTRES,
        "length": length,
        "render": render,
        "level": level,
        "subtype": subtype,
        "length_samples": len(made["blend"].step.samples),
        "rate_hz": made["blend"].step.rate_hz,
        "n_channels": made["blend"].step.samples.shape[1],
        "latent": made["blend"].latent[0].tolist(),
        "peak": waveform.peak(made["blend"].step.samples),
        "model_peak": waveform.peak(made["blend"].decoded[0]),
        "scorecard": _score(Scorer(run, sounds), made),
        "remarks": remarks,
        "warnings": warnings,
        "config": run.config.to_dict(),
        "model_sha256": run.model_sha256,
        "made_with": environment(),
    }
    _write_folder(Path(out), run, points, made, sidecar)
    return BlendResult(Path(out), sidecar, tuple(remarks), tuple(warnings))


def parse_parts(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Split each `NAME=WEIGHT` at its last `=`, because the name of a file may hold one.

    Raises:
        UserError: a weight is missing or no number.
    """
    parts = []
    for text in texts:
        name, equals, weight = text.rpartition("=")
        try:
            parts.append((name, float(weight)))
        except ValueError:
            equals = ""
        if not equals or not name:
            raise UserError(f"{text!r} has no weight: give NAME=WEIGHT, such as {name or text}=0.5")
    return parts


def _normalised(names: Sequence[str], weights: Sequence[float]) -> tuple[np.ndarray, list[str]]:
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


def _make(run: Run, points: Sequence[Endpoint], weights: np.ndarray, options: PathOptions) -> dict[str, _Mixture]:
    """Make the `blend` and the plain `mix` of K points with weights `[K]`."""
    latents = np.stack([point.latent for point in points])
    latent = (weights @ latents).astype(np.float32)[np.newaxis]
    decoded = decode(run, np.concatenate([latent, latents]))
    make = _of_model if options.render == "model" else _of_sounds
    return {
        "blend": make(run, points, weights, options, latent, decoded),
        "mix": _mix(run, points, weights, options),
    }


def _of_model(run, points, weights, options, latent, decoded) -> _Mixture:
    audio, n_samples = run.config.audio, run.config.audio.n_samples
    if options.length == "interpolate":
        n_samples = round(float(weights @ [point.length_samples for point in points]))
    sound = cut(decoded[0], n_samples, audio)
    levelled = to_level(sound, _mean_peak([point.peak for point in points], weights))[:, np.newaxis]
    step = at_level(Given(at_most_true_peak(levelled, audio.rate_hz), audio.rate_hz), options.level)
    return _Mixture(step, decoded[:1], sound, decoded[1:], latent, decoded)


def _of_sounds(run, points, weights, options, latent, decoded) -> _Mixture:
    if np.any(weights == 1):
        step = points[int(weights.argmax())].given
    else:
        sounds, rate_hz = together([point.given for point in points])
        moves_db = guide.moves_db(decoded[:1], decoded[1:], weights[np.newaxis], run.config.audio.rate_hz)[0]
        length = max(map(len, sounds)) if options.length == "full" else None
        step = Given(Shaper(sounds, rate_hz).sound(weights, length, moves_db), rate_hz)
    step = at_level(step, options.level)
    uncut, (sound,) = heard(run, [step])
    return _Mixture(step, uncut, sound, np.stack([point.audio for point in points]), latent, decoded)


def _mix(run: Run, points: Sequence[Endpoint], weights: np.ndarray, options: PathOptions) -> _Mixture:
    givens, rate_hz = together([point.given for point in points])
    longest = max(map(len, givens))
    padded = np.stack([np.pad(waveform.normalised(each), ((0, longest - len(each)), (0, 0))) for each in givens])
    n_samples = longest if options.length == "full" else round(float(weights @ [len(each) for each in givens]))
    mixed = np.tensordot(weights, padded, 1).astype(np.float32)[:n_samples]
    step = Given(to_level(mixed, _mean_peak([waveform.peak(each) for each in givens], weights)), rate_hz)
    if np.any(weights == 1):
        step = points[int(weights.argmax())].given
    audio = np.stack([point.audio for point in points])
    uncut = (weights @ audio).astype(np.float32)[np.newaxis]
    n_heard = min(len(step.samples) * run.config.audio.rate_hz // step.rate_hz, uncut.shape[1])
    return _Mixture(at_level(step, options.level), uncut, uncut[0, : max(1, n_heard)], audio)


def _mean_peak(peaks: Sequence[float], weights: np.ndarray) -> float:
    """Return the weighted mean of peaks in decibels, at most full scale."""
    return min(math.exp(weights @ np.log(peaks)), 1.0)


def _warnings(run: Run, points: Sequence[Endpoint], made: dict[str, _Mixture], options: PathOptions) -> list[str]:
    made_of_model = made["blend"].sound if options.render == "model" else made["blend"].decoded[0]
    warnings = file_warnings(points, are_cut=options.render == "model")
    warnings += check_levels(run, [waveform.peak(made_of_model)], ["the blend"])
    if not waveform.peak(made["mix"].step.samples):
        warnings.append("the mix is silent: the sounds cancel out, or start too late")
    return [*warnings, *check_ends(run, points, model_distances_db(run, points, made["blend"].decoded[1:]))]


def _score(scorer: Scorer, made: dict[str, _Mixture]) -> dict[str, Any]:
    cards = {name: scorer.score_each([each.sound], each.uncut, each.parts, each.latent) for name, each in made.items()}
    figures = [
        {key: card[listed][0] for key, listed in SOUND_MEASURES.items() if listed in card} for card in cards.values()
    ]
    return {**cards, "comparison": compare(*figures, names=("blend", "mix"))}


def _write_folder(
    out: Path, run: Run, points: Sequence[Endpoint], made: dict[str, _Mixture], sidecar: dict[str, Any]
) -> None:
    real = [point.given for point in points]
    parts = real
    if sidecar["render"] == "model":
        audio = run.config.audio
        parts = [
            Given(to_level(cut(sound, point.length_samples, audio), point.peak)[:, np.newaxis], audio.rate_hz)
            for sound, point in zip(made["blend"].decoded[1:], points, strict=True)
        ]
    sounds, rate_hz = together([*parts, made["blend"].step, *real, made["mix"].step])
    pictured = [waveform.mean_of_columns(sound) for sound in sounds]
    columns = {
        f"blend: {', '.join(point.name for point in points)}": pictured[: len(points) + 1],
        f"mix: {', '.join(point.source for point in points)}": pictured[len(points) + 1 :],
    }
    shares = [f"{100 * part['weight']:.3g} %" for part in sidecar["parts"]]
    named = [f"{share} {_short(point.name)}" for share, point in zip(shares, points, strict=True)]
    with atomic_folder(out, MARKER) as folder:
        for name, each in made.items():
            io.write(folder / f"{name}.wav", each.step.samples, each.step.rate_hz, sidecar["subtype"])
        labels = [[*named, "blend"], [*shares, "mix"]]
        save_morph_plot(folder / "blend.png", columns, rate_hz, labels, "share")
        write_json(folder / MARKER, sidecar)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
