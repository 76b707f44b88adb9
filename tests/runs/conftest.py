import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run


@pytest.fixture
def config(tiny_cc):
    return Config(
        "digits",
        "cc",
        audio=AudioConfig(n_samples=tiny_cc.n_samples),
        model=tiny_cc,
        training=TrainingConfig(epochs=2),
        data={"speakers": ["jackson"]},
    )


@pytest.fixture
def small_run(config, tmp_path, rng):
    run = create_run(tmp_path / "run", config)
    SoundSet(
        names=tuple("abcd"),
        audio=rng.uniform(-1, 1, (4, config.audio.n_samples)).astype(np.float32),
        labels=np.array([0, 1, 2, 0], np.int32),
        is_test=np.array([False, False, True, True]),
        class_names=("0", "1", "2"),
        peaks=np.ones(4, np.float32),
        lengths=np.full(4, config.audio.n_samples, np.int32),
        rate_hz=8000,
    ).save(run.sounds_path)
    build_vae(config.model, config.loss, config.training).save(run.model_path)
    return run
