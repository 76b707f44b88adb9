"""One sound out of several: what lies between them at given weights, beside the plain mix.

Contents of a blend folder:

    blend.wav     the sound between them
    mix.wav       the plain mix of the real sounds with the same weights
    blend.png     waveforms and spectrograms of the parts, the blend and the mix
    kits/         the blend as kits of samplers, if they are asked for
    blend.json    parts and weights, latent, level, scorecard, and what made them
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import FOLDER, KitOptions, write_kits
from audio_vae.morphing.endpoints import CLASS_CENTRES, parse_endpoint
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.levels import cut, to_level
from audio_vae.morphing.made_blend import MadeBlend, blend_options, make_blend, normalised_weights
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import made_by
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, write_json
from audio_vae.utils.folders import MadeFolder, atomic_folder, require_writable_folder

MARKER = "blend.json"
"""The file by which a blend folder is recognised."""

_LONGEST_LABEL = 16


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
    kit: KitOptions | None = None,
) -> MadeFolder:
    """Blend several classes or sounds into one sound and write the blend folder, complete or not at all.

    Weights that do not add up to 1 are divided by their sum. A part of weight 1 is returned as it is, sample for
    sample, unless `render` is `model` or `level` is `peak`. An older blend in `out` is replaced. The same inputs give
    the same bytes.

    Args:
        run: a trained run.
        parts: what to blend, named as for `morphing.endpoints.parse_endpoint`, and the weight of each.
        out: the folder to write. The default is `RUN/blends/<part>_<percent>-…`, and `blends/<part>_<percent>-…` for
            a pretrained model.
        length: one of `morphing.made_blend.LENGTHS`.
        sounds: the sounds that classes refer to; by default, those of the run.
        render: one of `morphing.options.RENDERS`.
        level: one of `morphing.options.LEVELS`.
        subtype: one of `audio.io.SUBTYPES`.
        kit: the formats and the layout of a kit of the blend; none by default.

    Returns:
        The folder, the values of its `blend.json`, remarks and warnings.

    Raises:
        UserError: a part, a weight or `length` cannot be used; the run has no model; the model's output is
            silent or not finite; `out` holds other files or cannot be written.
    """
    options = blend_options(length, render=render, level=level, subtype=subtype)
    names, weights = [name for name, _ in parts], [weight for _, weight in parts]
    shares, _ = normalised_weights(names, weights)
    sounds = run.sounds if sounds is None else sounds
    points = [parse_endpoint(name, run, sounds) for name in names]
    if out is None:
        shown = [f"{point.file_name}_{100 * share:.0f}" for point, share in zip(points, shares, strict=True)]
        out = run.results_path / "blends" / folder_name(shown)
    require_writable_folder(Path(out), MARKER)
    return write_blend(make_blend(run, points, weights, options, sounds), Path(out), kit)


def write_blend(made: MadeBlend, out: Path, kit: KitOptions | None = None) -> MadeFolder:
    """Write the folder of a blend, complete or not at all. An older blend in `out` is replaced.

    Raises:
        UserError: the model's output is silent, or `out` holds other files or cannot be written.
    """
    sidecar = _sidecar(made)
    _write_folder(out, made, sidecar, kit or KitOptions())
    return MadeFolder(out, sidecar, made.warnings, made.remarks)


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


def _sidecar(made: MadeBlend) -> dict[str, Any]:
    """Return the values of `blend.json`."""
    run, options, step = made.run, made.options, made.blend.step
    return {
        "parts": [
            {**point.to_dict(), "weight": weight, "weight_given": given}
            for point, weight, given in zip(made.points, made.weights.tolist(), made.given_weights, strict=True)
        ],
        "class_centres": CLASS_CENTRES,
        "length": options.length,
        "render": options.render,
        "level": options.level,
        "subtype": options.subtype,
        "length_samples": len(step.samples),
        "rate_hz": step.rate_hz,
        "n_channels": step.samples.shape[1],
        "latent": made.blend.latent[0].tolist(),
        "peak": waveform.peak(step.samples),
        "model_peak": waveform.peak(made.blend.decoded[0]),
        "remarks": list(made.remarks),
        "warnings": list(made.warnings),
        "scorecard": made.scorecard,
        **made_by(run),
    }


def _write_folder(out: Path, made: MadeBlend, sidecar: dict[str, Any], kit: KitOptions) -> None:
    run, points = made.run, made.points
    real = [point.given for point in points]
    parts = real
    if made.options.render == "model":
        audio = run.config.audio
        parts = [
            Given(to_level(cut(sound, point.length_samples, audio), point.peak)[:, np.newaxis], audio.rate_hz)
            for sound, point in zip(made.blend.decoded[1:], points, strict=True)
        ]
    sounds, rate_hz = together([*parts, made.blend.step, *real, made.mix.step])
    pictured = [waveform.mean_of_columns(sound) for sound in sounds]
    columns = {
        f"blend: {', '.join(point.name for point in points)}": pictured[: len(points) + 1],
        f"mix: {', '.join(point.source for point in points)}": pictured[len(points) + 1 :],
    }
    shares = [f"{100 * part['weight']:.3g} %" for part in sidecar["parts"]]
    named = [f"{share} {_short(point.name)}" for share, point in zip(shares, points, strict=True)]
    with atomic_folder(out, MARKER) as folder:
        for name, each in (("blend", made.blend), ("mix", made.mix)):
            io.write(folder / f"{name}.wav", each.step.samples, each.step.rate_hz, sidecar["subtype"])
        labels = [[*named, "blend"], [*shares, "mix"]]
        save_morph_plot(folder / "blend.png", columns, rate_hz, labels, "share")
        title = folder_name([point.file_name for point in points])
        pads = [Pad(title, title, *made.blend.step)]
        sidecar["kit"] = write_kits(folder / FOLDER, title, pads, kit, sidecar["subtype"])
        write_json(folder / MARKER, sidecar)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
