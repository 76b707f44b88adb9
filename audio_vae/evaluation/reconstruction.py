"""How closely a model reconstructs the sounds that it is given: the figures of the training and the test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from audio_vae.audio import fidelity
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics
from audio_vae.evaluation.buzz import audible_hop_lengths, buzz_db
from audio_vae.evaluation.multi_resolution import multi_resolution_spectral_distance

SETS = {"train": "training", "test": "test"}
"""Key of a set in the report → its name."""

# Spectrograms and envelopes of a whole data set at once would take several times its memory.
_AT_ONCE = 64


def evaluate_reconstructions(
    sounds: SoundSet, reconstructions: np.ndarray, hop_lengths: Sequence[int] = ()
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Evaluate the reconstructions of the training and of the test sounds.

    Args:
        sounds: sounds with `[N, T]` samples, some of them in each set.
        reconstructions: `[N, T]`.
        hop_lengths: those of the decoder's stages (`models.networks.hop_lengths`), for its buzz.

    Returns:
        Figure → set → plain JSON value, with the figures of `summarise`; and warnings about what is left out.
    """
    scores = score(sounds.audio, reconstructions, sounds.rate_hz)
    cells, made = fidelity.reconstruction_cells_db(sounds.audio, reconstructions, sounds.rate_hz)
    scores["fidelity_db"] = np.array([fidelity.cell_distance_db(*pair) for pair in zip(cells, made, strict=True)])
    scores["nearest_other_db"] = np.full(len(cells), np.nan)
    hop_lengths = audible_hop_lengths(hop_lengths, sounds.rate_hz, sounds.audio.shape[1])
    class_names = np.array(sounds.class_names)[sounds.labels]
    figures: dict[str, dict[str, Any]] = {}
    warnings = []
    for name, which in zip(SETS, (~sounds.is_test, sounds.is_test), strict=True):
        scores["nearest_other_db"][which] = fidelity.nearest_cell_distances_db(
            [cells[position] for position in np.flatnonzero(which)]
        )
        of_set = {key: values[which] for key, values in scores.items()}
        figures_of_set = summarise(of_set) | summarise_fidelity(of_set, class_names[which])
        figures_of_set["buzz_db"] = _buzz(sounds.audio[which], reconstructions[which], sounds.rate_hz, hop_lengths)
        for key, figure in figures_of_set.items():
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
        under their names, and three errors: `attack_time_error_s`, the reconstruction's attack time minus the sound's,
        `peak_time_error_s`, the same of the time of the peak, and `strongest_frequency_error_octaves`, how far the
        reconstruction's strongest frequency lies above the sound's.
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
        (`mean` and population `std`), `log_spectral_distance_unfloored_db` (likewise),
        `multi_resolution_spectral_distance` (mean), `peak_time_error_ms` (median of the absolute errors),
        `attack_time_error_ms` (mean of the absolute errors),
        `attack_time_error_relative` (the same, each error divided by its sound's attack time), `peak_level_error_db`
        (`median`, negative where reconstructions are too quiet, and `median_absolute`), and
        `strongest_frequency_error_octaves` (median of the absolute errors).
    """
    attack_errors_s = np.abs(scores["attack_time_error_s"])
    level_errors_db = scores["peak_level_error_db"]
    return {
        "signal_to_noise_db": _over_known(np.mean, scores["signal_to_noise_db"]),
        **{
            key: {"mean": _over_known(np.mean, scores[key]), "std": _over_known(np.std, scores[key])}
            for key in ("log_spectral_distance_db", "log_spectral_distance_unfloored_db")
        },
        "multi_resolution_spectral_distance": _over_known(np.mean, scores["multi_resolution_spectral_distance"]),
        "peak_time_error_ms": _over_known(np.median, 1e3 * np.abs(scores["peak_time_error_s"])),
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


def summarise_fidelity(scores: Mapping[str, np.ndarray], class_names: np.ndarray) -> dict[str, Any]:
    """Return how near the reconstructions of a set are to their sounds, beside the nearest other sound of the set.

    Args:
        scores: `fidelity_db`, distances of reconstructions (`audio.fidelity`), and `nearest_other_db`, distances of the
            nearest other sounds, infinite where there is none: `[N]`.
        class_names: the class of each sound, `[N]`.

    Returns:
        Plain JSON values: `fidelity_db` and `nearest_other_db` (`median`, and `classes`: class → median), and
        `better_than_nearest`, the share of sounds to which their reconstruction is nearer than that other sound.
        `None` where there is no other sound.
    """
    figures: dict[str, Any] = {}
    nearest = np.where(np.isfinite(scores["nearest_other_db"]), scores["nearest_other_db"], np.nan)
    for key, values in (("fidelity_db", scores["fidelity_db"]), ("nearest_other_db", nearest)):
        figures[key] = {
            "median": _over_known(np.median, values),
            "classes": {
                str(name): _over_known(np.median, values[class_names == name]) for name in dict.fromkeys(class_names)
            },
        }
    is_known = np.isfinite(nearest)
    is_better = (scores["fidelity_db"] < nearest)[is_known].astype(float)
    return {**figures, "better_than_nearest": _over_known(np.mean, is_better)}


def _buzz(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int, hop_lengths: Sequence[int]) -> dict[str, Any]:
    """Return the median buzz of `[N, T]` sounds for each frame rate, and the largest of these; `None` for no sound."""
    starts = range(0, len(audio), _AT_ONCE)
    medians = {}
    for hop_length in hop_lengths:
        parts = [
            buzz_db(*(each[start:][:_AT_ONCE] for each in (audio, reconstructions)), rate_hz, hop_length)
            for start in starts
        ]
        medians[f"{rate_hz / hop_length:.1f}"] = _over_known(np.median, np.concatenate(parts))
    return {
        "largest": max((each for each in medians.values() if each is not None), default=None),
        "frame_rates": medians,
    }


def _score(audio: np.ndarray, reconstructions: np.ndarray, rate_hz: int) -> dict[str, np.ndarray]:
    """Score `[B, T]` sounds at once; see `score`."""
    attack_time_s = metrics.attack_time_s(audio, rate_hz)
    expected_hz, decoded_hz = (metrics.strongest_frequency_hz(each, rate_hz) for each in (audio, reconstructions))
    floored_db, unfloored_db = metrics.log_spectral_distances_db(audio, reconstructions, rate_hz)
    return {
        "signal_to_noise_db": metrics.signal_to_noise_db(audio, reconstructions),
        "log_spectral_distance_db": floored_db,
        "log_spectral_distance_unfloored_db": unfloored_db,
        "multi_resolution_spectral_distance": multi_resolution_spectral_distance(audio, reconstructions),
        "peak_time_error_s": metrics.peak_time_s(reconstructions, rate_hz) - metrics.peak_time_s(audio, rate_hz),
        "attack_time_s": attack_time_s,
        "attack_time_error_s": metrics.attack_time_s(reconstructions, rate_hz) - attack_time_s,
        "peak_level_error_db": metrics.peak_level_error_db(audio, reconstructions),
        "strongest_frequency_error_octaves": np.log2(decoded_hz / expected_hz),
    }


def _over_known(statistic: Callable[[np.ndarray], Any], values: np.ndarray) -> float | None:
    """Return a statistic of the values that are not NaN; `None` where there are none."""
    known = values[~np.isnan(values)]
    return float(statistic(known)) if len(known) else None
