"""From one sound to another: what lies between two real sounds, or a decoded path, beside the plain cross-fade.

Contents of a morph folder:

    00.wav … NN.wav     the steps, start to end
    morph.wav           the steps one after the other
    crossfade/          the same steps as a plain mix of real sounds, and `crossfade.wav`
    morph.png           waveforms and spectrograms of all steps (Figure 3 of Lionello and Purwins, 2020)
    kits/               the steps as kits of samplers, if they are asked for
    morph.json          endpoints, path, levels, scorecard, and what made them
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import FOLDER, KitOptions, require_kit, write_kits
from audio_vae.morphing.endpoints import CLASS_CENTRES, parse_endpoint
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.made_morph import MadeMorph, make_morph
from audio_vae.morphing.options import PathOptions
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import made_by
from audio_vae.runs.run import Run
from audio_vae.utils.files import folder_name, step_names, write_json
from audio_vae.utils.folders import MadeFolder, atomic_folder, require_writable_folder

MARKER = "morph.json"
"""The file by which a morph folder is recognised."""


def morph(
    run: Run,
    start: str,
    end: str,
    out: Path | None = None,
    *,
    via: Sequence[str] = (),
    sounds: SoundSet | None = None,
    kit: KitOptions | None = None,
    **options: Any,
) -> MadeFolder:
    """Morph from one sound to another and write the morph folder, complete or not at all.

    The first and the last step are the given sounds, sample for sample, unless `render` is `model` or `level` is
    `peak`. An older morph in `out` is replaced. The same inputs give the same bytes.

    Args:
        run: a trained run.
        start: a class, `CLASS:N` or a sound file; see `morphing.endpoints.parse_endpoint`.
        end: likewise.
        out: the folder to write. The default is `RUN/morphs/<start>-<end>`, and `morphs/<start>-<end>` for a
            pretrained model.
        via: points that the path leads through, named like the ends. Each leg gets the same share of the path.
        sounds: the sounds that classes refer to; by default, those of the run.
        kit: the formats and the layout of a kit of the steps; none by default.
        options: those of `morphing.options.PathOptions`.

    Returns:
        The folder, the values of its `morph.json`, and warnings.

    Raises:
        UserError: a point or an option cannot be used; the run has no model; the model's output is silent or
            not finite; `out` holds other files or cannot be written.
    """
    chosen = PathOptions(**options)
    sounds = run.sounds if sounds is None else sounds
    points = [parse_endpoint(text, run, sounds) for text in (start, *via, end)]
    if out is None:
        out = run.results_path / "morphs" / folder_name([point.file_name for point in points])
    require_writable_folder(Path(out), MARKER)
    kit = kit or KitOptions()
    require_kit([(name, "morph") for name in step_names(chosen.steps)], kit)
    return write_morph(make_morph(run, points, chosen, sounds), Path(out), kit)


def write_morph(made: MadeMorph, out: Path, kit: KitOptions | None = None) -> MadeFolder:
    """Write the folder of a morph, complete or not at all. An older morph in `out` is replaced.

    Raises:
        UserError: the model's output is silent, the steps do not fit into the kit, or `out` holds other files or
            cannot be written.
    """
    sidecar = _sidecar(made)
    _write_folder(out, made, sidecar, kit or KitOptions())
    return MadeFolder(out, sidecar, made.warnings)


def _sidecar(made: MadeMorph) -> dict[str, Any]:
    """Return the values of `morph.json`."""
    run, points, options, path = made.run, made.points, made.options, made.path
    return {
        "start": points[0].to_dict(),
        "end": points[-1].to_dict(),
        "via": [point.to_dict() for point in points[1:-1]],
        "class_centres": CLASS_CENTRES,
        "steps": options.steps,
        "length": options.length,
        "shape": options.shape,
        "spacing": options.spacing,
        "between": list(options.between),
        "render": options.render,
        "level": options.level,
        "subtype": options.subtype,
        "rate_hz": max(step.rate_hz for step in path.steps),
        "n_channels": max(step.samples.shape[1] for step in path.steps),
        "positions": path.positions.tolist(),
        "path": path.latents.tolist(),
        "levels": [waveform.peak(step.samples) for step in path.steps],
        "rates_hz": [step.rate_hz for step in path.steps],
        "lengths_samples": [len(step.samples) for step in path.steps],
        "model_peaks": [waveform.peak(sound) for sound in path.decoded],
        "warnings": list(made.warnings),
        "scorecard": made.scorecard,
        "model_end_distances_db": [made.model_distances_db[0], made.model_distances_db[-1]],
        **made_by(run),
    }


def _write_folder(out: Path, made: MadeMorph, sidecar: dict[str, Any], kit: KitOptions) -> None:
    points, path, mix = made.points, made.path, made.crossfade
    # One rate and one number of channels for what is heard and seen side by side.
    sounds, rate_hz = together([*path.steps, *mix.steps])
    joined = sounds[: len(path.steps)], sounds[len(path.steps) :]
    names = {"morph": [point.name for point in points], "cross-fade": [Path(point.source).name for point in points]}
    columns = {
        f"{kind}: {' → '.join(names[kind])}": [waveform.mean_of_columns(sound) for sound in sounds]
        for kind, sounds in zip(names, joined, strict=True)
    }
    with atomic_folder(out, MARKER) as folder:
        _write_steps(folder, "morph.wav", path.steps, joined[0], rate_hz, sidecar["subtype"])
        (folder / "crossfade").mkdir()
        _write_steps(folder / "crossfade", "crossfade.wav", mix.steps, joined[1], rate_hz, sidecar["subtype"])
        # Adding 0 after rounding turns −0 into 0.
        labels = [[f"{round(100 * each, 1) + 0:g} %" for each in track.positions] for track in (path, mix)]
        save_morph_plot(folder / "morph.png", columns, rate_hz, labels)
        title = folder_name([point.file_name for point in points])
        pads = [
            Pad(f"{title}-{name}", title, *step)
            for name, step in zip(step_names(len(path.steps)), path.steps, strict=True)
        ]
        sidecar["kit"] = write_kits(folder / FOLDER, title, pads, kit, sidecar["subtype"])
        write_json(folder / MARKER, sidecar)


def _write_steps(
    folder: Path, joined: str, steps: Sequence[Given], sounds: Sequence[np.ndarray], rate_hz: int, subtype: str
) -> None:
    for name, step in zip(step_names(len(steps)), steps, strict=True):
        io.write(folder / f"{name}.wav", step.samples, step.rate_hz, subtype)
    io.write(folder / joined, np.concatenate(sounds), rate_hz, subtype)
