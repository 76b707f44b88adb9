"""What report.json holds: every figure of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.audio import dtw, features, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics, reconstruction
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run

LEAST_SOUNDS = 3
"""Test sounds that a class needs for a deviation: fewer have no spread."""


@dataclass(frozen=True, eq=False)
class _Outputs:
    """What the model makes of the sounds; a class without sounds in a set has NaN for its centre there.

    Attributes:
        means: posterior means, `[N, d]`.
        reconstructions: decoded means, `[N, T]`.
        centres: decoded class centres of the test set, `[n_classes, T]`.
        train_centres: the same of the training set.
    """

    means: np.ndarray
    reconstructions: np.ndarray
    centres: np.ndarray
    train_centres: np.ndarray


def _judge(run: Run, sounds: SoundSet, outputs: _Outputs) -> dict[str, Any]:
    """Return the report: every figure is computed here, once."""
    config, test = run.config, sounds.is_test
    deviations, warnings = _deviations(sounds.test, outputs)
    of_reconstructions, more_warnings = reconstruction.judge(sounds, outputs.reconstructions)
    return {
        "dataset": config.dataset,
        "preset": config.preset,
        **({"speakers": config.data["speakers"]} if "speakers" in config.data else {}),
        "epochs": run.epochs_done(),
        "seed": config.training.seed,
        "n_train": int((~test).sum()),
        "n_test": int(test.sum()),
        "one_nn_accuracy": metrics.one_nn_accuracy(
            outputs.means[~test], sounds.labels[~test], outputs.means[test], sounds.labels[test]
        ),
        **deviations,
        **of_reconstructions,
        "decoded_centre_peaks": {
            name: waveform.peak(centre)
            for name, centre in zip(sounds.class_names, outputs.centres, strict=True)
            if np.isfinite(centre).all()
        },
        "warnings": [*warnings, *more_warnings],
        "made_with": environment(),
    }


def _deviations(test: SoundSet, outputs: _Outputs) -> tuple[dict[str, Any], list[str]]:
    """Return the tables of Eq. 2 (both kinds of centres, each of `features.LEVELS`) and what to warn of."""
    sets = {"": outputs.centres, "_train_centres": outputs.train_centres}
    values = {f"mfcc_dtw_deviation{name}{level}": {} for name in sets for level in features.LEVELS}
    warnings = []
    for label, class_name in enumerate(test.class_names):
        chosen = test.of_class(label)
        if len(chosen) < LEAST_SOUNDS:
            warnings.append(
                f"class {class_name} has {len(chosen)} test sounds: left out of the deviation, "
                f"which takes {LEAST_SOUNDS}"
            )
            continue
        mfccs = {
            level: [of_level(samples, test.rate_hz) for samples in test.audio[chosen]]
            for level, of_level in features.LEVELS.items()
        }
        between = {level: dtw.dtw_matrix(each) for level, each in mfccs.items()}
        n_without = 0
        for name, centres in sets.items():
            centre, of_set = centres[label], "training" if name else "test"
            if not np.isfinite(centre).all():
                warnings.append(f"class {class_name} has no {of_set} sounds: no deviation from their centre")
                continue
            if waveform.peak(centre) < waveform.SILENCE:
                warnings.append(f"class {class_name}: the decoded centre of its {of_set} sounds is silent")
            for level, of_level in features.LEVELS.items():
                decoded = of_level(centre, test.rate_hz)
                deviation = metrics.mfcc_dtw_deviation(decoded, mfccs[level], between[level])
                kept = deviation[np.isfinite(deviation)]
                n_without = len(deviation) - len(kept)
                if len(kept):
                    values[f"mfcc_dtw_deviation{name}{level}"][class_name] = kept
        if n_without:
            warnings.append(
                f"class {class_name}: {n_without} test sounds are equally far from all others of it, which leaves "
                "them without a deviation"
            )
    return {key: _table(per_class) for key, per_class in values.items()}, warnings


def _table(deviations: dict[str, np.ndarray]) -> dict[str, Any]:
    """Mean and population standard deviation of each class, and as in Table 3 the means of both over classes."""
    classes = {name: {"mean": float(each.mean()), "std": float(each.std())} for name, each in deviations.items()}
    average = {
        key: float(np.mean([each[key] for each in classes.values()])) if classes else None for key in ("mean", "std")
    }
    return {"classes": classes, "average": average}
