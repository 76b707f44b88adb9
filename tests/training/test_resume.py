"""Trainings that are killed with SIGKILL and go on end as if nothing had happened, through the real command line."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")

PROGRAM = Path(__file__).resolve().parents[1] / "tiny_command_line.py"
N_KILLS = 20


@pytest.fixture(scope="module")
def sounds_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    time_s = np.arange(400) / 4000
    for name, rate_hz in (("low", 200), ("high", 900)):
        (folder / name).mkdir()
        for take in range(6):
            tone = np.sin(2 * np.pi * (rate_hz + 20 * take) * time_s) + rng.normal(0, 0.05, time_s.shape)
            soundfile.write(folder / name / f"{take}.wav", 0.5 * tone, 4000)
    return folder


def command(run, *options):
    return [sys.executable, str(PROGRAM), "folder", "train", "--run", str(run), *map(str, options)]


def environment(kill=""):
    # One thread, so that sums are always taken in the same order.
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    return {**os.environ, **threads, "KILL": kill}


def train(run, *options, kill=""):
    """Run the command to its end; return its exit code, stdout and stderr."""
    done = subprocess.run(
        command(run, *options), env=environment(kill), capture_output=True, text=True, timeout=900, check=False
    )
    return done.returncode, done.stdout, done.stderr


def first_options(sounds_folder, epochs):
    return ["--data", sounds_folder, "--rate", 4000, "--seconds", 0.1, "--batch-size", 4, "--epochs", epochs]


def state(run):
    """Everything that has to be equal: weights, both optimizers and the noise; history; latents."""
    import keras

    from audio_vae.models import vae  # noqa: F401

    model = keras.saving.load_model(run / "model.keras")
    optimizers = model.optimizer.variables + model.classifier_optimizer.variables
    values = {f"{i} {each.path}": np.asarray(each) for i, each in enumerate(model.weights + optimizers)}
    values["noise"] = np.asarray(model.sampling.noise.state)
    values["history"] = np.frombuffer((run / "logs" / "history.csv").read_bytes(), np.uint8)
    with np.load(run / "latents.npz") as stored:
        values |= {f"latents {name}": stored[name] for name in stored.files}
    return values


def assert_same(run, whole):
    ours, theirs = state(run), state(whole)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    assert not list(run.glob("**/.part-*"))
    assert not (run / ".lock").exists()


@pytest.fixture(scope="module")
def whole(sounds_folder, tmp_path_factory):
    """A training of two epochs that nothing interrupts."""
    run = tmp_path_factory.mktemp("whole") / "run"
    code, _, err = train(run, *first_options(sounds_folder, 2))
    assert code == 0, err
    return run


# The files of a new run of two epochs, in the order in which they get their names.
FILES = ["sounds", "prepare", "config", "history 1", "checkpoint 1", "model 1", "time 1"]
FILES += ["history 2", "checkpoint 2", "model 2", "time 2", "latents"]


def kill_and_go_on(run, sounds_folder, kill):
    code, _, err = train(run, *first_options(sounds_folder, 2), kill=kill)
    assert code == -signal.SIGKILL, err
    # What has no config yet is no run: its preparation is done again.
    options = [] if (run / "config.json").exists() else first_options(sounds_folder, 2)
    code, _, err = train(run, *options)
    assert code == 0, err


@pytest.mark.slow
def test_killed_training_goes_on_bit_for_bit(whole, sounds_folder, tmp_path):
    run = tmp_path / "run"
    # Between the two passes of the second epoch's second step, then within its checkpoint.
    for options, kill in ((first_options(sounds_folder, 2), "passes:5"), ([], "half:3")):
        code, _, err = train(run, *options, kill=kill)
        assert code == -signal.SIGKILL, err
    assert [path.name for path in (run / "checkpoints").glob("*")] != ["epoch-0001.keras"]
    code, out, err = train(run)
    assert code == 0, err
    assert "going on after epoch 1" in out
    assert_same(run, whole)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["half", "replace"])
@pytest.mark.parametrize("number", range(1, len(FILES) + 1), ids=FILES)
def test_killed_at_every_file(kind, number, whole, sounds_folder, tmp_path):
    kill_and_go_on(tmp_path / "run", sounds_folder, f"{kind}:{number}")
    assert_same(tmp_path / "run", whole)


def kill_while_it_trains(run, options, draw):
    """Start the command and kill it at a random moment within or soon after one of its first epochs."""
    with started(run, options) as process:
        # The first epoch of a process is longer than the others: the step is traced in it.
        if draw.random() < 0.8:
            wait_for_epochs(process, draw.randint(1, 3))
            time.sleep(draw.uniform(0, 0.3))
        else:
            process.stdout.readline()
            time.sleep(draw.uniform(0, 8))
        process.kill()
    assert process.returncode == -signal.SIGKILL, "the training ended before it was killed: give it more epochs"


def started(run, options):
    return subprocess.Popen(
        command(run, *options), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_epochs(process, number):
    for line in process.stdout:
        number -= line.startswith("epoch")
        if not number:
            return


@pytest.mark.slow
def test_killed_at_random_times(sounds_folder, tmp_path):
    draw = random.Random(0)
    whole, run = tmp_path / "whole", tmp_path / "run"
    options = first_options(sounds_folder, 100)
    for _ in range(N_KILLS):
        kill_while_it_trains(run, options, draw)
        options = []
    # What a kill leaves now and then is left in any case once.
    for folder in (run, run / "checkpoints", run / "logs"):
        (folder / ".part-left.npz").write_bytes(b"half")
    code, _, err = train(run)
    assert code == 0, err
    code, _, err = train(whole, *first_options(sounds_folder, 100))
    assert code == 0, err
    assert_same(run, whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_stopped_at_random_times(number, sounds_folder, tmp_path):
    draw = random.Random(1)
    whole, run = tmp_path / "whole", tmp_path / "run"
    options = first_options(sounds_folder, 60)
    for _ in range(4):
        with started(run, options) as process:
            wait_for_epochs(process, 1)
            time.sleep(draw.uniform(0, 0.4))
            # The second comes while the first is heeded.
            process.send_signal(number)
            time.sleep(draw.uniform(0, 0.05))
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        (line,) = err.splitlines()
        assert line.startswith(f"Stopped by {signal.Signals(number).name} after epoch")
        assert line.endswith(f"to go on: audio-vae folder train --run {run}")
        options = []
    assert train(run)[0] == 0
    assert train(whole, *first_options(sounds_folder, 60))[0] == 0
    assert_same(run, whole)
