"""The evaluation: run a model on its test sounds and write report.json, report.html, figures and sounds.

It follows Section 5 of Lionello and Purwins (2020): 1-NN accuracy, MFCC-DTW deviation (Eq. 2, Table 3) and the map of
the latents (Figure 2). The paper has no figures of reconstructions; these are in `evaluation.reconstruction`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import io, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation.html import write_page
from audio_vae.evaluation.outputs import Outputs, run_model
from audio_vae.evaluation.report import make_report
from audio_vae.morphing.all_pairs import all_pairs
from audio_vae.morphing.options import PathOptions
from audio_vae.plots import latent_map, training_curves, waveforms
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder

MARKER = "report.json"
"""The file by which the folder of a report is recognised."""


def evaluate(
    run: Run,
    sounds: SoundSet | None = None,
    out: Path | None = None,
    *,
    morphs: PathOptions | None = None,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a run's model and write the report folder, whole or not at all.

    Args:
        run: the run.
        sounds: sounds with a training and a test set; by default those of the run.
        out: folder of the report, by default RUN/report, or `report` for a pretrained model; an older report there is
            replaced.
        morphs: how to make the morphs between all pairs of classes that are to be scored; `None` makes none.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.

    Returns:
        What report.json holds: plain JSON values.

    Raises:
        UserError: there is no usable model, the sounds lack a set or do not fit the model, the model's
            output is not finite, or `out` holds other files.
    """
    sounds = run.sounds if sounds is None else sounds
    out = run.results_path / "report" if out is None else out
    _require_fitting(run, sounds)
    with atomic_folder(out, MARKER) as part:
        outputs = run_model(run, sounds, show_progress=show_progress, say=say)
        report = make_report(run, sounds, outputs)
        if morphs:
            report["morphs"] = all_pairs(run, sounds, morphs, show_progress=show_progress, say=say)
        history = run.history()
        if not history:
            report["warnings"].append("the run has no training history, so there are no training curves")
        figures = _draw_figures(part / "figures", run, outputs, history)
        sound_files = _write_sounds(part / "sounds", outputs)
        write_page(part / "report.html", report, figures, sound_files)
        # Last, because its presence says that the folder is a complete report.
        write_json(part / MARKER, report)
    return report


def _require_fitting(run: Run, sounds: SoundSet) -> None:
    """Raise a `UserError` where a run cannot be evaluated on some sounds."""
    config = run.config.audio
    if run.is_pretrained and sounds is run.sounds:
        raise UserError(
            f"the pretrained model {run.card.name} comes with a few sounds of each class, too few to evaluate it on: "
            "give a folder of sounds with --data (audio-vae models tells its figures)"
        )
    if not sounds.is_test.any() or sounds.is_test.all():
        missing = "training" if sounds.is_test.any() else "test"
        raise UserError(f"there are no {missing} sounds to evaluate {run.path} on: choose other sounds with --data")
    if sounds.audio.shape[1] != config.n_samples or sounds.rate_hz != config.rate_hz:
        raise UserError(
            f"the sounds have {sounds.audio.shape[1]} samples at {sounds.rate_hz} Hz, the model in {run.path} takes "
            f"{config.n_samples} at {config.rate_hz} Hz: choose another --data or --run"
        )


def _draw_figures(folder: Path, run: Run, outputs: Outputs, history: Sequence[dict[str, float]]) -> dict[str, Path]:
    """Draw the figures; returns heading → PNG file, in the order of the page."""
    folder.mkdir()
    sounds = outputs.sample
    originals, reconstructions = {}, {}
    for position in _first_of_each_class(sounds):
        title = f"{sounds.class_names[sounds.labels[position]]}: {sounds.names[position]}"
        originals[title] = sounds.audio[position]
        reconstructions[title] = outputs.reconstructions[position]
    figures = {"Latents of the test sounds": folder / "latents.png"}
    latent_map.save_latent_map(
        folder / "latents.png",
        outputs.sample_means[sounds.is_test],
        sounds.test.labels,
        sounds.class_names,
        seed=run.config.training.seed,
    )
    if history:
        figures["Training"] = folder / "training.png"
        training_curves.save_training_curves(figures["Training"], history)
    figures["Reconstructions"] = folder / "reconstructions.png"
    waveforms.save_reconstructions(figures["Reconstructions"], originals, reconstructions, sounds.rate_hz)
    figures["Decoded class centres"] = folder / "centres.png"
    centres = outputs.centres_by_name(sounds.class_names)
    waveforms.save_centres(figures["Decoded class centres"], centres, sounds.rate_hz)
    return figures


def _write_sounds(folder: Path, outputs: Outputs) -> dict[str, dict[str, Path]]:
    """Write the decoded centre and an original with its reconstruction of each class.

    Returns:
        Class → kind of sound → WAV file.
    """
    folder.mkdir()
    sounds = outputs.sample
    files: dict[str, dict[str, Path]] = {}
    for name, centre in outputs.centres_by_name(sounds.class_names).items():
        files[name] = {"decoded centre": _write_sound(folder, sounds, name, "centre", waveform.normalised(centre))}
    for position in _first_of_each_class(sounds):
        name = sounds.class_names[sounds.labels[position]]
        files[name]["original"] = _write_sound(folder, sounds, name, "original", sounds.audio[position])
        files[name]["reconstruction"] = _write_sound(
            folder, sounds, name, "reconstruction", outputs.reconstructions[position]
        )
    return files


def _write_sound(folder: Path, sounds: SoundSet, class_name: str, kind: str, samples: np.ndarray) -> Path:
    # The number keeps apart the names that differ only in characters that a file name cannot hold.
    number = sounds.class_names.index(class_name)
    letters = re.sub(r"[^\w-]+", "_", class_name)[:60]
    path = folder / f"{number:02d}-{letters}-{kind}.wav"
    io.write(path, samples, sounds.rate_hz)
    return path


def _first_of_each_class(sounds: SoundSet) -> list[int]:
    """Return the position of the first test sound of each class that has one."""
    found = (np.flatnonzero(sounds.is_test & (sounds.labels == label)) for label in range(len(sounds.class_names)))
    return [int(positions[0]) for positions in found if len(positions)]
