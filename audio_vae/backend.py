"""Which Keras backend the models run on."""

from __future__ import annotations

import importlib.util
import os


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
