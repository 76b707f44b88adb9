"""Synthetic digits, small presets and a trained run for the tests of the command line."""

import numpy as np
import pytest
import soundfile
import tiny_presets

from audio_vae import presets
from audio_vae.digits import config as digits


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    monkeypatch.setattr(presets, "PRESETS", dict(presets.PRESETS))
    monkeypatch.setattr(digits, "NEEDS", {})
    tiny_presets.shrink(presets.PRESETS)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def digits_folder(tmp_path, rng):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for digit in range(10):
        for take in (0, 1, 2, 10, 11, 12):
            time_s = np.arange(3000 + 300 * digit) / 8000
            tone = np.sin(2 * np.pi * (200 + 60 * digit) * time_s) * np.exp(-6 * time_s)
            noise = rng.normal(0, 0.01, tone.shape)
            soundfile.write(folder / f"{digit}_jackson_{take}.wav", 0.5 * tone + noise, 8000)
    return folder


@pytest.fixture
def trained(digits_folder, run, tmp_path):
    code, _, err = run("digits", "train", "--data", digits_folder, "--epochs", 1, "--run", tmp_path / "run")
    assert code == 0, err
    return tmp_path / "run"
