import keras
import numpy as np
import pytest
import tensorflow as tf

from audio_vae.config import AudioConfig, Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.export import formats, parity
from audio_vae.export.export import export
from audio_vae.model_config import DilatedConfig, ModelConfig, OneShotConfig, PlainConfig, VoiceConfig, with_values
from audio_vae.models.vae import build_vae
from audio_vae.presets import PRESETS
from audio_vae.pretrained import catalog
from audio_vae.runs.card import read_card
from audio_vae.runs.create import create_run
from audio_vae.runs.run import open_run

T = 64
D = 3
SMALL = {
    "n_samples": T,
    "latent_dim": D,
    "n_classes": 2,
    "classifier_units": (4,),
    "dc": DilatedConfig(depth=4, long_cycle=3, short_cycle=2, filters=4, stem_filters=4, stem_kernel=8),
    # Linear, because a ReLU of so few untrained channels may cut everything off.
    "cc": PlainConfig(filters=(4, 4, 6, 6, 8), activation="linear"),
    "voice": VoiceConfig(windows=(64,), hop_length=16, n_mels=8, filters=(4,), n_voice_bands=4, n_noise_bands=4),
    "oneshot": OneShotConfig(rate_hz=8000, n_noise_bands=8, hidden_units=8),
}

OF_CODE = {"dc-code": {**PRESETS["dc-code"]["model"], "dc": {**PRESETS["dc-code"]["model"]["dc"], "depth": 4}}}
"""The layers of the paper's code, at the small size."""


@pytest.fixture(scope="session")
def make_run():
    """Write run folders with an untrained small model and six sounds of two classes."""

    def make(path, preset="cc", gain=3.0):
        rng = np.random.default_rng(1)
        audio = rng.uniform(-1, 1, (6, T)).astype(np.float32)
        config = Config(
            "digits",
            preset,
            audio=AudioConfig(rate_hz=8000, n_samples=T),
            model=with_values(ModelConfig(architecture=preset.removesuffix("-code"), **SMALL), OF_CODE.get(preset, {})),
        )
        run = create_run(path, config)
        vae = build_vae(config.model, config.loss, config.training)
        for network in (vae.encoder, vae.decoder):
            network.set_weights([gain * weight for weight in network.get_weights()])
        vae.save(run.model_path)
        SoundSet(
            names=tuple(f"{i}.wav" for i in range(6)),
            audio=audio,
            labels=np.array([0, 0, 0, 1, 1, 1], np.int32),
            is_test=np.array([False, False, True] * 2),
            class_names=("low", "high"),
            peaks=np.ones(6, np.float32),
            lengths=np.full(6, T, np.int32),
            rate_hz=8000,
        ).save(run.sounds_path)
        return run

    return make


@pytest.fixture(scope="session")
def trained(make_run, tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture(scope="session")
def saved(trained, tmp_path_factory):
    """A SavedModel of the run: the folder of its version."""
    return export(trained, "savedmodel", tmp_path_factory.mktemp("models")).folder


@pytest.fixture(scope="session")
def signatures(saved):
    return tf.saved_model.load(str(saved)).signatures


@pytest.fixture(scope="session")
def need():
    """Skip a test where the packages of a format are not installed."""

    def check(file_format):
        for name in formats.NEEDS.get(file_format, ()):
            pytest.importorskip(name, reason=f"the extra [{file_format}] is not installed")

    return check


@pytest.fixture(scope="session")
def export_shipped(need, tmp_path_factory):
    """Export the models that come with the package into one folder `models`, each in each format once."""
    out = tmp_path_factory.mktemp("shipped") / "models"
    made = {}

    def make(name, file_format, float16=False):
        need(file_format)
        case = name, file_format, float16
        if case not in made:
            path = catalog.path_of(name)
            made[case] = export(open_run(path, read_card(path).dataset), file_format, out, float16=float16)
        return made[case]

    return make


@pytest.fixture
def no_process(monkeypatch):
    """Take the Keras model's own answers for the export's, where a test is not about them: a process takes seconds."""

    def same(file_format, folder, inputs):
        model = keras.saving.load_model(folder / "model.keras")
        return parity.keras_outputs(inputs, model.encoder, model.decoder), {}

    monkeypatch.setattr(parity, "run_fresh", same)
