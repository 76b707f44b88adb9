import os
from pathlib import Path

# Both are read when TensorFlow and Matplotlib are imported, so they come before any import of either.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MPLBACKEND"] = "Agg"
# Programs that tests start find this checkout, installed or not, wherever they run.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
)

import gc
import json

# The process that hands out tests to others reads this file as well, and needs no Keras.
import numpy as np
import pytest
import soundfile

from audio_vae.config import AudioConfig, Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.model_config import ModelConfig, PlainConfig


def pytest_collection():
    gc.disable()


def pytest_collection_finish():
    # What libraries and test modules hold stays to the end; the garbage collector need not search it again and again.
    gc.freeze()
    gc.enable()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def tiny_dc():
    from tiny_models import TINY

    return ModelConfig(architecture="dc", **TINY)


@pytest.fixture
def tiny_cc():
    from tiny_models import TINY

    return ModelConfig(architecture="cc", **TINY)


@pytest.fixture
def tiny_oneshot():
    from tiny_models import TINY

    return ModelConfig(architecture="oneshot", **TINY)


@pytest.fixture(scope="session")
def shared_data():
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not at {folder}")
    return folder


@pytest.fixture
def run(capfd):
    """Run the command line and return its exit code, stdout and stderr."""
    from audio_vae.cli import main as cli

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            cli.main([str(each) for each in arguments])
        out, err = capfd.readouterr()
        return done.value.code, out, err

    return call


def tone_sounds():
    """Sounds 0–3 are of class "low", 4–7 of "it's high"; the last of each is a test sound. Even ones are ann's."""
    n_samples, rate_hz = 512, 8000
    lengths = np.array([200, 240, 280, 512, 400, 420, 512, 100], np.int32)
    audio = np.zeros((8, n_samples), np.float32)
    for row, length in enumerate(lengths):
        time_s = np.arange(length) / rate_hz
        frequency_hz = (200 if row < 4 else 1100) * (1 + 0.05 * row)
        audio[row, :length] = np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-40 * time_s)
        audio[row] /= np.abs(audio[row]).max()
    return SoundSet(
        names=tuple(f"take{row}.wav" for row in range(8)),
        audio=audio,
        labels=np.repeat([0, 1], 4).astype(np.int32),
        is_test=np.arange(8) % 4 == 3,
        class_names=("low", "it's high", "empty"),
        peaks=np.array([0.1, 0.2, 0.4, 0.9, 0.8, 0.6, 0.7, 0.05], np.float32),
        lengths=lengths,
        rate_hz=rate_hz,
        groups=("ann", "bob") * 4,
    )


@pytest.fixture(scope="session")
def make_tone_run():
    """Write a run folder with an untrained tiny model and `tone_sounds`."""
    from audio_vae.models.vae import build_vae
    from audio_vae.runs.create import create_run

    def make(path, change_decoder=None, n_classes=3, onset_db=None):
        sounds = tone_sounds()
        model = ModelConfig(
            architecture="cc",
            n_samples=sounds.audio.shape[1],
            latent_dim=3,
            n_classes=n_classes,
            classifier_units=(4,),
            # Linear, because a ReLU of so few untrained channels may cut everything off.
            cc=PlainConfig(filters=(4, 4, 6, 6, 8), activation="linear"),
        )
        audio = AudioConfig(rate_hz=sounds.rate_hz, n_samples=model.n_samples, onset_db=onset_db)
        config = Config("digits", "tiny", audio=audio, model=model)
        run = create_run(path, config)
        vae = build_vae(config.model, config.loss, config.training)
        # An untrained encoder places all sounds nearly at one point; this moves them apart.
        vae.encoder.set_weights([3 * weight for weight in vae.encoder.get_weights()])
        if change_decoder:
            vae.decoder.set_weights([change_decoder(weight) for weight in vae.decoder.get_weights()])
        vae.save(run.model_path)
        sounds.save(run.sounds_path)
        return run

    return make


@pytest.fixture(scope="session")
def tone_run(make_tone_run, tmp_path_factory):
    """A run of `make_tone_run` that tests only read."""
    return make_tone_run(tmp_path_factory.mktemp("tones") / "run")


@pytest.fixture
def sound_file(tmp_path):
    """A stereo file at another rate than `tone_run`'s, with peak 0.5 and a length of 300 samples at the run's rate."""
    path = tmp_path / "own.wav"
    time_s = np.arange(1800) / 48000
    tone = 0.5 * np.sin(2 * np.pi * 400 * time_s)
    soundfile.write(path, np.stack([tone, tone], axis=1), 48000, subtype="FLOAT")
    return path


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave the pictures of morphs, blends and new sounds empty, where a test does not look at them."""
    from audio_vae.morphing import blend, morph
    from audio_vae.sampling import folder

    for module in (blend, morph, folder):
        monkeypatch.setattr(module, "save_morph_plot", lambda path, *_: path.touch())


@pytest.fixture
def check_layer(tmp_path):
    """Shape, dtype, weight count, `get_config` and `.keras` round trips, after Keras' run_layer_test."""
    import keras

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
