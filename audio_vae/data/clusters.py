"""Classes found by k-means over the attacks of the sounds, and named after what the names of their sounds tell.

The paper labels its drums so: k-means with k = 5 over 20 MFCCs in windows of 10 ms, averaged over the first 70 ms of
each sound (Lionello and Purwins 2020, Section 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audio_vae.audio.features import mfcc
from audio_vae.data.sound_set import SoundSet
from audio_vae.utils.errors import UserError

ATTACK_S = 0.070
"""What counts as the attack of a sound: its first 70 ms."""

WINDOW_S = 0.010
"""Window and hop length of its MFCCs."""

N_MFCC = 20

# A window of 10 ms at 22.05 kHz has bins of 100 Hz. They fill at most 68 mel bands before the narrow low bands stay
# empty. Near that limit the bands tell a kick from a tom; 40 bands do not. Measured on 154 named one-shots with seeds
# 0 to 9, agreement with the names as adjusted Rand index (lowest and highest): 0.28 and 0.29 with 40 bands, and never
# a cluster that is mostly toms; 0.34 and 0.42 with 64 bands, and always one. The number was chosen on these sounds, so
# other sounds may agree less.
N_MELS = 64
"""Number of mel bands of the MFCCs."""

# With more starts than scikit-learn's 10 the result depends less on the seed. A start takes milliseconds.
_N_STARTS = 50


def attack_features(sounds: SoundSet) -> np.ndarray:
    """Return the MFCCs of each sound's attack, averaged over time: float64 `[N, 20]`.

    The windows are centred on 0, 10, …, 70 ms. The first half of the first window is silence before the sound.
    """
    return np.stack([attack_feature(sound, sounds.rate_hz) for sound in sounds.audio])


def attack_feature(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the row of `attack_features` of one sound `[T]`: float64 `[20]`."""
    attack = audio[: round(ATTACK_S * rate_hz)]
    return mfcc(attack, rate_hz, n_mfcc=N_MFCC, n_mels=N_MELS, window_s=WINDOW_S, hop_s=WINDOW_S).mean(axis=0)


def cluster(
    sounds: SoundSet, n_clusters: int, seed: int, kinds: Sequence[str | None], clusters_option: str
) -> tuple[SoundSet, dict[str, Any]]:
    """Label sounds by k-means over `attack_features`. The largest cluster is the first class.

    Args:
        sounds: `N` sounds; their labels are replaced.
        n_clusters: number of clusters.
        seed: seed of k-means.
        kinds: `[N]`, the kind that the name of each sound tells, `None` where it tells none.
        clusters_option: how users set the number of clusters, for the error.

    Returns:
        The sounds with the clusters as classes, and the report of `find_clusters`.

    Raises:
        UserError: there are fewer sounds with different attacks than clusters.
    """
    labels, names, report = find_clusters(attack_features(sounds), n_clusters, seed, kinds, clusters_option)
    return replace(sounds, labels=labels, class_names=names), report


def find_clusters(
    features: np.ndarray, n_clusters: int, seed: int, kinds: Sequence[str | None], clusters_option: str
) -> tuple[np.ndarray, tuple[str, ...], dict[str, Any]]:
    """Label rows of features by k-means, as `cluster` does.

    Args:
        features: `[N, n_features]`.
        n_clusters: number of clusters.
        seed: seed of k-means.
        kinds: `[N]`, as for `cluster`.
        clusters_option: as for `cluster`.

    Returns:
        The labels, int32 `[N]`; the names of the clusters; and a report of JSON values: `source`, `seed`,
        `adjusted_rand_index` (agreement of clusters and kinds over the sounds of known kind; `None` for fewer than two
        kinds) and `contents` (cluster → kind → number of sounds).

    Raises:
        UserError: there are fewer different rows than clusters.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    n_different = len(np.unique(features.round(6), axis=0))
    if n_different < n_clusters:
        raise UserError(
            f"{n_different} sounds with different attacks are fewer than {n_clusters} clusters: "
            f"use a smaller {clusters_option} or add sounds"
        )
    found = KMeans(n_clusters, n_init=_N_STARTS, random_state=seed).fit_predict(features)
    # k-means numbers clusters at random. Here they go by size, and those of one size by their first sound.
    members = [np.flatnonzero(found == number) for number in range(n_clusters)]
    members.sort(key=lambda each: (-len(each), each[0]))
    labels = np.zeros(len(features), np.int32)
    for label, each in enumerate(members):
        labels[each] = label
    contents = [Counter(kinds[i] for i in each if kinds[i] is not None) for each in members]
    names = cluster_names(contents)
    told = np.array([kind is not None for kind in kinds])
    told_kinds = [kind for kind in kinds if kind is not None]
    has_kinds = len(set(told_kinds)) >= 2
    report = {
        "source": "k-means",
        "seed": seed,
        "adjusted_rand_index": float(adjusted_rand_score(told_kinds, labels[told])) if has_kinds else None,
        "contents": {name: dict(sorted(count.items())) for name, count in zip(names, contents, strict=True)},
    }
    return labels, names, report


def cluster_names(contents: Sequence[Counter[str]]) -> tuple[str, ...]:
    """Return the names of clusters: each is named after the kind of most of its sounds.

    Of several clusters of one kind the first has the bare name and the others are numbered: tom, tom-2. A cluster of
    unknown kind is named by its own number: cluster-3.

    Args:
        contents: kind → number of sounds, of each cluster, the largest cluster first.
    """
    # Of kinds with the same count the first in the alphabet is taken, so that names are reproducible.
    kinds = [min(each, key=lambda kind: (-each[kind], kind)) if each else None for each in contents]
    # A folder may be called tom-2.
    taken = {kind for kind in kinds if kind is not None}
    names = []
    for number, kind in enumerate(kinds, start=1):
        name = f"cluster-{number}" if kind is None else kind
        if name in names or (kind is None and name in taken):
            name = next(f"{name}-{n}" for n in range(2, len(kinds) + 2 + len(taken)) if f"{name}-{n}" not in taken)
        taken.add(name)
        names.append(name)
    return tuple(names)
