"""The order of the sounds in an epoch, and batches in that order."""

import numpy as np
import pytest

from audio_vae.data.batches import epoch_order, steps_per_epoch, training_batches
from audio_vae.data.sound_set import SoundSet


@pytest.fixture
def sounds(rng):
    return SoundSet(
        names=tuple("abcde"),
        audio=rng.normal(size=(5, 32)).astype(np.float32),
        labels=np.array([0, 1, 0, 1, 1], np.int32),
        is_test=np.zeros(5, bool),
        class_names=("x", "y"),
        peaks=np.ones(5, np.float32),
        lengths=np.full(5, 32, np.int32),
        rate_hz=8000,
    )


class TestEpochs:
    @pytest.mark.parametrize("n_sounds", [0, 1, 7, 400])
    def test_order_is_a_permutation(self, n_sounds):
        np.testing.assert_array_equal(np.sort(epoch_order(n_sounds, 3, 5)), np.arange(n_sounds))

    def test_order_depends_on_seed_and_epoch_alone(self):
        order = epoch_order(50, 1, 2)
        np.testing.assert_array_equal(order, epoch_order(50, 1, 2))
        assert (order != epoch_order(50, 1, 3)).any()
        assert (order != epoch_order(50, 2, 2)).any()

    @pytest.mark.parametrize(("n_sounds", "batch_size", "steps"), [(8, 4, 2), (9, 4, 3), (1, 4, 1), (0, 4, 0)])
    def test_steps(self, n_sounds, batch_size, steps):
        assert steps_per_epoch(n_sounds, batch_size) == steps

    @pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8])
    def test_batches_drop_nothing_and_follow_the_order(self, sounds, batch_size):
        batches = list(training_batches(sounds, batch_size, seed=4, epochs=range(2, 5)))
        steps = steps_per_epoch(5, batch_size)
        assert len(batches) == 3 * steps
        for number, epoch in enumerate(range(2, 5)):
            mine = batches[number * steps : (number + 1) * steps]
            order = epoch_order(5, 4, epoch)
            np.testing.assert_array_equal(np.concatenate([audio for audio, _ in mine]), sounds.audio[order])
            np.testing.assert_array_equal(np.concatenate([labels for _, labels in mine]), sounds.labels[order])
