import numpy as np

from audio_vae.models.weights import rounded_to_float16


def test_values_are_those_of_float16_and_types_stay(rng):
    weights = [rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=5)]
    for before, after in zip(weights, rounded_to_float16(weights), strict=True):
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, after.astype(np.float16))
        np.testing.assert_allclose(after, before, rtol=2**-11, atol=2**-25)


def test_what_is_too_large_becomes_infinite():
    (rounded,) = rounded_to_float16([np.array([65504, 1e6, -1e6, 0], np.float32)])
    assert rounded.tolist() == [65504, np.inf, -np.inf, 0]


def test_the_state_of_a_seed_generator_stays():
    state = np.array([2**31 + 1, 7], np.uint32)
    (rounded,) = rounded_to_float16([state])
    assert rounded.dtype == np.uint32
    np.testing.assert_array_equal(rounded, state)
