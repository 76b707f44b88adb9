"""Synthetic digits, small presets and a trained run for the tests of the command line."""

import shutil

import numpy as np
import pytest
import soundfile
import tiny_presets

from audio_vae.cli import main as cli
from audio_vae.digits import config as digits


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    tiny_presets.shrink_until_undone(monkeypatch, digits)
    monkeypatch.chdir(tmp_path)


def write_digits(folder):
    rng = np.random.default_rng(0)
    folder.mkdir()
    for digit in range(10):
        for take in (0, 1, 2, 10, 11, 12):
            time_s = np.arange(3000 + 300 * digit) / 8000
            tone = np.sin(2 * np.pi * (200 + 60 * digit) * time_s) * np.exp(-6 * time_s)
            noise = rng.normal(0, 0.01, tone.shape)
            soundfile.write(folder / f"{digit}_jackson_{take}.wav", 0.5 * tone + noise, 8000)
    return folder


@pytest.fixture
def digits_folder(tmp_path):
    return write_digits(tmp_path / "sounds")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """A run of `write_digits` after one epoch, with its latents, for `trained` to copy."""
    folder = tmp_path_factory.mktemp("trained")
    options = ["--data", str(write_digits(folder / "sounds")), "--run", str(folder / "run")]
    with pytest.MonkeyPatch.context() as patched:
        tiny_presets.shrink_until_undone(patched, digits)
        # Nobody looks at these, and tracing the networks for them takes as long as a step.
        patched.setattr("audio_vae.training.tensorboard.TensorBoard._write_examples", lambda self: None)
        with pytest.raises(SystemExit) as done:
            cli.main(["digits", "train", "--epochs", "1", "--quiet", *options])
    assert done.value.code == 0
    return folder / "run"


@pytest.fixture
def trained(trained_once, tmp_path):
    """A copy of a trained run that a test may change."""
    return shutil.copytree(trained_once, tmp_path / "run")
