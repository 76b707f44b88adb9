"""Which Keras backend the models run on, and what only one of them needs."""

from __future__ import annotations

import importlib.util
import os
from contextlib import suppress


def choose_backend() -> None:
    """Let Keras run on JAX where TensorFlow, its default, is not installed; imports neither.

    KERAS_BACKEND, where it is set, is left alone.
    """
    if not importlib.util.find_spec("tensorflow") and importlib.util.find_spec("jax"):
        os.environ.setdefault("KERAS_BACKEND", "jax")


def on_tensorflow() -> bool:
    """Return whether Keras runs on TensorFlow."""
    import keras

    return keras.backend.backend() == "tensorflow"


def add_bias(rows, bias):
    """Add a bias `[F]` to `[N, F]`.

    On TensorFlow by the one operation that its CPU kernels fuse with the matrix product before and the
    activation behind it.
    """
    if not on_tensorflow():
        return rows + bias
    import tensorflow as tf

    return tf.nn.bias_add(rows, bias)


def run_operations_side_by_side() -> None:
    """Let TensorFlow run an operation on one core, and as many operations at once as there are cores.

    Its threads are set for the whole process before it computes anything; later this changes nothing.
    """
    if not on_tensorflow():
        return
    import tensorflow as tf

    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
