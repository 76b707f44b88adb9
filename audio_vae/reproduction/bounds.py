"""What a perfect decoder could reach: the MFCC-DTW deviation (Eq. 2) of something else in the decoded centre's place.

The reading that gives the project's earlier figures: recordings peak-normalised, cut hard at T samples and padded with
silence, MFCCs of all T samples. (With the short fade that training's sounds have at the cut, figures move by 0.02;
with MFCCs of a recording's own length alone, by 0.2.)

A barycentre's figure depends on when DBA stops. With tslearn's start, 5 updates for the 40 training takes of a digit
and 10 for the 10 test takes give the earlier figures; a row more says where 100 updates lead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from tslearn.barycenters import dtw_barycenter_averaging

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.features import LEVELS, mfcc
from audio_vae.config import Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation.metrics import mfcc_dtw_deviation

DEVIATIONS = (
    "medoid of the training takes",
    "DBA of the training takes (5 updates)",
    "DBA of the training takes (100 updates)",
    "medoid of the test takes",
    "DBA of the test takes (10 updates)",
    "sample-wise mean of the training takes",
    "sample-wise mean of the training takes, peak 1",
    "sample-wise mean of the training takes, without c0",
    "sample-wise mean of the test takes",
    "sample-wise mean of the test takes, peak 1",
    "sample-wise mean of the test takes, without c0",
)
"""What is put in the place of the decoded centre.

The last six are what a squared error in the time domain asks of it where a latent tells no more than the class.
"""

ONE_NN = "1-NN by MFCC-DTW, share"
"""1-NN on the recordings themselves, the bound of the latent space's accuracy."""


def cut_hard(config: Config) -> Config:
    """Return the config under which sounds are read for the bounds: without a fade at the cut."""
    return dataclasses.replace(config, audio=dataclasses.replace(config.audio, fade_s=0.0))


def bounds(sounds: SoundSet) -> dict[str, float]:
    """Measure all bounds for some recordings.

    Args:
        sounds: recordings of all classes with a training and a test set of three or more each.

    Returns:
        each of `DEVIATIONS` → mean deviation over the classes, and `ONE_NN` → a share between 0 and 1.
    """
    features = [mfcc(samples, sounds.rate_hz) for samples in sounds.audio]
    rows: dict[str, list[float]] = {name: [] for name in DEVIATIONS}
    for label in range(len(sounds.class_names)):
        of_class = sounds.labels == label
        chosen = np.flatnonzero(of_class & ~sounds.is_test)
        train = [features[position] for position in chosen]
        test = [features[position] for position in np.flatnonzero(of_class & sounds.is_test)]
        centres = (
            medoid(train),
            dtw_barycenter_averaging(np.stack(train), max_iter=5),
            dtw_barycenter_averaging(np.stack(train), max_iter=100),
            medoid(test),
            dtw_barycenter_averaging(np.stack(test), max_iter=10),
        )
        test_audio = sounds.audio[of_class & sounds.is_test]
        judged = {of_level: [of_level(each, sounds.rate_hz) for each in test_audio] for of_level in LEVELS.values()}
        between = {of_level: dtw_matrix(mfccs) for of_level, mfccs in judged.items()}
        found = [mfcc_dtw_deviation(centre, test, between[mfcc]).mean() for centre in centres]
        for mean in (sounds.audio[chosen].mean(axis=0), test_audio.mean(axis=0)):
            for of_level, mfccs in judged.items():
                found.append(mfcc_dtw_deviation(of_level(mean, sounds.rate_hz), mfccs, between[of_level]).mean())
        for name, deviation in zip(DEVIATIONS, found, strict=True):
            rows[name].append(float(deviation))
    return {name: float(np.mean(values)) for name, values in rows.items()} | {ONE_NN: one_nn_by_dtw(features, sounds)}


def medoid(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sequence `[frames, n_mfcc]` with the smallest sum of DTW distances to the others."""
    return sequences[int(dtw_matrix(sequences).sum(axis=1).argmin())]


def one_nn_by_dtw(features: Sequence[np.ndarray], sounds: SoundSet) -> float:
    """Return the share of test sounds whose nearest training sound by MFCC-DTW is of their class.

    Args:
        features: MFCCs of all sounds, N of `[frames, n_mfcc]`.
        sounds: N sounds.
    """
    train, test = np.flatnonzero(~sounds.is_test), np.flatnonzero(sounds.is_test)
    distances = dtw_matrix([features[position] for position in test], [features[position] for position in train])
    nearest = train[distances.argmin(axis=1)]
    return float((sounds.labels[nearest] == sounds.labels[test]).mean())
