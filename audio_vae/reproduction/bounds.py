"""Bounds of what a perfect decoder could reach: the deviation (Eq. 2) of something else in the decoded centre's place.

Recordings are peak-normalised, cut at T samples without a fade and padded with silence, and MFCCs are taken of all T
samples. This reading reproduces the project's earlier figures. With the short fade that sounds have in training,
figures move by 0.02; with MFCCs of a recording's own length alone, by 0.2.

The figure of a barycentre depends on when DTW barycentre averaging (DBA) stops. With tslearn's initial barycentre, 5
updates for the 40 training takes of a digit and 10 for the 10 test takes give the earlier figures; one more row shows
where 100 updates lead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from tslearn.barycenters import dtw_barycenter_averaging

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.config import Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation.metrics import mfcc_dtw_deviation
from audio_vae.evaluation.mfcc import LEVELS, PROTOCOL_READINGS, mfcc

DEVIATIONS = (
    "medoid of the training takes",
    "DBA of the training takes (5 updates)",
    "DBA of the training takes (100 updates)",
    "medoid of the test takes",
    "DBA of the test takes (10 updates)",
    "sample-wise mean of the training takes",
    "sample-wise mean of the training takes, peak 1",
    "sample-wise mean of the training takes, without c0",
    "sample-wise mean of the training takes, librosa's defaults",
    "sample-wise mean of the training takes, 13 liftered, log energy",
    "sample-wise mean of the test takes",
    "sample-wise mean of the test takes, peak 1",
    "sample-wise mean of the test takes, without c0",
    "sample-wise mean of the test takes, librosa's defaults",
    "sample-wise mean of the test takes, 13 liftered, log energy",
)
"""What takes the place of the decoded centre.

The last ten are what a squared error in the time domain asks for where a latent tells no more than the class.
"""

_READINGS = {**LEVELS, **{key: PROTOCOL_READINGS[key][1] for key in ("librosa_defaults", "liftered")}}
"""MFCCs of the sample-wise means, in the order of `DEVIATIONS`."""

ONE_NN = "1-NN by MFCC-DTW, share"
"""1-NN accuracy on the recordings themselves, the bound of the accuracy in the latent space."""


def cut_hard(config: Config) -> Config:
    """Return the config with which sounds are read for the bounds: without a fade at the cut."""
    return dataclasses.replace(config, audio=dataclasses.replace(config.audio, fade_s=0.0))


def bounds(sounds: SoundSet) -> dict[str, float]:
    """Measure all bounds for some recordings.

    Args:
        sounds: recordings with a training and a test set, each with three or more of every class.

    Returns:
        Each of `DEVIATIONS` → mean deviation over the classes, and `ONE_NN` → a share between 0 and 1.
    """
    mfccs = [mfcc(samples, sounds.rate_hz) for samples in sounds.audio]
    of_classes = [_deviations_of_class(sounds, mfccs, label) for label in range(len(sounds.class_names))]
    means = {name: float(np.mean([each[name] for each in of_classes])) for name in DEVIATIONS}
    return means | {ONE_NN: one_nn_by_dtw(mfccs, sounds)}


def _deviations_of_class(sounds: SoundSet, mfccs: Sequence[np.ndarray], label: int) -> Mapping[str, float]:
    """Return the mean deviation of a class's test sounds from each of `DEVIATIONS`.

    Args:
        sounds: N sounds.
        mfccs: their MFCCs, N of `[frames, n_mfcc]`.
        label: the class.
    """
    of_class = sounds.labels == label
    is_train, is_test = of_class & ~sounds.is_test, of_class & sounds.is_test
    train = [mfccs[position] for position in np.flatnonzero(is_train)]
    test = [mfccs[position] for position in np.flatnonzero(is_test)]
    test_mfccs = {
        level: [of_level(samples, sounds.rate_hz) for samples in sounds.audio[is_test]]
        for level, of_level in _READINGS.items()
    }
    between = {level: dtw_matrix(each) for level, each in test_mfccs.items()}
    centres = (
        medoid(train),
        dtw_barycenter_averaging(np.stack(train), max_iter=5),
        dtw_barycenter_averaging(np.stack(train), max_iter=100),
        medoid(test),
        dtw_barycenter_averaging(np.stack(test), max_iter=10),
    )
    found = [mfcc_dtw_deviation(centre, test, between[""]).mean() for centre in centres]
    for mean in (sounds.audio[is_train].mean(axis=0), sounds.audio[is_test].mean(axis=0)):
        for level, of_level in _READINGS.items():
            deviation = mfcc_dtw_deviation(of_level(mean, sounds.rate_hz), test_mfccs[level], between[level])
            found.append(deviation.mean())
    return {name: float(deviation) for name, deviation in zip(DEVIATIONS, found, strict=True)}


def medoid(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sequence `[frames, n_mfcc]` with the smallest sum of DTW distances to the others."""
    return sequences[int(dtw_matrix(sequences).sum(axis=1).argmin())]


def one_nn_by_dtw(mfccs: Sequence[np.ndarray], sounds: SoundSet) -> float:
    """Return the share of test sounds whose nearest training sound by MFCC-DTW is of their class.

    Args:
        mfccs: MFCCs of all sounds, N of `[frames, n_mfcc]`.
        sounds: N sounds.
    """
    train, test = np.flatnonzero(~sounds.is_test), np.flatnonzero(sounds.is_test)
    distances = dtw_matrix([mfccs[position] for position in test], [mfccs[position] for position in train])
    nearest = train[distances.argmin(axis=1)]
    return float((sounds.labels[nearest] == sounds.labels[test]).mean())
