import keras
import numpy as np

from audio_vae.layers.sampling import ReplicaSeedGenerator, Sampling


def test_sampling_as_a_keras_layer(rng, check_layer):
    # The harness's equal outputs before and after saving also show that the noise state was kept.
    check_layer(
        Sampling,
        {"seed": 3, "name": "add"},
        tuple(rng.normal(size=(2, 4, 5)).astype("float32")),
        output_shape=(4, 5),
        n_trainable=0,
        n_parameters=0,
    )


def test_sampling_has_the_posteriors_mean_and_deviation():
    mean, deviation = np.float32([-2, 0, 5]), np.float32([0.1, 1, 3])
    n = 20000
    shape = (n, 3)
    draws = Sampling(1)((np.broadcast_to(mean, shape), np.broadcast_to(2 * np.log(deviation), shape)))
    # Five standard errors of a mean and of a standard deviation over n draws.
    assert np.all(np.abs(np.mean(draws, axis=0) - mean) < 5 * deviation / np.sqrt(n))
    assert np.all(np.abs(np.std(draws, axis=0) / deviation - 1) < 5 / np.sqrt(2 * n))
    # Dimensions are drawn independently.
    assert np.abs(np.corrcoef(np.transpose(draws)) - np.eye(3)).max() < 5 / np.sqrt(n)


def test_sampling_is_mean_plus_deviation_times_noise(rng):
    mean, log_variance = rng.normal(size=(2, 6, 4)).astype("float32")
    noise = np.asarray(Sampling(2)((np.zeros_like(mean), np.zeros_like(mean))))
    expected = mean + np.exp(log_variance / 2) * noise
    np.testing.assert_allclose(Sampling(2)((mean, log_variance)), expected, rtol=1e-5)


def test_sampling_differs_by_call_and_by_seed():
    inputs = (np.zeros((4, 3), "float32"), np.zeros((4, 3), "float32"))
    layer = Sampling(0)
    first, second = np.asarray(layer(inputs)), np.asarray(layer(inputs))
    assert not np.any(first == second)
    np.testing.assert_array_equal(Sampling(0)(inputs), first)
    assert not np.any(np.asarray(Sampling(1)(inputs)) == first)


def test_sampling_goes_on_where_it_was_saved(tmp_path):
    zeros = np.zeros((4, 3), "float32")
    symbolic = (keras.Input((3,)), keras.Input((3,)))
    model = keras.Model(symbolic, Sampling(0)(symbolic))
    first = np.asarray(model((zeros, zeros)))
    model((zeros, zeros))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for _ in range(2):
        draw = np.asarray(loaded((zeros, zeros)))
        np.testing.assert_array_equal(draw, model((zeros, zeros)))
        assert not np.any(draw == first)


def test_noise_of_one_device_is_keras_own():
    ours, theirs = ReplicaSeedGenerator(7), keras.random.SeedGenerator(7)
    for _ in range(3):
        np.testing.assert_array_equal(keras.random.normal((4,), seed=ours), keras.random.normal((4,), seed=theirs))
