"""The order of the sounds in an epoch, and batches in that order."""

import dataclasses

import numpy as np
import pytest
from stored_sounds import stored

from audio_vae.config import TrainingConfig
from audio_vae.data.batches import epoch_order, ordered_pairs, sounds_to_train_on, steps_per_epoch, training_batches
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
        batches = list(training_batches(sounds, TrainingConfig(batch_size=batch_size, seed=4), range(2, 5)))
        steps = steps_per_epoch(5, batch_size)
        assert len(batches) == 3 * steps
        for number, epoch in enumerate(range(2, 5)):
            mine = batches[number * steps : (number + 1) * steps]
            order = epoch_order(5, 4, epoch)
            np.testing.assert_array_equal(np.concatenate([audio for audio, _ in mine]), sounds.audio[order])
            np.testing.assert_array_equal(np.concatenate([labels for _, labels in mine]), sounds.labels[order])

    @pytest.mark.parametrize("backend", ["tensorflow", "jax"])
    @pytest.mark.parametrize("first_step", [0, 2])
    def test_averages_are_shown_in_their_order(self, sounds, monkeypatch, backend, first_step):
        monkeypatch.setattr("audio_vae.data.batches.on_tensorflow", lambda: backend == "tensorflow")
        training = TrainingConfig(batch_size=4, seed=4, averages="first", averages_per_sound=2)
        batches = list(training_batches(sounds, training, range(3, 5), first_step=first_step))
        expected = [ordered_pairs(sounds.labels, training, epoch) for epoch in (3, 4)]
        pairs = np.concatenate(expected)[4 * first_step :]
        audio = np.concatenate([np.asarray(audio) for audio, _ in batches])
        np.testing.assert_array_equal(audio, (sounds.audio[pairs[:, 0]] + sounds.audio[pairs[:, 1]]) / 2)
        np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), sounds.labels[pairs[:, 0]])
        assert len(expected[0]) == 5 + 5 * 2

    def test_replicas_share_the_averages_of_a_batch(self, sounds):
        training = TrainingConfig(batch_size=5, averages="each_epoch", averages_per_sound=1)
        shares = list(training_batches(sounds, training, range(1), n_replicas=2, replicas=range(2)))
        (whole, _), *_ = training_batches(sounds, training, range(1))
        assert [len(audio) for audio, *_ in shares] == [3, 3, 3, 3]
        counted = [audio[weights == 1] for audio, _, weights, _ in shares[:2]]
        np.testing.assert_array_equal(np.concatenate(counted), whole)

    @pytest.mark.parametrize("backend", ["tensorflow", "jax"])
    @pytest.mark.parametrize("averages", ["none", "each_epoch"])
    def test_stored_sounds_make_the_same_batches(self, sounds, tmp_path, monkeypatch, backend, averages):
        monkeypatch.setattr("audio_vae.data.batches.on_tensorflow", lambda: backend == "tensorflow")
        training = TrainingConfig(batch_size=2, seed=4, averages=averages, averages_per_sound=2)
        on_disk = stored(sounds, tmp_path / "sounds", n_in_shard=2)
        in_turn = (list(training_batches(each, training, range(3, 6), first_step=1)) for each in (on_disk, sounds))
        n_batches = 0
        for (audio, labels), (expected_audio, expected_labels) in zip(*in_turn, strict=True):
            np.testing.assert_array_equal(audio, expected_audio)
            np.testing.assert_array_equal(labels, expected_labels)
            n_batches += 1
        assert n_batches == 3 * (3 if averages == "none" else 8) - 1

    def test_replicas_share_batches_of_stored_sounds(self, sounds, tmp_path):
        on_disk = stored(sounds, tmp_path / "sounds")
        training = TrainingConfig(batch_size=3)
        for replicas in (range(1), range(1, 3)):
            ours, theirs = (
                list(training_batches(each, training, range(2), n_replicas=3, replicas=replicas))
                for each in (on_disk, sounds)
            )
            assert len(ours) == len(theirs) == 2 * 2 * len(replicas)
            for one, other in zip(ours, theirs, strict=True):
                for mine, expected in zip(one, other, strict=True):
                    np.testing.assert_array_equal(mine, expected)

    def test_an_order_that_is_drawn_once_stays(self, sounds):
        once, anew = (TrainingConfig(shuffle=shuffle) for shuffle in ("once", "each_epoch"))
        np.testing.assert_array_equal(ordered_pairs(np.zeros(50), once, 3), ordered_pairs(np.zeros(50), once, 0))
        np.testing.assert_array_equal(ordered_pairs(np.zeros(50), anew, 0), ordered_pairs(np.zeros(50), once, 0))
        assert (ordered_pairs(np.zeros(50), anew, 3) != ordered_pairs(np.zeros(50), anew, 0)).any()

    def test_test_sounds_are_trained_on_only_where_that_is_asked_for(self, sounds):
        split = dataclasses.replace(sounds, is_test=np.arange(5) == 2)
        assert sounds_to_train_on(split, TrainingConfig()).names == tuple("abde")
        assert sounds_to_train_on(split, TrainingConfig(sounds="all")).names == tuple("abcde")
