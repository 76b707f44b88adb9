"""The MFCC-DTW deviation (Eq. 2) of a model's decoded class centres, in all its readings: the tables of a report.

A reading says which sounds a class's centre is the mean of (test or training) and how MFCCs hear its level
(`evaluation.mfcc.LEVELS`).

The MFCCs are those of the sounds as the model sees them: peak-normalised and whole, the T samples with the padding.
This reading reproduces the bounds of `reproduction.bounds`, and it compares like with like, because a decoded centre
has no length of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from audio_vae.audio import dtw, waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation.metrics import LEAST_SOUNDS, mfcc_dtw_deviation
from audio_vae.evaluation.mfcc import LEVELS

DEVIATION = "mfcc_dtw_deviation"
"""Key in a report of the paper's reading; the keys of the others begin with it."""

READINGS = {
    DEVIATION: "test centres",
    f"{DEVIATION}_peak_normalised": "test centres, peak 1",
    f"{DEVIATION}_without_c0": "test centres, without c0",
    f"{DEVIATION}_train_centres": "training centres",
    f"{DEVIATION}_train_centres_peak_normalised": "training centres, peak 1",
    f"{DEVIATION}_train_centres_without_c0": "training centres, without c0",
}
"""Key in a report → title of the reading, the paper's first."""

_UNKNOWN: dict[str, Any] = {"classes": {}, "average": {"mean": None, "std": None}}


def deviations(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the deviations of a report in the order of `READINGS`; empty where an older version had none."""
    return [report.get(key, _UNKNOWN) for key in READINGS]


def deviation_tables(
    test: SoundSet, test_centres: np.ndarray, train_centres: np.ndarray
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Compute the deviation of each class's test sounds from its decoded centres.

    Args:
        test: the test sounds, with `[n_test, T]` samples.
        test_centres: decoded centres of the test sounds, `[n_classes, T]`; NaN for a class without any.
        train_centres: decoded centres of the training sounds, likewise.

    Returns:
        For each key of `READINGS` a table of plain JSON values: `classes` → class → `mean` and (population) `std`, and
        `average`, the means of both over the classes as in Table 3. And warnings about what is left out.
    """
    tables: dict[str, dict[str, np.ndarray]] = {key: {} for key in READINGS}
    warnings = []
    for label, class_name in enumerate(test.class_names):
        n_sounds = len(test.of_class(label))
        if n_sounds < LEAST_SOUNDS:
            warnings.append(
                f"class {class_name} has {n_sounds} test sounds: left out of the deviation, which takes {LEAST_SOUNDS}"
            )
            continue
        found, more_warnings = _deviations_of_class(test, label, test_centres[label], train_centres[label])
        warnings += more_warnings
        for key, values in found.items():
            tables[key][class_name] = values
    return {key: means_and_stds(per_class) for key, per_class in tables.items()}, warnings


def _deviations_of_class(
    test: SoundSet, label: int, test_centre: np.ndarray, train_centre: np.ndarray
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the deviations of a class's test sounds: key → `[n]`, without those that are NaN; and warnings."""
    class_name, rate_hz = test.class_names[label], test.rate_hz
    audio = test.audio[test.of_class(label)]
    mfccs = {level: [mfcc(samples, rate_hz) for samples in audio] for level, mfcc in LEVELS.items()}
    between = {level: dtw.dtw_matrix(each) for level, each in mfccs.items()}
    found, warnings, n_without = {}, [], 0
    for centres, of_set, centre in (("", "test", test_centre), ("_train_centres", "training", train_centre)):
        if not np.isfinite(centre).all():
            warnings.append(f"class {class_name} has no {of_set} sounds: no deviation from their centre")
            continue
        if waveform.peak(centre) < waveform.SILENCE:
            warnings.append(f"class {class_name}: the decoded centre of its {of_set} sounds is silent")
        for level, mfcc in LEVELS.items():
            values = mfcc_dtw_deviation(mfcc(centre, rate_hz), mfccs[level], between[level])
            known = values[np.isfinite(values)]
            n_without = max(n_without, len(values) - len(known))
            if len(known):
                found[f"{DEVIATION}{centres}{level}"] = known
    if n_without:
        warnings.append(
            f"class {class_name}: {n_without} test sounds are equally far from all others of it, which leaves "
            "them without a deviation"
        )
    return found, warnings


def means_and_stds(deviations_by_class: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return deviations as the tables of a report hold them (`deviation_tables`).

    Args:
        deviations_by_class: class → deviations of its sounds, `[n]`.
    """
    classes = {
        name: {"mean": float(values.mean()), "std": float(values.std())} for name, values in deviations_by_class.items()
    }
    average = {
        key: float(np.mean([each[key] for each in classes.values()])) if classes else None for key in ("mean", "std")
    }
    return {"classes": classes, "average": average}
