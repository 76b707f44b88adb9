import os

# Both are read when TensorFlow and Matplotlib are imported, so they come before any import of either.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MPLBACKEND"] = "Agg"

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from audio_vae.config import ModelConfig

TINY = {
    "n_samples": 64,
    "latent_dim": 3,
    "n_classes": 3,
    "classifier_units": (4,),
    "depth": 4,
    "long_cycle": 3,
    "short_cycle": 2,
    "block_filters": 4,
    "stem_filters": 4,
    "stem_kernel": 8,
    "cc_filters": (4, 4, 6, 6, 8),
}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def tiny_dc():
    return ModelConfig(architecture="dc", **TINY)


@pytest.fixture
def tiny_cc():
    return ModelConfig(architecture="cc", **TINY)


@pytest.fixture(scope="session")
def shared_data():
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not at {folder}")
    return folder


@pytest.fixture
def run(capfd):
    """Run the command line and return its exit code, stdout and stderr."""
    from audio_vae import cli

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            cli.main([str(each) for each in arguments])
        out, err = capfd.readouterr()
        return done.value.code, out, err

    return call


@pytest.fixture
def check_layer(tmp_path):
    """Shape, dtype, weight count, `get_config` and `.keras` round trips, after Keras' run_layer_test."""

    def check(layer_class, arguments, inputs, *, output_shape, n_trainable, n_parameters):
        layer = layer_class(**arguments)
        output = layer(inputs)
        assert tuple(output.shape) == output_shape
        assert keras.backend.standardize_dtype(output.dtype) == layer.compute_dtype
        assert len(layer.trainable_weights) == n_trainable
        assert layer.count_params() == n_parameters

        input_shape = keras.tree.map_structure(lambda each: (None, *each.shape[1:]), inputs)
        assert layer.compute_output_shape(input_shape) == (None, *output_shape[1:])
        symbolic = keras.tree.map_structure(lambda each: keras.Input(each.shape[1:], dtype=each.dtype), inputs)
        model = keras.Model(symbolic, layer(symbolic))
        assert model.output_shape == (None, *output_shape[1:])

        config = layer.get_config()
        rebuilt = layer_class.from_config(json.loads(json.dumps(config)))
        assert rebuilt.get_config() == config
        rebuilt(inputs)
        assert [each.shape for each in rebuilt.weights] == [each.shape for each in layer.weights]

        path = tmp_path / "layer.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
        assert isinstance(loaded.get_layer(layer.name), layer_class)
        for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(after, before)
        np.testing.assert_array_equal(loaded(inputs), model(inputs))
        return layer

    return check
