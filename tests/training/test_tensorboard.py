import importlib.util

import numpy as np
import pytest

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run
from audio_vae.training import tensorboard

LOGS = {"likelihood": 12.5, "kl": 0.25}


@pytest.fixture
def run(tmp_path, rng, tiny_cc):
    settings = TrainingConfig(epochs=21)
    run = create_run(
        tmp_path / "run", Config("digits", "cc", audio=AudioConfig(8000, 64), model=tiny_cc, training=settings)
    )
    n = 12
    SoundSet(
        names=tuple(f"{i}.wav" for i in range(n)),
        audio=rng.uniform(-1, 1, (n, 64)).astype(np.float32),
        labels=np.arange(n, dtype=np.int32) % 3,
        is_test=np.arange(n) >= 6,
        class_names=("a", "b", "c"),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, 64, np.int32),
        rate_hz=8000,
    ).save(run.sounds_path)
    return run


def test_tensorboard_holds_losses_sounds_and_the_latent_map(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = tensorboard.TensorBoard(run, say=lambda line: None)
    board.set_model(build_vae(run.config.model, run.config.loss, run.config.training))
    for epoch in range(21):
        board.on_epoch_end(epoch, LOGS)
    board.close()
    events = EventAccumulator(str(run.path / "logs"), {"tensors": 0})
    events.Reload()
    epochs = {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]}
    assert epochs.pop("loss/likelihood") == epochs.pop("loss/kl") == list(range(1, 22))
    assert epochs.pop("latents") == [10, 20, 21]
    # The test sounds are the last six; the first and the last of them are always among the examples.
    names = {tag.split("/")[0] for tag in epochs}
    assert len(names) == tensorboard.N_SOUNDS
    assert {"6.wav", "11.wav"} <= names
    for name in names:
        assert epochs[f"{name}/original"] == [10]
        assert epochs[f"{name}/reconstruction"] == [10, 20, 21]


def test_without_tensorflow_one_line_is_said(run, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tensorflow" else find_spec(name))
    lines = []
    board = tensorboard.TensorBoard(run, lines.append)
    board.on_epoch_end(20, LOGS)
    board.close()
    assert len(lines) == 1
    assert "need TensorFlow" in lines[0]
    assert not (run.path / "logs").exists()
