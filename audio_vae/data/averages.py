"""Training sounds that are averages of two sounds of a class, as the paper's code makes them."""

from __future__ import annotations

import numpy as np

from audio_vae.config import TrainingConfig
from audio_vae.data.stored_audio import StoredAudio


def training_pairs(labels: np.ndarray, training: TrainingConfig, epoch: int) -> np.ndarray:
    """Return what an epoch shows, as pairs of sounds whose average is shown; the average of a sound with itself is it.

    All sounds come first, each with itself. Then comes, if the config asks for averages, each sound with others of its
    class: with the first `averages_per_sound` of the class in the order of the sounds (`first`, as the paper's code
    draws them), or with as many drawn anew (`each_epoch`). The draw depends on the seed and the epoch alone, so that a
    resumed training sees what an uninterrupted one would.

    Args:
        labels: class of each sound, int `[n_sounds]`.
        training: how averages are drawn, how many of each sound, and the seed.
        epoch: number of the epoch, from 0.

    Returns:
        int32 `[N, 2]`; N is the same in all epochs.
    """
    alone = np.arange(len(labels))
    partners = [alone]
    sounds = [alone]
    if training.averages != "none":
        # The third number keeps this draw apart from that of the order.
        draw = np.random.default_rng((training.seed, epoch, 1))
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            if training.averages == "first":
                chosen = np.tile(members[: training.averages_per_sound], (len(members), 1))
            else:
                chosen = draw.choice(members, (len(members), training.averages_per_sound))
            sounds.append(np.repeat(members, chosen.shape[1]))
            partners.append(chosen.ravel())
    return np.stack([np.concatenate(sounds), np.concatenate(partners)], axis=1).astype(np.int32)


def averages(audio: np.ndarray | StoredAudio, pairs: np.ndarray) -> np.ndarray:
    """Return the averages of pairs of sounds, int `[B, 2]` → float32 `[B, T]`; each sound is read once."""
    chosen, places = np.unique(pairs, return_inverse=True)
    first, second = places.reshape(pairs.shape).T
    rows = audio[chosen]
    return (rows[first] + rows[second]) / 2
