"""The main job on real recordings, from the command line; minutes long, so behind the `slow` marker."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.slow


def audio_vae(*arguments):
    command = [sys.executable, "-m", "audio_vae", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("dataset", "folder", "preset", "epochs", "ends", "n_samples", "rate_hz"),
    [
        ("digits", "fsdd", "cc", 3, ("3", "7"), 4096, 8000),
        ("digits", "fsdd", "dc", 1, ("3", "7"), 4096, 8000),
        ("drums", "drums", "cc", 3, ("hihat", "tom"), 16384, 22050),
    ],
)
def test_train_evaluate_morph(shared_data, tmp_path, dataset, folder, preset, epochs, ends, n_samples, rate_hz):
    run = tmp_path / "run"
    audio_vae(dataset, "train", "--data", shared_data / folder, "--preset", preset, "--epochs", epochs, "--run", run)
    audio_vae(dataset, "evaluate", "--run", run)
    report = json.loads((run / "report" / "report.json").read_text())
    assert report["epochs"] == epochs
    # A guess would be right for one sound in ten, or in five.
    assert report["one_nn_accuracy"] > 0.2
    audio_vae(dataset, "morph", *ends, "--run", run, "--length", "full", "--out", tmp_path / "morph")
    for step in range(9):
        samples, rate = soundfile.read(tmp_path / "morph" / f"{step:02d}.wav")
        assert (len(samples), rate) == (n_samples, rate_hz)
        assert 0.02 < np.abs(samples).max() < 1
        assert np.sqrt(np.mean(samples**2)) > 1e-3
