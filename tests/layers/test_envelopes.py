import keras
import numpy as np
import pytest

from audio_vae.layers.envelopes import Envelopes, linear_weights


@pytest.mark.parametrize(("n_frames", "n_values"), [(1, 1), (2, 2), (5, 4), (8, 4), (9, 5), (512, 10)])
def test_envelopes_are_lines_over_the_logarithm_of_time(rng, n_frames, n_values):
    layer = Envelopes(n_frames, name="envelopes")
    assert layer.n_values(n_frames) == n_values
    values = rng.normal(size=(2, n_values, 3)).astype(np.float32)
    out = keras.ops.convert_to_numpy(layer(values))
    assert out.shape == (2, n_frames, 3) == layer.compute_output_shape(values.shape)
    places, of_values = np.log2(1 + np.arange(n_frames)), np.arange(n_values)
    expected = [[np.interp(places, of_values, values[sound, :, which]) for which in range(3)] for sound in range(2)]
    np.testing.assert_allclose(out, np.swapaxes(expected, 1, 2), atol=1e-5)
    assert Envelopes.from_config(layer.get_config()).n_frames == n_frames


def test_no_frames():
    with pytest.raises(ValueError, match="1 frame or more"):
        Envelopes(n_frames=0)


def test_contract(check_layer, rng):
    inputs = rng.normal(size=(2, 4, 3)).astype("float32")
    check_layer(Envelopes, {"n_frames": 8}, inputs, output_shape=(2, 8, 3), n_trainable=0, n_parameters=0)


def test_linear_weights_interpolate():
    values, positions = np.array([5.0, 7, 1]), np.array([0, 0.25, 1.5, 2])
    np.testing.assert_allclose(linear_weights(positions, 3) @ values, np.interp(positions, np.arange(3), values))
