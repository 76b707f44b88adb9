"""Averages of two sounds of a class: which pairs, how many, and what they depend on."""

import numpy as np
import pytest

from audio_vae.config import TrainingConfig
from audio_vae.data.averages import training_pairs

LABELS = np.array([1, 0, 1, 1, 0, 1], np.int32)


def pairs(epoch=0, **training):
    return training_pairs(LABELS, TrainingConfig(**training), epoch)


def test_without_averages_each_sound_is_shown_alone():
    np.testing.assert_array_equal(pairs(), np.stack([range(6), range(6)], axis=1))


@pytest.mark.parametrize("n", [1, 3, 20])
def test_first_is_the_draw_of_the_papers_code(n):
    expected = [(i, i) for i in range(6)]
    for label in (0, 1):
        members = [i for i in range(6) if LABELS[i] == label]
        # Its loop: each sound with the first ones of its class, itself among them.
        expected += [(i, j) for i in members for j in members[:n]]
    found = pairs(averages="first", averages_per_sound=n)
    assert found.dtype == np.int32
    assert sorted(map(tuple, found)) == sorted(expected)
    np.testing.assert_array_equal(found, pairs(epoch=7, averages="first", averages_per_sound=n))


def test_the_code_shows_10500_sounds_an_epoch():
    labels = np.repeat(np.arange(10), 50)
    assert len(training_pairs(labels, TrainingConfig(averages="first"), 0)) == 500 + 10_000


def test_drawn_anew_each_epoch_from_seed_and_epoch_alone():
    settings = {"averages": "each_epoch", "averages_per_sound": 4}
    first = pairs(2, **settings, seed=3)
    assert len(first) == 6 + 6 * 4
    np.testing.assert_array_equal(first, pairs(2, **settings, seed=3))
    assert (first != pairs(3, **settings, seed=3)).any()
    assert (first != pairs(2, **settings, seed=4)).any()
    np.testing.assert_array_equal(LABELS[first[:, 0]], LABELS[first[:, 1]])
    np.testing.assert_array_equal(np.bincount(first[:, 0]), np.full(6, 5))
