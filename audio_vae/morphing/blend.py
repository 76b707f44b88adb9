"""One sound out of several: the weighted mean of their latents, decoded, beside the plain mix.

Contents of a blend folder:

    blend.wav     the decoded sound
    mix.wav       the plain mix of the real sounds with the same weights
    blend.png     waveforms of the parts and of what comes of them
    blend.json    parts and weights, latent, level, judgement, and what made them
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.endpoints import CLASS_CENTRES, Endpoint, parse_endpoint
from audio_vae.morphing.levels import check_peaks, cut, to_level
from audio_vae.morphing.measures import SOUND_MEASURES, compare
from audio_vae.morphing.scorecard import Judge
from audio_vae.morphing.steps import decode, result_folder, warn_of_unseen
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, write_json

LENGTHS = ("interpolate", "full")
"""Length of a blend: the weighted mean of the parts', or all T samples."""

MARKER = "blend.json"
"""File that tells a blend folder."""


@dataclass(frozen=True)
class BlendResult:
    """What `blend` made.

    Attributes:
        folder: the blend folder.
        sidecar: the values of its `blend.json`.
        remarks: what was done to the weights, one line each.
        warnings: one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


def blend(
    run: Run,
    parts: Sequence[tuple[str, float]],
    out: Path | None = None,
    *,
    length: str = "interpolate",
    sounds: SoundSet | None = None,
) -> BlendResult:
    """Blend several classes or sounds into one sound and write the blend folder, complete or not at all.

    Weights that do not add up to 1 are divided by their sum. The sound is brought to the weighted mean of the
    parts' original levels (in decibels). An older blend in `out` is replaced. The same inputs give the same bytes.

    Args:
        run: a trained run.
        parts: what to blend (named as for `endpoints.parse_endpoint`) and how much of it.
        out: the folder to write; left out, `RUN/blends/<part>_<percent>-…`, of a pretrained model
            `blends/<part>_<percent>-…`.
        length: one of `LENGTHS`.
        sounds: the sounds that classes refer to; left out, the run's own.

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

    latents = np.stack([point.latent for point in points])
    audio = np.stack([point.audio for point in points])
    latent = (weights @ latents).astype(np.float32)[np.newaxis]
    decoded = decode(run, np.concatenate([latent, latents]))
    n_samples = run.config.audio.n_samples
    if length == "interpolate":
        n_samples = round(float(weights @ [point.length_samples for point in points]))
    level = min(math.exp(weights @ np.log([point.peak for point in points])), 1.0)
    whole = {"blend": decoded[:1], "mix": (weights @ audio).astype(np.float32)[np.newaxis]}
    heard = {name: cut(run, sound[0], n_samples) for name, sound in whole.items()}

    model_peak = waveform.peak(heard["blend"])
    warnings = check_peaks(run, [model_peak], ["the blend"])
    if not waveform.peak(heard["mix"]):
        warnings.append("the mix is silent: the sounds cancel out, or start too late")
    if any(point.kind == "file" for point in points):
        warnings += warn_of_unseen(run, latent, ["the blend"])
    judge = Judge(run, sounds)
    cards = {
        "blend": judge.each([heard["blend"]], whole["blend"], decoded[1:], latent),
        "mix": judge.each([heard["mix"]], whole["mix"], audio),
    }
    figures = [
        {key: card[listed][0] for key, listed in SOUND_MEASURES.items() if listed in card} for card in cards.values()
    ]
    sidecar = {
        "parts": [
            {**point.to_dict(), "weight": weight, "weight_given": given}
            for point, weight, (_, given) in zip(points, weights.tolist(), parts, strict=True)
        ],
        "class_centres": CLASS_CENTRES,
        "length": length,
        "length_samples": len(heard["blend"]),
        "rate_hz": run.config.audio.rate_hz,
        "latent": latent[0].tolist(),
        "level": level,
        "model_peak": model_peak,
        "scorecard": {**cards, "comparison": compare(*figures, names=("blend", "mix"))},
        "remarks": remarks,
        "warnings": warnings,
        "config": run.config.to_dict(),
        "model_sha256": run.model_sha256,
        "made_with": environment(),
    }
    of_parts = [cut(run, sound, point.length_samples) for sound, point in zip(decoded[1:], points, strict=True)]
    _write_folder(Path(out), {name: to_level(sound, level) for name, sound in heard.items()}, of_parts, points, sidecar)
    return BlendResult(Path(out), sidecar, tuple(remarks), tuple(warnings))


def parse_parts(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Split `NAME=WEIGHT` at the last `=`, since files may have one in their names.

    Raises:
        UserError: there is no weight, or it is no number.
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
    """Return weights that add up to 1, float64 `[K]`, and what was done to them.

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


def _write_folder(
    out: Path,
    made: dict[str, np.ndarray],
    of_parts: Sequence[np.ndarray],
    points: Sequence[Endpoint],
    sidecar: dict[str, Any],
) -> None:
    rate_hz = sidecar["rate_hz"]
    shares = [f"{100 * part['weight']:.3g} %" for part in sidecar["parts"]]
    names = [f"{point.name[:15]}…" if len(point.name) > 16 else point.name for point in points]
    columns = {
        f"blend: {', '.join(point.name for point in points)}": [
            *(to_level(sound, point.peak) for sound, point in zip(of_parts, points, strict=True)),
            made["blend"],
        ],
        f"mix: {', '.join(point.source for point in points)}": [
            *(to_level(point.audio[: point.length_samples], point.peak) for point in points),
            made["mix"],
        ],
    }
    with result_folder(out, MARKER) as folder:
        for name, sound in made.items():
            audio_files.write(folder / f"{name}.wav", sound, rate_hz)
        labels = [
            [*(f"{share} {name}" for share, name in zip(shares, names, strict=True)), "blend"],
            [*shares, "mix"],
        ]
        save_morph_plot(folder / "blend.png", columns, rate_hz, labels, "share of the part, and what comes of them")
        write_json(folder / MARKER, sidecar)
