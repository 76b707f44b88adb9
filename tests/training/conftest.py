import shutil

import numpy as np
import pytest
from tiny_models import ONE_SHOT, TINY

from audio_vae.config import AudioConfig, AugmentationConfig, Config, LossConfig, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.model_config import ModelConfig
from audio_vae.models import one_shot_start
from audio_vae.runs.create import create_run
from audio_vae.runs.run import Run, open_run
from audio_vae.training.tensorboard import TensorBoard
from audio_vae.training.train import train


def noises():
    n = 10
    rng = np.random.default_rng(0)
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
def sounds():
    return noises()


@pytest.fixture(scope="session")
def make_run_at():
    """Write a run folder of `noises` that is ready to be trained."""

    def make(path, epochs, model, loss=None, augmentation=None, **settings):
        config = Config(
            "digits",
            "cc",
            audio=AudioConfig(8000, 64),
            model=model,
            loss=loss or LossConfig(),
            augmentation=augmentation or AugmentationConfig(),
            training=TrainingConfig(epochs=epochs, batch_size=3, **settings),
        )
        run = create_run(path, config)
        noises().save(run.sounds_path)
        return run

    return make


@pytest.fixture
def make_run(make_run_at, tmp_path, tiny_cc):
    return lambda name, epochs, model=tiny_cc, **settings: make_run_at(tmp_path / name, epochs, model, **settings)


@pytest.fixture(scope="session")
def whole(make_run_at, tmp_path_factory):
    """A training of two epochs that nothing interrupts, for tests to read."""
    run = make_run_at(tmp_path_factory.mktemp("whole") / "run", 2, ModelConfig(architecture="cc", **TINY))
    train(run, say=lambda line: None)
    return run


@pytest.fixture(scope="session")
def make_one_shots_at(make_run_at):
    """Write a run folder of `noises` as one-shots, and averages of them, that is ready to be trained for two epochs."""
    model = ModelConfig(architecture="oneshot", **TINY)
    settings = {"averages": "each_epoch", "averages_per_sound": 1}
    return lambda path: make_run_at(path, 2, model, ONE_SHOT, AugmentationConfig(speed=0.1), **settings)


def analyse_few(monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 21)


@pytest.fixture
def few_analysed(monkeypatch):
    """Let the start of one-shots analyse 7 sounds and two copies of each."""
    analyse_few(monkeypatch)


@pytest.fixture(scope="session")
def whole_one_shots(make_one_shots_at, tmp_path_factory):
    """A training of one-shots that nothing interrupts, for tests to read."""
    run = make_one_shots_at(tmp_path_factory.mktemp("whole") / "one-shots")
    with pytest.MonkeyPatch.context() as patched:
        analyse_few(patched)
        train(run, say=lambda line: None)
    return run


@pytest.fixture
def no_examples(monkeypatch):
    """Train without sounds and pictures for TensorBoard: tracing the networks for them takes as long as a step."""
    monkeypatch.setattr(TensorBoard, "_write_examples", lambda self: None)


@pytest.fixture
def done(whole, tmp_path):
    """A copy of `whole` that a test may change."""
    return Run(shutil.copytree(whole.path, tmp_path / "done"), whole.config)


@pytest.fixture(scope="session")
def weights():
    """Read the weights of a run's newest model from its file."""

    def weights(run):
        return [np.asarray(each) for each in open_run(run.path, "digits").model.weights]

    return weights
