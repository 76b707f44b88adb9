"""Training a model of your own sounds from Python and as a script, with a tiny network."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_presets
from scripts import run_script
from sound_files import decaying_tone, write_sound

from audio_vae.folder.train import train
from audio_vae.runs.run import open_run
from audio_vae.utils.errors import UserError

PROGRAM = Path(__file__).resolve().parents[1] / "tiny_command_line.py"


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    tiny_presets.shrink_until_undone(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sounds(tmp_path):
    """Two classes of five sounds."""
    for label, name in enumerate(("cat", "dog")):
        for number in range(5):
            tone = decaying_tone(0.2, frequency_hz=300 + 1000 * label + 20 * number)
            write_sound(tmp_path / "sounds" / name / f"{number}.wav", tone)
    return tmp_path / "sounds"


def test_train_and_continue(sounds, tmp_path):
    lines = []
    run = train(sounds, preset="cc", epochs=1, seconds=0.1, latent_dim=6, say=lines.append)
    assert run.path.resolve() == tmp_path / "runs" / "folder"
    assert (run.config.dataset, run.config.preset, run.epochs_done()) == ("folder", "cc", 1)
    assert run.config.audio.n_samples == 800
    assert lines[0] == "8 training and 2 test sounds (cat 5, dog 5)"
    assert run.model_path.is_file()
    with pytest.raises(UserError, match="preset is 'cc', not 'dc'"):
        train(preset="dc")
    # What is not given is as in the run.
    lines.clear()
    assert train(epochs=2, latent_dim=6, say=lines.append).epochs_done() == 2
    assert "going on after epoch 1" in lines


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="jax is not installed: pip install '.[jax]'")
def test_one_shots_are_trained_on_jax(sounds, tmp_path):
    command = ["folder", "train", "--data", sounds, "--run", tmp_path / "run", "--epochs", "1", "--latent-dim", "4"]
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, PROGRAM, *command], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = open_run(tmp_path / "run", "folder")
    assert run.config.model.architecture == "oneshot"
    assert np.isfinite(run.decode(run.encode(run.sounds.audio)[0])).all()


def test_script(tmp_path):
    code, out, err = run_script("audio_vae.folder.train", "--help", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "audio-vae folder train" in out
    assert "--pattern" in out
