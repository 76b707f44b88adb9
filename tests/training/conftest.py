import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, LossConfig, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.create import create_run
from audio_vae.runs.run import open_run


@pytest.fixture
def sounds(rng):
    n = 10
    return SoundSet(
        names=tuple(f"{i}.wav" for i in range(n)),
        audio=rng.uniform(-1, 1, (n, 64)).astype(np.float32),
        labels=np.arange(n, dtype=np.int32) % 3,
        is_test=np.arange(n) >= 7,
        class_names=("a", "b", "c"),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, 64, np.int32),
        rate_hz=8000,
    )


@pytest.fixture
def make_run(tmp_path, sounds, tiny_cc):
    def make(name, epochs, model=tiny_cc, **settings):
        config = Config(
            "digits",
            "cc",
            audio=AudioConfig(8000, 64),
            model=model,
            loss=LossConfig(),
            training=TrainingConfig(epochs=epochs, batch_size=3, **settings),
        )
        run = create_run(tmp_path / name, config)
        sounds.save(run.sounds_path)
        return run

    return make


@pytest.fixture(scope="session")
def weights():
    """Read the weights of a run's newest model from its file."""

    def weights(run):
        return [np.asarray(each) for each in open_run(run.path, "digits").model.weights]

    return weights
