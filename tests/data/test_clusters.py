"""k-means over the attack, names of clusters, agreement with names."""

import warnings
from collections import Counter

import numpy as np
import pytest

from audio_vae.data.clusters import attack_features, cluster, cluster_names
from audio_vae.data.sound_set import SoundSet
from audio_vae.utils.errors import UserError

RATE_HZ = 22050


@pytest.fixture
def sounds(rng):
    """Three kinds that no one confuses: 6 low tones, 5 high tones, 4 noises."""
    t = np.arange(4096) / RATE_HZ
    tones = [np.sin(2 * np.pi * frequency_hz * rng.uniform(0.97, 1.03) * t) for frequency_hz in [100] * 6 + [4000] * 5]
    audio = np.array([*tones, *rng.normal(0, 0.3, (4, 4096))], np.float32)
    n = len(audio)
    return SoundSet(
        tuple(f"{i}.wav" for i in range(n)),
        audio,
        np.full(n, -1, np.int32),
        np.zeros(n, bool),
        (),
        np.ones(n, np.float32),
        np.full(n, 4096, np.int32),
        RATE_HZ,
    )


KINDS = ["low"] * 6 + ["high"] * 5 + ["noise"] * 4


def test_features_see_the_attack_alone_and_warn_of_nothing(sounds):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features = attack_features(sounds)
    assert features.shape == (15, 20)
    sounds.audio[:, round(0.070 * RATE_HZ) :] = 0
    np.testing.assert_array_equal(attack_features(sounds), features)


def test_finds_what_differs(sounds):
    labelled, report = cluster(sounds, 3, seed=0, kinds=KINDS, clusters_option="--clusters")
    assert labelled.class_names == ("low", "high", "noise")
    np.testing.assert_array_equal(labelled.labels, [0] * 6 + [1] * 5 + [2] * 4)
    assert labelled.labels.dtype == np.int32
    assert report == {
        "source": "k-means",
        "seed": 0,
        "adjusted_rand_index": 1.0,
        "contents": {"low": {"low": 6}, "high": {"high": 5}, "noise": {"noise": 4}},
    }


def test_same_seed_same_labels(sounds):
    first, second = (cluster(sounds, 4, seed=5, kinds=KINDS, clusters_option="--clusters")[0] for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)


def test_without_kinds_clusters_are_numbered(sounds):
    labelled, report = cluster(sounds, 3, seed=0, kinds=[None] * 15, clusters_option="--clusters")
    assert labelled.class_names == ("cluster-1", "cluster-2", "cluster-3")
    assert report["adjusted_rand_index"] is None


def test_agreement_is_over_the_sounds_whose_kind_is_told(sounds):
    kinds = ["low", None, None, "high", None, None] + ["high", None, None, None, None] + [None] * 4
    labelled, report = cluster(sounds, 3, seed=0, kinds=kinds, clusters_option="--clusters")
    # Clusters 0, 0, 1 against low, high, high: one pair together in each, none in both.
    assert report["adjusted_rand_index"] == pytest.approx(-0.5)
    # In the first cluster high and low draw.
    assert labelled.class_names == ("high", "high-2", "cluster-3")


def test_fewer_sounds_than_clusters(sounds):
    with pytest.raises(UserError, match=r"2 sounds .* fewer than 3 clusters: use a smaller --clusters or add sounds"):
        cluster(sounds.take(np.array([0, 7])), 3, seed=0, kinds=["low", "high"], clusters_option="--clusters")


def test_copies_count_once(sounds):
    with pytest.raises(UserError, match=r"2 sounds with different attacks are fewer than 3 clusters"):
        cluster(sounds.take(np.array([0, 0, 7, 7, 7])), 3, seed=0, kinds=["low"] * 5, clusters_option="--clusters")


@pytest.mark.parametrize(
    ("contents", "names"),
    [
        ([{"kick": 5}, {"tom": 4, "kick": 1}], ("kick", "tom")),
        ([{"tom": 5}, {"kick": 4}, {"tom": 3}, {"tom": 2}], ("tom", "kick", "tom-2", "tom-3")),
        ([{}, {"kick": 4}, {}], ("cluster-1", "kick", "cluster-3")),
        ([{"tom": 3, "kick": 3}], ("kick",)),
        ([{"tom": 3}, {"tom": 2}, {"tom-2": 1}], ("tom", "tom-3", "tom-2")),
        ([{"cluster-2": 3}, {}], ("cluster-2", "cluster-2-2")),
    ],
    ids=["majority", "several of one kind", "unknown", "draw", "a kind called tom-2", "a kind called cluster-2"],
)
def test_names(contents, names):
    assert cluster_names([Counter(each) for each in contents]) == names
