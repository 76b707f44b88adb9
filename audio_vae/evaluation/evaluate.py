"""The evaluation: judge a run's model by its test sounds and write report.json, report.html, figures, sounds.

Section 5 of Lionello and Purwins (2020): 1-NN accuracy, MFCC-DTW deviation (Eq. 2, Table 3) and the map of
the latents (Figure 2). Reconstructions, of which the paper has no figures, are judged by signal-to-noise ratio,
log-spectral distance, attack time and peak level (`reconstruction.py`).

The MFCCs of Eq. 2 are those of the sounds as the model sees them: peak-normalised and whole, the T samples
with the padding. This is the reading that reproduces the bounds of `bounds.py`, and the one that
compares like with like, because a decoded centre has no length of its own. The paper does not say whether level
counts: a decoded centre is judged as it is, at peak 1, and by MFCCs that do not hear its level
(`features.LEVELS`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from audio_vae.audio import io as audio
from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics
from audio_vae.evaluation.html import write_page
from audio_vae.evaluation.report import _judge, _Outputs
from audio_vae.evaluation.summary import summary_lines
from audio_vae.morphing.all_pairs import all_pairs
from audio_vae.morphing.options import PathOptions
from audio_vae.plots import latent_map, training_curves
from audio_vae.plots import waveforms as plots
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import atomic_folder, write_json

__all__ = ["evaluate", "summary_lines"]


_AT_ONCE = 64


def evaluate(
    run: Run,
    sounds: SoundSet | None = None,
    out: Path | None = None,
    *,
    morphs: PathOptions | None = None,
    show_progress: bool = False,
) -> dict[str, Any]:
    """Judge a run's model and write the report folder, whole or not at all.

    Args:
        run: the run.
        sounds: sounds with a training and a test set; by default those of the run.
        out: folder of the report, by default RUN/report, of a pretrained model `report`; an older report there is
            replaced.
        morphs: judge morphs between all pairs of classes too, made like this; `None` leaves them out.
        show_progress: draw a progress bar.

    Returns:
        What report.json holds: plain JSON values.

    Raises:
        UserError: there is no usable model, the sounds lack a set or do not fit the model, the model's
            output is not finite, or `out` holds other files.
    """
    sounds = run.sounds if sounds is None else sounds
    out = run.results_path / "report" if out is None else out
    _check(run, sounds)
    with atomic_folder(out, marker="report.json") as part:
        outputs = _run_model(run, sounds, show_progress)
        report = _judge(run, sounds, outputs)
        if morphs:
            report["morphs"] = all_pairs(run, sounds, morphs, show_progress=show_progress)
        history = run.history()
        if not history:
            report["warnings"].append("the run has no training history, so there are no training curves")
        figures = _draw(part / "figures", run, sounds, outputs, history)
        heard = _write_sounds(part / "sounds", sounds, outputs)
        write_page(part / "report.html", report, figures, heard)
        # Last, because its presence says that the folder is a complete report.
        write_json(part / "report.json", report)
    return report


def _check(run: Run, sounds: SoundSet) -> None:
    config = run.config.audio
    if run.is_pretrained and sounds is run.sounds:
        raise UserError(
            f"the pretrained model {run.card.name} comes with a few sounds of each class, too few to judge it by: give "
            "a folder of sounds with --data (audio-vae models tells its figures)"
        )
    if not sounds.is_test.any() or sounds.is_test.all():
        missing = "training" if sounds.is_test.any() else "test"
        raise UserError(f"there are no {missing} sounds to judge {run.path} by: choose other sounds with --data")
    if sounds.audio.shape[1] != config.n_samples or sounds.rate_hz != config.rate_hz:
        raise UserError(
            f"the sounds have {sounds.audio.shape[1]} samples at {sounds.rate_hz} Hz, the model in {run.path} takes "
            f"{config.n_samples} at {config.rate_hz} Hz: choose another --data or --run"
        )


def _run_model(run: Run, sounds: SoundSet, show_progress: bool) -> _Outputs:
    n_classes = len(sounds.class_names)
    total = 2 * len(sounds) + 2 * n_classes
    with tqdm(total=total, desc="evaluating", unit=" sounds", disable=not show_progress) as bar:
        means = _in_parts(lambda part: run.encode(part)[0], sounds.audio, bar)
        _require_finite(run, means)
        reconstructions = _in_parts(run.decode, means, bar)
        test = sounds.is_test
        latent_centres = np.concatenate(
            [metrics.class_centres(means[which], sounds.labels[which], n_classes) for which in (test, ~test)]
        )
        exists = np.isfinite(latent_centres).all(axis=1)
        centres = np.full((2 * n_classes, sounds.audio.shape[1]), np.nan, np.float32)
        centres[exists] = _in_parts(run.decode, latent_centres[exists], bar)
        bar.update(total - bar.n)
    _require_finite(run, reconstructions, centres[exists])
    return _Outputs(means, reconstructions, centres[:n_classes], centres[n_classes:])


def _in_parts(function: Callable[[np.ndarray], np.ndarray], values: np.ndarray, bar: tqdm) -> np.ndarray:
    """Apply a function to some values at a time, so that the bar moves."""
    made = []
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        made.append(function(part))
        bar.update(len(part))
    return np.concatenate(made)


def _require_finite(run: Run, *arrays: np.ndarray) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(
            f"the model in {run.model_path} gives NaN or infinite values: copy an earlier file of "
            f"{run.path / 'checkpoints'} over it, or train again with smaller learning rates"
        )


def _draw(
    folder: Path, run: Run, sounds: SoundSet, outputs: _Outputs, history: Sequence[dict[str, float]]
) -> dict[str, Path]:
    """Write the figures; returns heading → file, in the order of the page."""
    folder.mkdir()
    test, originals = sounds.test, {}
    reconstructions = {}
    for position in _first_of_class(sounds):
        title = f"{sounds.class_names[sounds.labels[position]]}: {sounds.names[position]}"
        originals[title] = sounds.audio[position]
        reconstructions[title] = outputs.reconstructions[position]
    figures = {"Latents of the test sounds": folder / "latents.png"}
    latent_map.save_latent_map(
        folder / "latents.png",
        outputs.means[sounds.is_test],
        test.labels,
        sounds.class_names,
        seed=run.config.training.seed,
    )
    if history:
        figures["Training"] = folder / "training.png"
        training_curves.save_training_curves(figures["Training"], history)
    figures["Reconstructions"] = folder / "reconstructions.png"
    plots.save_reconstructions(figures["Reconstructions"], originals, reconstructions, sounds.rate_hz)
    figures["Decoded class centres"] = folder / "centres.png"
    plots.save_centres(figures["Decoded class centres"], _centres_by_name(sounds, outputs), sounds.rate_hz)
    return figures


def _write_sounds(folder: Path, sounds: SoundSet, outputs: _Outputs) -> dict[str, dict[str, Path]]:
    """Write what there is to hear; returns class → what it is → file."""
    folder.mkdir()
    heard: dict[str, dict[str, Path]] = {}
    for name, centre in _centres_by_name(sounds, outputs).items():
        heard[name] = {"decoded centre": _write_sound(folder, sounds, name, "centre", waveform.normalised(centre))}
    for position in _first_of_class(sounds):
        name = sounds.class_names[sounds.labels[position]]
        heard[name]["original"] = _write_sound(folder, sounds, name, "original", sounds.audio[position])
        heard[name]["reconstruction"] = _write_sound(
            folder, sounds, name, "reconstruction", outputs.reconstructions[position]
        )
    return heard


def _write_sound(folder: Path, sounds: SoundSet, class_name: str, kind: str, samples: np.ndarray) -> Path:
    # The number keeps names apart that differ only in letters a file name cannot hold.
    number = sounds.class_names.index(class_name)
    letters = re.sub(r"[^\w-]+", "_", class_name)[:60]
    path = folder / f"{number:02d}-{letters}-{kind}.wav"
    audio.write(path, samples, sounds.rate_hz)
    return path


def _first_of_class(sounds: SoundSet) -> list[int]:
    """Return the position of the first test sound of each class that has one."""
    found = (np.flatnonzero(sounds.is_test & (sounds.labels == label)) for label in range(len(sounds.class_names)))
    return [int(positions[0]) for positions in found if len(positions)]


def _centres_by_name(sounds: SoundSet, outputs: _Outputs) -> dict[str, np.ndarray]:
    return {
        name: centre
        for name, centre in zip(sounds.class_names, outputs.centres, strict=True)
        if np.isfinite(centre).all()
    }
