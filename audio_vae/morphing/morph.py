"""From one sound to another: a path through the latent space, decoded, beside the plain crossfade.

Contents of a morph folder:

    00.wav … NN.wav     the steps, start to end
    morph.wav           the steps one after the other
    crossfade/          the same steps as a plain mix of real sounds, and `crossfade.wav`
    morph.png           waveforms of all steps (Figure 3 of Lionello and Purwins, 2020)
    morph.json          endpoints, path, levels, scorecard, and what made them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.endpoints import CLASS_CENTRES, Endpoint, parse_endpoint
from audio_vae.morphing.levels import check_peaks
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Judge
from audio_vae.morphing.steps import Track, judge_tracks, make_tracks, result_folder, step_names, warn_of_unseen
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run
from audio_vae.utils.files import folder_name, write_json

MARKER = "morph.json"
"""File that tells a morph folder."""


@dataclass(frozen=True)
class MorphResult:
    """What `morph` made.

    Attributes:
        folder: the morph folder.
        sidecar: the values of its `morph.json`.
        warnings: one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    warnings: tuple[str, ...]


def morph(
    run: Run,
    start: str,
    end: str,
    out: Path | None = None,
    *,
    via: Sequence[str] = (),
    sounds: SoundSet | None = None,
    **options: Any,
) -> MorphResult:
    """Morph from one sound to another and write the morph folder, complete or not at all.

    Every step is brought to the peak level that lies between the original ones (in decibels), since the
    model knows only normalised sounds. An older morph in `out` is replaced. The same inputs give the same
    bytes.

    Args:
        run: a trained run.
        start: a class, `CLASS:N` or a sound file; see `endpoints.parse_endpoint`.
        end: likewise.
        out: the folder to write; left out, `RUN/morphs/<start>-<end>`, of a pretrained model
            `morphs/<start>-<end>`.
        via: points that the path leads through, named like the ends. Each leg has the same share of the
            positions.
        sounds: the sounds that classes refer to; left out, the run's own.
        options: those of `PathOptions`.

    Raises:
        UserError: a point or an option cannot be used; the run has no model; the model's output is silent or
            not finite; `out` holds other files or cannot be written.
    """
    chosen = PathOptions(**options)
    sounds = run.sounds if sounds is None else sounds
    points = [parse_endpoint(text, run, sounds) for text in (start, *via, end)]
    if out is None:
        out = run.results_path / "morphs" / folder_name([point.file_name for point in points])
    path, mix, warnings = make_tracks(run, points, chosen)
    names = step_names(chosen.steps)
    warnings += check_peaks(run, [waveform.peak(sound) for sound in path.heard], names)
    if not all(waveform.peak(sound) for sound in mix.heard):
        warnings.append("a step of the crossfade is silent: the sounds cancel out, or one starts too late")
    first, last = chosen.between
    # What lies straight between sounds of the run is never outside, and telling takes all training sounds' latents.
    if first < 0 or last > 1 or chosen.shape != "linear" or any(point.kind == "file" for point in points):
        warnings += warn_of_unseen(run, path.latents, names)
    cards = judge_tracks(Judge(run, sounds), path, mix)
    sidecar = {
        "start": points[0].to_dict(),
        "end": points[-1].to_dict(),
        "via": [point.to_dict() for point in points[1:-1]],
        "class_centres": CLASS_CENTRES,
        "steps": chosen.steps,
        "length": chosen.length,
        "shape": chosen.shape,
        "spacing": chosen.spacing,
        "between": list(chosen.between),
        "rate_hz": run.config.audio.rate_hz,
        "positions": path.positions.tolist(),
        "path": path.latents.tolist(),
        "levels": path.levels.tolist(),
        "lengths_samples": [len(sound) for sound in path.heard],
        "model_peaks": [waveform.peak(sound) for sound in path.heard],
        "scorecard": cards,
        "warnings": warnings,
        "config": run.config.to_dict(),
        "model_sha256": run.model_sha256,
        "made_with": environment(),
    }
    _write_folder(Path(out), path, mix, points, sidecar)
    return MorphResult(Path(out), sidecar, tuple(warnings))


def _write_folder(out: Path, path: Track, mix: Track, points: Sequence[Endpoint], sidecar: dict[str, Any]) -> None:
    rate_hz = sidecar["rate_hz"]
    columns = {
        f"morph: {' → '.join(point.name for point in points)}": path.levelled(),
        f"crossfade: {' → '.join(point.source for point in points)}": mix.levelled(),
    }
    with result_folder(out, MARKER) as folder:
        _write_track(folder, "morph.wav", path.levelled(), rate_hz)
        (folder / "crossfade").mkdir()
        _write_track(folder / "crossfade", "crossfade.wav", mix.levelled(), rate_hz)
        # Rounded first and 0 added, so that there is no −0 %.
        labels = [[f"{round(100 * each, 1) + 0:g} %" for each in track.positions] for track in (path, mix)]
        save_morph_plot(folder / "morph.png", columns, rate_hz, labels)
        write_json(folder / MARKER, sidecar)


def _write_track(folder: Path, joined: str, track: Sequence[np.ndarray], rate_hz: int) -> None:
    for name, samples in zip(step_names(len(track)), track, strict=True):
        audio_files.write(folder / f"{name}.wav", samples, rate_hz)
    audio_files.write(folder / joined, np.concatenate(track), rate_hz)
