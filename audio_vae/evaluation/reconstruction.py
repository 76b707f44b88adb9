"""How well a model gives back the sounds that it is given: what the report says of either set's reconstructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics

SETS = {"train": "training", "test": "test"}
"""Set's key in the report → what it is called."""

# Spectrograms and envelopes of a whole data set at once would take several times its memory.
_AT_ONCE = 64

_LOWEST_HEARD_HZ = 20.0


def judge(sounds: SoundSet, reconstructions: np.ndarray) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Judge the reconstructions of the training and the test sounds.

    Args:
        sounds: with `[N, T]` samples; both sets are there.
        reconstructions: `[N, T]`.

    Returns:
        Figure → set → plain JSON value, for the keys of `summary`; and what to warn of.
    """
    measured = measure(sounds.audio, reconstructions, sounds.rate_hz)
    figures: dict[str, dict[str, Any]] = {}
    warnings = []
    for name, which in zip(SETS, (~sounds.is_test, sounds.is_test), strict=True):
        of_set = {key: values[which] for key, values in measured.items()}
        for key, figure in summary(of_set).items():
            figures.setdefault(key, {})[name] = figure
        n_without = int(np.isnan(of_set["attack_time_error_s"]).sum())
        if n_without:
            warnings.append(
                f"{n_without} {SETS[name]} sounds are silent or decoded as silence: left out of the attack time"
            )
    return figures, warnings


def measure(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    """Measure each reconstruction.

    Args:
        audio: `[N, T]`, N of 1 or more.
        reconstructions: `[N, T]`.
        rate_hz: their sample rate.

    Returns:
        Measure → `[N]`: the functions of `metrics` by their names, and `attack_time_error_s`, the reconstruction's
        attack time less the sound's, and `strongest_frequency_error_octaves`, how far its strongest frequency lies
        above the sound's (what lies below 20 Hz counts as 20 Hz). NaN as these say.
    """
    starts = range(0, len(audio), _AT_ONCE)
    parts = [_measure(audio[start:][:_AT_ONCE], reconstructions[start:][:_AT_ONCE], rate_hz) for start in starts]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def summary(measured: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what the report says of a set.

    Args:
        measured: what `measure` returns of the set's sounds; those with NaN are left out of a figure.

    Returns:
        Plain JSON values, `None` where no sound has one: `signal_to_noise_db` (mean), `log_spectral_distance_db`
        (`mean` and population `std`), `attack_time_error_ms` (mean of the absolute errors),
        `attack_time_error_relative` (the same, each by its sound's attack time), `peak_level_error_db`
        (`median`, negative where reconstructions are too quiet, and `median_absolute`), and
        `strongest_frequency_error_octaves` (median of the absolute errors).
    """
    attack_errors_s = np.abs(measured["attack_time_error_s"])
    distances_db, level_errors_db = measured["log_spectral_distance_db"], measured["peak_level_error_db"]
    return {
        "signal_to_noise_db": _figure(np.mean, measured["signal_to_noise_db"]),
        "log_spectral_distance_db": {"mean": _figure(np.mean, distances_db), "std": _figure(np.std, distances_db)},
        "attack_time_error_ms": _figure(np.mean, 1e3 * attack_errors_s),
        "attack_time_error_relative": _figure(np.mean, attack_errors_s / measured["attack_time_s"]),
        "peak_level_error_db": {
            "median": _figure(np.median, level_errors_db),
            "median_absolute": _figure(np.median, np.abs(level_errors_db)),
        },
        "strongest_frequency_error_octaves": _figure(np.median, np.abs(measured["strongest_frequency_error_octaves"])),
    }


def _measure(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    attack_time_s = metrics.attack_time_s(audio, rate_hz)
    wanted_hz, got_hz = (
        np.maximum(metrics.strongest_frequency_hz(each, rate_hz), _LOWEST_HEARD_HZ) for each in (audio, reconstructions)
    )
    return {
        "signal_to_noise_db": metrics.signal_to_noise_db(audio, reconstructions),
        "log_spectral_distance_db": metrics.log_spectral_distance_db(audio, reconstructions, rate_hz),
        "attack_time_s": attack_time_s,
        "attack_time_error_s": metrics.attack_time_s(reconstructions, rate_hz) - attack_time_s,
        "peak_level_error_db": metrics.peak_level_error_db(audio, reconstructions),
        "strongest_frequency_error_octaves": np.log2(got_hz / wanted_hz),
    }


def _figure(of: Callable[[np.ndarray], Any], values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(of(known)) if len(known) else None
