"""Where sounds lie, and draws from there."""

import numpy as np
import pytest

from audio_vae.sampling.spread import (
    Spread,
    farthest_first,
    less_class_means,
    scales_within_classes,
    spread_of,
    spread_within_classes,
)


def test_draws_have_the_mean_and_the_covariance(rng):
    covariance = np.array([[4.0, 1.0], [1.0, 0.5]])
    drawn = Spread(np.array([1.0, -2.0]), covariance).draw(20_000, rng)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(axis=0), [1, -2], atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.1)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 2.0])
def test_temperature_scales_the_standard_deviation(temperature):
    spread = Spread(np.array([1.0, -2.0]), np.eye(2))
    cold, hot = (spread.draw(5, np.random.default_rng(1), each) for each in (1.0, temperature))
    np.testing.assert_allclose(hot - spread.mean, temperature * (cold - spread.mean), atol=1e-6)


def test_few_sounds_are_shrunk_and_many_are_not(rng):
    wide = rng.normal(size=(5000, 3)) * [3, 1, 1]
    np.testing.assert_allclose(np.sqrt(np.diagonal(spread_of(wide, np.ones(3)).covariance)), [3, 1, 1], rtol=0.05)
    few = spread_of(wide[:3], np.ones(3))
    assert np.linalg.eigvalsh(few.covariance).min() > 0
    np.testing.assert_allclose(few.mean, wide[:3].mean(axis=0))


def test_few_sounds_stay_close_together_where_all_do(rng):
    """Where all sounds lie within 0.01, a class of three must not be given the spread of the other dimensions."""
    scales = np.array([3, 1, 0.01])
    wide = rng.normal(size=(5000, 3)) * scales
    np.testing.assert_allclose(scales_within_classes(wide, np.zeros(5000)), scales, rtol=0.05)
    deviations = [np.sqrt(spread_of(wide[i : i + 3], scales).covariance[2, 2]) for i in range(0, 300, 3)]
    assert 0.003 < np.mean(deviations) < 0.02


def test_a_dimension_without_any_spread_is_not_divided_by_zero(rng):
    latents = np.c_[rng.normal(size=10), np.full(10, 2.0)]
    spread = spread_of(latents, scales_within_classes(latents, np.zeros(10)))
    assert np.isfinite(spread.covariance).all()
    assert spread.covariance[1, 1] < 1e-9


def test_classes_that_lie_apart_do_not_count_as_spread(rng):
    labels = np.repeat([0, 1], 500)
    latents = rng.normal(size=(1000, 2)) + 100 * labels[:, None]
    spread = spread_within_classes(latents, labels)
    np.testing.assert_allclose(spread.covariance, np.eye(2), atol=0.15)
    assert not spread.mean.any()


def test_less_class_means_by_hand():
    np.testing.assert_array_equal(less_class_means(np.array([1, 3, 10]), np.array([0, 0, 1])), [-1, 1, 0])


def test_farthest_first_by_hand():
    places = np.array([0.0, 1.0, 10.0, 4.0])
    assert farthest_first(np.abs(places[:, None] - places), 0) == [0, 2, 3, 1]
    assert farthest_first(np.zeros((3, 3)), 1) == [1, 0, 2]
