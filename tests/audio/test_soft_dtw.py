import os
import subprocess
import sys

import numpy as np
import pytest
import tslearn.metrics
from keras import ops

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.soft_dtw import soft_dtw

SHAPES = [(5, 7), (7, 5), (6, 6), (1, 4), (4, 1), (1, 1)]


def pairs(rng, n, m):
    return rng.standard_normal((2, n, 3)), rng.standard_normal((2, m, 3))


@pytest.mark.parametrize(("n", "m"), SHAPES)
@pytest.mark.parametrize("gamma", [1e-3, 0.1, 2.0])
def test_against_tslearn(rng, n, m, gamma):
    first, second = pairs(rng, n, m)
    expected = [tslearn.metrics.soft_dtw(a, b, gamma=gamma) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(soft_dtw(first, second, gamma), expected, rtol=1e-5, atol=1e-5)


def test_small_gamma_is_the_squared_dtw_distance(rng):
    first, second = pairs(rng, 9, 8)
    expected = np.diagonal(dtw_matrix(list(first), list(second))) ** 2
    np.testing.assert_allclose(soft_dtw(first, second, 1e-4), expected, rtol=1e-3)


@pytest.mark.parametrize(("n", "m"), SHAPES)
def test_gradient_against_tslearn(rng, n, m):
    tf = pytest.importorskip("tensorflow")
    first, second = pairs(rng, n, m)
    variable = tf.Variable(first)
    with tf.GradientTape() as tape:
        total = ops.sum(soft_dtw(variable, second, 0.5))
    gradient = tape.gradient(total, variable)
    for got, a, b in zip(gradient, first, second, strict=True):
        distances = tslearn.metrics.SquaredEuclidean(a, b)
        warping = tslearn.metrics.SoftDTW(distances, gamma=0.5)
        warping.compute()
        np.testing.assert_allclose(got, distances.jacobian_product(warping.grad()), rtol=1e-4, atol=1e-6)


def test_moving_down_the_gradient_moves_together(rng):
    tf = pytest.importorskip("tensorflow")
    first, second = pairs(rng, 6, 9)
    variable = tf.Variable(first)
    values = []
    for _ in range(30):
        with tf.GradientTape() as tape:
            total = ops.sum(soft_dtw(variable, second, 0.1))
        values.append(float(total))
        variable.assign_sub(0.05 * tape.gradient(total, variable))
    assert values[-1] < 0.5 * values[0]


@pytest.mark.parametrize("gamma", [0, -1.0, float("nan")])
def test_gamma_is_positive(gamma):
    with pytest.raises(ValueError, match="positive gamma, received: gamma="):
        soft_dtw(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), gamma)


def test_compiled_gradient_is_finite_on_jax():
    """XLA computes what it needs twice in two ways; cells that no path reaches must not make that infinite."""
    pytest.importorskip("jax")
    code = (
        "import jax, numpy as np; from audio_vae.audio.soft_dtw import soft_dtw;"
        "a, b = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype('float32');"
        "gradient = jax.jit(jax.grad(lambda x: soft_dtw(x, b, 0.1).sum()))(a);"
        "assert np.isfinite(gradient).all()"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
