"""The figures of the paper under two protocols, which must not be mixed up: `held out` and `as published`.

held out        The evaluated sounds are the test set, which shares nothing with what the model was trained on. 1-NN
                asks for the nearest training sound; latents are posterior means.
as published    The evaluated sounds are the first ten of each class among those that the model *was trained on*, as in
                the code of the paper's first author (docs/paper.md). 1-NN asks for the nearest of the other evaluated
                sounds (leave-one-out); latents are drawn from the posterior.

Both have Eq. 2 with the centre of the evaluated sounds themselves, in four readings of MFCCs, because the paper does
not say which it took (`evaluation.mfcc.PROTOCOL_READINGS`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.data.batches import sounds_to_train_on
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics
from audio_vae.evaluation.deviation import means_and_stds
from audio_vae.evaluation.mfcc import PROTOCOL_READINGS
from audio_vae.evaluation.outputs import Outputs, require_finite
from audio_vae.runs.run import Run

PROTOCOLS = {"held_out": "held out", "as_published": "as published"}
"""Key in a report → name of the protocol."""

N_OF_CLASS = 10
"""Sounds of each class that are evaluated as published: ten takes of each digit."""


def protocols(run: Run, sounds: SoundSet, outputs: Outputs) -> dict[str, Any]:
    """Return the figures under both protocols as plain JSON values; `None` for one that does not apply.

    Args:
        run: the evaluated run.
        sounds: the sounds that it is evaluated on.
        outputs: what the model makes of them.

    Returns:
        Key of `PROTOCOLS` → figures, or `None`: nothing is held out of a model that was trained on all sounds, and of
        sounds that are not the run's own, which it was trained on is not known (`are_test_sounds_unseen`).

    Raises:
        UserError: what the model gives is not finite.
    """
    held_out = as_published = None
    if are_test_sounds_unseen(run, sounds):
        held_out = _held_out(sounds, outputs)
    if sounds is run.sounds:
        as_published = _as_published(run, sounds_to_train_on(sounds, run.config.training))
    return dict(zip(PROTOCOLS, (held_out, as_published), strict=True))


def are_test_sounds_unseen(run: Run, sounds: SoundSet) -> bool | None:
    """Whether a run's model was trained without the test sounds; `None` of sounds that are not the run's own."""
    return run.config.training.sounds == "training" if sounds is run.sounds else None


def _held_out(sounds: SoundSet, outputs: Outputs) -> dict[str, Any]:
    test = sounds.is_test
    accuracy = metrics.one_nn_accuracy(
        outputs.means[~test], sounds.labels[~test], outputs.means[test], sounds.labels[test]
    )
    sample = outputs.sample
    return _figures(sample.test, accuracy, outputs.reconstructions[sample.is_test], outputs.centres)


def _as_published(run: Run, trained_on: SoundSet) -> dict[str, Any]:
    evaluated = trained_on.take(first_of_each_class(trained_on)).in_memory()
    means, log_variances = run.encode(evaluated.audio)
    noise = np.random.default_rng(run.config.training.seed).standard_normal(means.shape)
    latents = means + np.exp(0.5 * log_variances.astype(np.float64)) * noise
    centres = metrics.class_centres(latents, evaluated.labels, len(evaluated.class_names))
    require_finite(run, latents)
    exists = np.isfinite(centres).all(axis=1)
    decoded_centres = np.full((len(centres), evaluated.audio.shape[1]), np.nan, np.float32)
    decoded_centres[exists] = run.decode(centres[exists])
    reconstructions = run.decode(latents)
    require_finite(run, reconstructions, decoded_centres[exists])
    accuracy = metrics.leave_one_out_accuracy(latents, evaluated.labels)
    return _figures(evaluated, accuracy, reconstructions, decoded_centres)


def first_of_each_class(sounds: SoundSet) -> np.ndarray:
    """Return the positions of the first `N_OF_CLASS` sounds of each class: int64 `[n]`."""
    return np.concatenate([sounds.of_class(label)[:N_OF_CLASS] for label in range(len(sounds.class_names))])


def _figures(
    evaluated: SoundSet, accuracy: float | None, reconstructions: np.ndarray, centres: np.ndarray
) -> dict[str, Any]:
    """Return the figures of one protocol.

    Args:
        evaluated: N sounds.
        accuracy: 1-NN accuracy.
        reconstructions: `[N, T]`.
        centres: decoded class centres, `[n_classes, T]`; NaN for a class without sounds.
    """
    snr_db = metrics.signal_to_noise_db(evaluated.audio, reconstructions)
    return {
        "n_evaluated": len(evaluated),
        "one_nn_accuracy": accuracy,
        "deviation": _deviations(evaluated, centres),
        "signal_to_noise_db": {
            "median": float(np.median(snr_db)),
            "least": float(snr_db.min()),
            "largest": float(snr_db.max()),
        },
    }


def _deviations(evaluated: SoundSet, centres: np.ndarray) -> dict[str, Any]:
    """Return reading → its deviations (`evaluation.deviation.means_and_stds`)."""
    by_reading: dict[str, dict[str, np.ndarray]] = {reading: {} for reading in PROTOCOL_READINGS}
    for label, class_name in enumerate(evaluated.class_names):
        audio = evaluated.audio[evaluated.of_class(label)]
        if len(audio) < metrics.LEAST_SOUNDS or not np.isfinite(centres[label]).all():
            continue
        for reading, (_, mfcc) in PROTOCOL_READINGS.items():
            mfccs = [mfcc(samples, evaluated.rate_hz) for samples in audio]
            centre = mfcc(centres[label], evaluated.rate_hz)
            values = metrics.mfcc_dtw_deviation(centre, mfccs, dtw_matrix(mfccs))
            if np.isfinite(values).any():
                by_reading[reading][class_name] = values[np.isfinite(values)]
    return {reading: means_and_stds(by_class) for reading, by_class in by_reading.items()}
