"""Networks applied to arrays in batches of one size."""

import keras
import numpy as np
import pytest

from audio_vae.backend.prediction import BATCH_SIZE, predict


class Remembering(keras.layers.Layer):
    """Doubles its input and remembers the batch sizes that it was compiled for."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def call(self, inputs):
        self.sizes.append(inputs.shape[0])
        return 2 * inputs


@pytest.fixture
def layer():
    return Remembering()


@pytest.fixture
def network(layer):
    inputs = keras.Input((3,))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 40])
def test_each_row_is_computed(network, rng, n):
    values = rng.normal(size=(n, 3)).astype(np.float32)
    np.testing.assert_array_equal(predict(network, values), 2 * values)


def test_several_outputs(rng):
    inputs = keras.Input((3,))
    values = rng.normal(size=(5, 3)).astype(np.float32)
    first, second = predict(keras.Model(inputs, [2 * inputs, -inputs]), values)
    np.testing.assert_array_equal(first, 2 * values)
    np.testing.assert_array_equal(second, -values)


def test_network_is_compiled_for_one_size(network, layer):
    layer.sizes.clear()
    for n in (2, 13, 16, 5, 33, 40):
        predict(network, np.ones((n, 3), np.float32))
    assert layer.sizes == [BATCH_SIZE]
