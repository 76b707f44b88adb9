"""How closely a model reconstructs the sounds that it is given: the figures of the training and the test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics

SETS = {"train": "training", "test": "test"}
"""Key of a set in the report → its name."""

# Spectrograms and envelopes of a whole data set at once would take several times its memory.
_AT_ONCE = 64

_LOWEST_AUDIBLE_HZ = 20.0


def evaluate_reconstructions(
    sounds: SoundSet, reconstructions: np.ndarray
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Evaluate the reconstructions of the training and of the test sounds.

    Args:
        sounds: sounds with `[N, T]` samples, some of them in each set.
        reconstructions: `[N, T]`.

    Returns:
        Figure → set → plain JSON value, with the figures of `summarise`; and warnings about what is left out.
    """
    scores = score(sounds.audio, reconstructions, sounds.rate_hz)
    figures: dict[str, dict[str, Any]] = {}
    warnings = []
    for name, which in zip(SETS, (~sounds.is_test, sounds.is_test), strict=True):
        of_set = {key: values[which] for key, values in scores.items()}
        for key, figure in summarise(of_set).items():
            figures.setdefault(key, {})[name] = figure
        n_without = int(np.isnan(of_set["attack_time_error_s"]).sum())
        if n_without:
            warnings.append(
                f"{n_without} {SETS[name]} sounds are silent or decoded as silence: left out of the attack time"
            )
    return figures, warnings


def score(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    """Score each reconstruction.

    Args:
        audio: `[N, T]`, N of 1 or more.
        reconstructions: `[N, T]`.
        rate_hz: their sample rate.

    Returns:
        Measure → `[N]`, NaN for silence as the functions of `evaluation.metrics` say. These are the functions' values
        under their names, and two errors: `attack_time_error_s`, the reconstruction's attack time minus the sound's,
        and `strongest_frequency_error_octaves`, how far the reconstruction's strongest frequency lies above the
        sound's (frequencies below 20 Hz count as 20 Hz).
    """
    starts = range(0, len(audio), _AT_ONCE)
    parts = [_score(audio[start:][:_AT_ONCE], reconstructions[start:][:_AT_ONCE], rate_hz) for start in starts]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def summarise(scores: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the figures of a set of sounds.

    Args:
        scores: what `score` returns for the sounds; a sound with NaN is left out of that figure.

    Returns:
        Plain JSON values, `None` where no sound has one: `signal_to_noise_db` (mean), `log_spectral_distance_db`
        (`mean` and population `std`), `attack_time_error_ms` (mean of the absolute errors),
        `attack_time_error_relative` (the same, each error divided by its sound's attack time), `peak_level_error_db`
        (`median`, negative where reconstructions are too quiet, and `median_absolute`), and
        `strongest_frequency_error_octaves` (median of the absolute errors).
    """
    attack_errors_s = np.abs(scores["attack_time_error_s"])
    distances_db, level_errors_db = scores["log_spectral_distance_db"], scores["peak_level_error_db"]
    return {
        "signal_to_noise_db": _over_known(np.mean, scores["signal_to_noise_db"]),
        "log_spectral_distance_db": {
            "mean": _over_known(np.mean, distances_db),
            "std": _over_known(np.std, distances_db),
        },
        "attack_time_error_ms": _over_known(np.mean, 1e3 * attack_errors_s),
        "attack_time_error_relative": _over_known(np.mean, attack_errors_s / scores["attack_time_s"]),
        "peak_level_error_db": {
            "median": _over_known(np.median, level_errors_db),
            "median_absolute": _over_known(np.median, np.abs(level_errors_db)),
        },
        "strongest_frequency_error_octaves": _over_known(
            np.median, np.abs(scores["strongest_frequency_error_octaves"])
        ),
    }


def _score(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    """Score `[B, T]` sounds at once; see `score`."""
    attack_time_s = metrics.attack_time_s(audio, rate_hz)
    expected_hz, decoded_hz = (
        np.maximum(metrics.strongest_frequency_hz(each, rate_hz), _LOWEST_AUDIBLE_HZ)
        for each in (audio, reconstructions)
    )
    return {
        "signal_to_noise_db": metrics.signal_to_noise_db(audio, reconstructions),
        "log_spectral_distance_db": metrics.log_spectral_distance_db(audio, reconstructions, rate_hz),
        "attack_time_s": attack_time_s,
        "attack_time_error_s": metrics.attack_time_s(reconstructions, rate_hz) - attack_time_s,
        "peak_level_error_db": metrics.peak_level_error_db(audio, reconstructions),
        "strongest_frequency_error_octaves": np.log2(decoded_hz / expected_hz),
    }


def _over_known(statistic: Callable[[np.ndarray], Any], values: np.ndarray) -> float | None:
    """Return a statistic of the values that are not NaN; `None` where there are none."""
    known = values[~np.isnan(values)]
    return float(statistic(known)) if len(known) else None
