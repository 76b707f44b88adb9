import keras
import numpy as np
import pytest
import tensorflow as tf

from audio_vae.backend.replicas import loss_weights, shards, update_mean


@pytest.mark.parametrize("n_sounds", [1, 2, 5, 6])
@pytest.mark.parametrize("n_replicas", [2, 3, 4])
def test_shards_are_even_and_count_each_sound_once(n_sounds, n_replicas):
    index = np.arange(10, 10 + n_sounds)
    elements = list(shards(tf.constant(index), n_replicas, range(n_replicas)).as_numpy_iterator())
    assert len(elements) == n_replicas
    sounds, counted, n_of_batch = (np.array(each) for each in zip(*elements, strict=True))
    assert sounds.shape == counted.shape == (n_replicas, -(-n_sounds // n_replicas))
    np.testing.assert_array_equal(sounds[counted == 1], index)
    assert set(sounds[counted == 0]) <= {10}
    np.testing.assert_array_equal(n_of_batch, [n_sounds] * n_replicas)


def test_several_numbers_of_a_sound_stay_together():
    pairs = tf.constant([[1, 2], [3, 4], [5, 6]])
    (first, counted, _), (second, filled, _) = shards(pairs, 2, range(2)).as_numpy_iterator()
    np.testing.assert_array_equal([*first, *second], [[1, 2], [3, 4], [5, 6], [1, 2]])
    np.testing.assert_array_equal([*counted, *filled], [1, 1, 1, 0])


def test_a_worker_gets_its_own_replicas_shards():
    index = tf.range(7)
    every = list(shards(index, 4, range(4)).as_numpy_iterator())
    own = list(shards(index, 4, range(2, 4)).as_numpy_iterator())
    for one, other in zip(own, every[2:], strict=True):
        for value, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("n_sounds", [1, 2, 5, 6])
def test_means_over_shards_add_up_to_the_batchs(rng, n_sounds):
    losses = rng.normal(size=n_sounds).astype(np.float32)
    total, mean = 0.0, keras.metrics.Mean()
    for index, counted, n_of_batch in shards(tf.range(n_sounds), 4, range(4)):
        values = tf.gather(losses, index)
        total += np.mean(values * loss_weights(counted, n_of_batch))
        # In one process, the default strategy has one replica.
        update_mean(mean, values, counted, n_of_batch / 4)
    np.testing.assert_allclose(total, losses.mean(), rtol=1e-5)
    np.testing.assert_allclose(mean.result(), losses.mean(), rtol=1e-5)


def test_one_replicas_shard_is_the_batch_bit_for_bit(rng):
    values = rng.normal(size=5).astype(np.float32)
    ((index, counted, n_of_batch),) = shards(tf.range(5), 1, range(1))
    np.testing.assert_array_equal(index, np.arange(5))
    np.testing.assert_array_equal(loss_weights(counted, n_of_batch), np.ones(5))
    plain, sharded = keras.metrics.Mean(), keras.metrics.Mean()
    plain.update_state(values)
    update_mean(sharded, values, counted, n_of_batch)
    for one, other in zip(plain.variables, sharded.variables, strict=True):
        assert float(one) == float(other)
