import numpy as np
import pytest
from sklearn.metrics import log_loss

from audio_vae import losses

REDUCE = {"sum": np.sum, "mean": np.mean}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("shape", [(5, 16), (5, 16, 1)])
def test_squared_error_equals_numpy(rng, reduction, shape):
    audio, reconstruction = rng.normal(size=(2, *shape)).astype("float32")
    expected = [REDUCE[reduction]((x - y) ** 2) for x, y in zip(audio, reconstruction, strict=True)]
    np.testing.assert_allclose(losses.squared_error(audio, reconstruction, reduction), expected, rtol=1e-5)


def test_squared_error_of_equal_sounds_is_zero(rng):
    audio = rng.normal(size=(3, 16)).astype("float32")
    np.testing.assert_array_equal(losses.squared_error(audio, audio), np.zeros(3))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_kl_divergence_equals_numpy(rng, reduction):
    mean, log_variance = rng.normal(size=(2, 6, 4)).astype("float32")
    terms = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
    expected = REDUCE[reduction](terms, axis=1)
    np.testing.assert_allclose(losses.kl_divergence(mean, log_variance, reduction), expected, rtol=1e-5)


def test_kl_divergence_equals_its_integral():
    # Independent of the closed form: the integral of q·log(q/p) on a fine grid.
    mean, variance = 0.7, 0.3
    z = np.linspace(-8, 8, 20001)
    log_q = -0.5 * ((z - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    log_p = -0.5 * (z**2 + np.log(2 * np.pi))
    expected = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])
    result = losses.kl_divergence(np.float32([[mean]]), np.float32([[np.log(variance)]]))
    np.testing.assert_allclose(result, [expected], rtol=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_kl_divergence_is_zero_at_the_prior(reduction):
    np.testing.assert_array_equal(losses.kl_divergence(np.zeros((2, 3)), np.zeros((2, 3)), reduction), [0, 0])


def test_kl_divergence_is_never_negative(rng):
    # The smallest scales are where rounding could take it below 0.
    scale = np.logspace(-6, 1, 800)[:, None]
    mean, log_variance = (rng.normal(size=(2, 800, 4)) * scale).astype("float32")
    assert np.min(losses.kl_divergence(mean, log_variance)) >= 0


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_cross_entropy_equals_sklearn(rng, dtype):
    logits = rng.normal(size=(8, 4)).astype("float32")
    labels = rng.integers(4, size=8).astype(dtype)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    result = np.asarray(losses.cross_entropy(labels, logits))
    assert result.shape == (8,)
    np.testing.assert_allclose(result, -np.log(probability[np.arange(8), labels]), rtol=1e-5)
    np.testing.assert_allclose(result.mean(), log_loss(labels, probability, labels=range(4)), rtol=1e-5)


def test_cross_entropy_of_extreme_logits_is_finite():
    result = losses.cross_entropy(np.array([0, 1]), np.float32([[1000, 0], [1000, 0]]))
    np.testing.assert_allclose(result, [0, 1000])
