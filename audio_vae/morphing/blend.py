"""One sound out of several: the weighted mean of their latents, decoded, beside the plain mix.

Contents of a blend folder:

    blend.wav     the decoded sound
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
from audio_vae.morphing.checks import check_levels, check_seen
from audio_vae.morphing.endpoints import CLASS_CENTRES, Endpoint, file_warnings, parse_endpoint
from audio_vae.morphing.levels import cut, to_level
from audio_vae.morphing.scorecard import SOUND_MEASURES, Scorer, compare
from audio_vae.morphing.steps import decode
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, write_json
from audio_vae.utils.folders import atomic_folder, require_writable_folder

LENGTHS = ("interpolate", "full")
"""Length of a blend: the weighted mean of the lengths of its parts, or all T samples."""

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
        uncut: all T samples, float32 `[1, T]`.
        sound: the same cut to the length of the blend, float32 `[n]`.
        parts: what it is made of, `[K, T]`.
        latent: what it was decoded from, float32 `[1, d]`; `None` for a plain mix.
    """

    uncut: np.ndarray
    sound: np.ndarray
    parts: np.ndarray
    latent: np.ndarray | None = None


def blend(
    run: Run,
    parts: Sequence[tuple[str, float]],
    out: Path | None = None,
    *,
    length: str = "interpolate",
    sounds: SoundSet | None = None,
) -> BlendResult:
    """Blend several classes or sounds into one sound and write the blend folder, complete or not at all.

    Weights that do not add up to 1 are divided by their sum. The level of the sound is the weighted mean of the
    original levels of the parts, in decibels. An older blend in `out` is replaced. The same inputs give the same bytes.

    Args:
        run: a trained run.
        parts: what to blend, named as for `morphing.endpoints.parse_endpoint`, and the weight of each.
        out: the folder to write. The default is `RUN/blends/<part>_<percent>-…`, and `blends/<part>_<percent>-…` for
            a pretrained model.
        length: one of `LENGTHS`.
        sounds: the sounds that classes refer to; by default, those of the run.

    Returns:
        The folder, the values of its `blend.json`, remarks and warnings.

    Raises:
        UserError: a part, a weight or `length` cannot be used; the run has no model; the model's output is
            silent or not finite; `out` holds other files or cannot be written.
    """
    if length not in LENGTHS:
        raise UserError(f"unknown length {length!r}: choose one of {', '.join(LENGTHS)}")
    weights, remarks = _normalised([name for name, _ in parts], [weight for _, weight in parts])
    sounds = run.sounds if sounds is None else sounds
    points = [parse_endpoint(name, run, sounds) for name, _ in parts]
    if out is None:
        shares = [f"{point.file_name}_{100 * weight:.0f}" for point, weight in zip(points, weights, strict=True)]
        out = run.results_path / "blends" / folder_name(shares)
    require_writable_folder(Path(out), MARKER)

    made = _make(run, points, weights, length)
    warnings = _warnings(run, points, made)
    level = min(math.exp(weights @ np.log([point.peak for point in points])), 1.0)
    sidecar = {
        "parts": [
            {**point.to_dict(), "weight": weight, "weight_given": given}
            for point, weight, (_, given) in zip(points, weights.tolist(), parts, strict=True)
        ],
        "class_centres": CLASS_CENTRES,
        "length": length,
        "length_samples": len(made["blend"].sound),
        "rate_hz": run.config.audio.rate_hz,
        "latent": made["blend"].latent[0].tolist(),
        "level": level,
        "model_peak": waveform.peak(made["blend"].sound),
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


def _make(run: Run, points: Sequence[Endpoint], weights: np.ndarray, length: str) -> dict[str, _Mixture]:
    """Make the `blend` and the plain `mix` of K points with weights `[K]`."""
    latents = np.stack([point.latent for point in points])
    audio = np.stack([point.audio for point in points])
    latent = (weights @ latents).astype(np.float32)[np.newaxis]
    decoded = decode(run, np.concatenate([latent, latents]))
    mixed = (weights @ audio).astype(np.float32)[np.newaxis]
    n_samples = run.config.audio.n_samples
    if length == "interpolate":
        n_samples = round(float(weights @ [point.length_samples for point in points]))
    return {
        "blend": _Mixture(decoded[:1], cut(decoded[0], n_samples, run.config.audio), decoded[1:], latent),
        "mix": _Mixture(mixed, cut(mixed[0], n_samples, run.config.audio), audio),
    }


def _warnings(run: Run, points: Sequence[Endpoint], made: dict[str, _Mixture]) -> list[str]:
    warnings = file_warnings(points) + check_levels(run, [waveform.peak(made["blend"].sound)], ["the blend"])
    if not waveform.peak(made["mix"].sound):
        warnings.append("the mix is silent: the sounds cancel out, or start too late")
    # What lies between sounds of the run is never outside of the seen region.
    if any(point.kind == "file" for point in points):
        warnings += check_seen(run, made["blend"].latent, ["the blend"])
    return warnings


def _score(scorer: Scorer, made: dict[str, _Mixture]) -> dict[str, Any]:
    cards = {name: scorer.score_each([each.sound], each.uncut, each.parts, each.latent) for name, each in made.items()}
    figures = [
        {key: card[listed][0] for key, listed in SOUND_MEASURES.items() if listed in card} for card in cards.values()
    ]
    return {**cards, "comparison": compare(*figures, names=("blend", "mix"))}


def _write_folder(
    out: Path, run: Run, points: Sequence[Endpoint], made: dict[str, _Mixture], sidecar: dict[str, Any]
) -> None:
    rate_hz = sidecar["rate_hz"]
    sounds = {name: to_level(each.sound, sidecar["level"]) for name, each in made.items()}
    decoded_parts = [
        to_level(cut(sound, point.length_samples, run.config.audio), point.peak)
        for sound, point in zip(made["blend"].parts, points, strict=True)
    ]
    real_parts = [to_level(point.audio[: point.length_samples], point.peak) for point in points]
    columns = {
        f"blend: {', '.join(point.name for point in points)}": [*decoded_parts, sounds["blend"]],
        f"mix: {', '.join(point.source for point in points)}": [*real_parts, sounds["mix"]],
    }
    shares = [f"{100 * part['weight']:.3g} %" for part in sidecar["parts"]]
    named = [f"{share} {_short(point.name)}" for share, point in zip(shares, points, strict=True)]
    with atomic_folder(out, MARKER) as folder:
        for name, sound in sounds.items():
            io.write(folder / f"{name}.wav", sound, rate_hz)
        labels = [[*named, "blend"], [*shares, "mix"]]
        save_morph_plot(folder / "blend.png", columns, rate_hz, labels, "share")
        write_json(folder / MARKER, sidecar)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
