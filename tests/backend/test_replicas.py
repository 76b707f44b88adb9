import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from audio_vae.backend import replicas as distribute
from audio_vae.backend import workers
from audio_vae.backend.devices import Devices, connect
from audio_vae.backend.replicas import shards
from audio_vae.backend.workers import Worker, this_worker
from audio_vae.config import AudioConfig, Config, LossConfig, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.layers.sampling import ReplicaSeedGenerator, Sampling
from audio_vae.model_config import with_values
from audio_vae.runs.create import create_run
from audio_vae.runs.latents import has_latents
from audio_vae.runs.run import open_run
from audio_vae.training import train as training
from audio_vae.utils.errors import UserError

TESTS = Path(__file__).resolve().parents[1]
N_TRAIN, BATCH = 7, 3
"""Batches of 3, 3 and 1: two replicas share none of them evenly, and one of them gets nothing of the last."""


def tf_config(index, addresses=("127.0.0.1:2001", "127.0.0.1:2002"), kind="worker"):
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": kind, "index": index}})


def free_addresses():
    """Two addresses on the loopback interface that are free now."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other))


@pytest.mark.parametrize("name", ["none", "mirrored"])
def test_one_process_is_the_chief(name, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config(1))
    assert this_worker(name) == Worker(0, 1)
    assert this_worker(name).is_chief


@pytest.mark.parametrize(("index", "is_chief"), [(0, True), (1, False)])
def test_worker_of_tf_config(monkeypatch, index, is_chief):
    monkeypatch.setenv("TF_CONFIG", tf_config(index))
    worker = this_worker("multi-worker")
    assert worker == Worker(index, 2)
    assert worker.is_chief == is_chief


@pytest.mark.parametrize(("task", "expected"), [(("chief", 0), Worker(0, 3)), (("worker", 1), Worker(2, 3))])
def test_a_named_chief_comes_first(monkeypatch, task, expected):
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": task[0], "index": task[1]}}))
    assert this_worker("multi-worker") == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("{", "cannot be used"),
        ("[]", "cannot be used"),
        ("{}", "KeyError: 'cluster'"),
        ('{"cluster": {"worker": ["a:1"]}}', "KeyError: 'task'"),
        (tf_config(2), "the cluster has no worker 2"),
        (tf_config("first"), "invalid literal"),
        (tf_config(0, kind="chief"), "the cluster has no chief 0"),
        (tf_config(0, addresses=("no-port",)), "host:port"),
        (tf_config(0, addresses=(1,)), "cannot be used"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "worker, and chief"),
    ],
)
def test_tf_config_that_cannot_be_used(monkeypatch, run, text, reason, tmp_path):
    if text is None:
        monkeypatch.delenv("TF_CONFIG", raising=False)
    else:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=re.escape(reason) + r".*TF_CONFIG='\{\"cluster\""):
        this_worker("multi-worker")
    code, _, err = run("digits", "train", "--run", tmp_path / "run", "--distribute", "multi-worker")
    assert (code, err.count("\n")) == (1, 1)
    assert not (tmp_path / "run").exists()


def test_one_device_needs_no_strategy():
    devices = connect("none")
    assert devices.strategy is None
    assert devices.is_chief
    assert not devices.are_remote
    devices.require_enough(1)
    devices.require_same(lambda: "anything", "thing")
    devices.wait_for_all()


def test_more_devices_than_sounds_in_a_batch():
    devices = Devices(SimpleNamespace(num_replicas_in_sync=4))
    devices.require_enough(4)
    with pytest.raises(UserError, match=r"a batch of 3 sounds .* 4 devices: give --batch-size 4 or more"):
        devices.require_enough(3)


@pytest.mark.parametrize("n_sounds", [1, 2, 5, 6])
@pytest.mark.parametrize("n_replicas", [2, 3, 4])
def test_shards_are_even_and_count_each_sound_once(n_sounds, n_replicas):
    index = np.arange(10, 10 + n_sounds)
    elements = list(shards(tf.constant(index), n_replicas, range(n_replicas)).as_numpy_iterator())
    assert len(elements) == n_replicas
    sounds, counted, n_of_batch = (np.array(each) for each in zip(*elements, strict=True))
    assert sounds.shape == counted.shape == (n_replicas, -(-n_sounds // n_replicas))
    np.testing.assert_array_equal(sounds[counted == 1], index)
    assert set(sounds[counted == 0]) <= {10}
    np.testing.assert_array_equal(n_of_batch, [n_sounds] * n_replicas)


def test_a_worker_gets_its_own_replicas_shards():
    index = tf.range(7)
    every = list(shards(index, 4, range(4)).as_numpy_iterator())
    own = list(shards(index, 4, range(2, 4)).as_numpy_iterator())
    for one, other in zip(own, every[2:], strict=True):
        for value, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("n_sounds", [1, 2, 5, 6])
def test_means_over_shards_add_up_to_the_batchs(rng, n_sounds):
    losses = rng.normal(size=n_sounds).astype(np.float32)
    total, mean = 0.0, keras.metrics.Mean()
    for index, counted, n_of_batch in shards(tf.range(n_sounds), 4, range(4)):
        values = tf.gather(losses, index)
        total += np.mean(values * distribute.loss_weights(counted, n_of_batch))
        # In one process, the default strategy has one replica.
        distribute.update_mean(mean, values, counted, n_of_batch / 4)
    np.testing.assert_allclose(total, losses.mean(), rtol=1e-5)
    np.testing.assert_allclose(mean.result(), losses.mean(), rtol=1e-5)


def test_one_replicas_shard_is_the_batch_bit_for_bit(rng):
    values = rng.normal(size=5).astype(np.float32)
    ((index, counted, n_of_batch),) = shards(tf.range(5), 1, range(1))
    np.testing.assert_array_equal(index, np.arange(5))
    np.testing.assert_array_equal(distribute.loss_weights(counted, n_of_batch), np.ones(5))
    plain, sharded = keras.metrics.Mean(), keras.metrics.Mean()
    plain.update_state(values)
    distribute.update_mean(sharded, values, counted, n_of_batch)
    for one, other in zip(plain.variables, sharded.variables, strict=True):
        assert float(one) == float(other)


def test_noise_of_one_device_is_keras_own():
    ours, theirs = ReplicaSeedGenerator(7), keras.random.SeedGenerator(7)
    for _ in range(3):
        np.testing.assert_array_equal(keras.random.normal((4,), seed=ours), keras.random.normal((4,), seed=theirs))


def test_lost_worker_is_one_line():
    message = (
        "Graph execution error:\n\nDetected at node CollectiveReduceV2 defined at (most recent call last):\n"
        "Collective ops is aborted by: Socket closed\nAdditional GRPC error [[{{node CollectiveReduceV2}}]]"
    )
    with (
        pytest.raises(workers.WorkerLostError, match=r"lost \(Collective ops is aborted by: Socket closed\)"),
        Devices(worker=Worker(0, 2)).watched(),
    ):
        raise tf.errors.UnavailableError(None, None, message)


def test_errors_of_one_process_are_its_own():
    with pytest.raises(tf.errors.UnavailableError, match="as it was"), Devices().watched():
        raise tf.errors.UnavailableError(None, None, "as it was")


@pytest.mark.parametrize(("n_before", "may"), [(None, True), (19, True), (20, False)])
def test_a_worker_waits_for_others_so_many_times(monkeypatch, n_before, may):
    monkeypatch.delenv("AUDIO_VAE_REJOINS", raising=False)
    if n_before is not None:
        monkeypatch.setenv("AUDIO_VAE_REJOINS", str(n_before))
    assert workers.can_rejoin() == may


def test_folder_that_is_not_shared(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "SECONDS_FOR_SHARED_FOLDER", 0)
    with pytest.raises(UserError, match=r"does not see .*config\.json.*folder that their machines share"):
        workers.wait_for_file(tmp_path / "run" / "config.json")


@pytest.fixture
def make_run(tmp_path, rng, tiny_cc):
    n = N_TRAIN + 2
    sounds = SoundSet(
        names=tuple(f"{i}.wav" for i in range(n)),
        audio=rng.uniform(-1, 1, (n, 64)).astype(np.float32),
        labels=np.arange(n, dtype=np.int32) % 3,
        is_test=np.arange(n) >= N_TRAIN,
        class_names=("a", "b", "c"),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, 64, np.int32),
        rate_hz=8000,
    )

    def make(name, architecture="cc"):
        # A variance of e⁻³⁰⁰ is 0 in float32: no noise, which differs by replica.
        values = {"architecture": architecture, "log_variance_start": -300.0}
        model = with_values(tiny_cc, {**values, "cc": {"activation": "tanh"}, "dc": {"depth": 2}})
        fit = TrainingConfig(epochs=2, batch_size=BATCH, vae_learning_rate=1e-2, classifier_learning_rate=1e-2)
        config = Config("digits", "cc", audio=AudioConfig(8000, 64), model=model, loss=LossConfig(), training=fit)
        run = create_run(tmp_path / name, config)
        sounds.save(run.sounds_path)
        return run

    return make


def start(name, n_devices, run, config=""):
    return spawn("distributed_training.py", name, n_devices, run.path, config=config)


def spawn(program, *arguments, config):
    """Run a program of this folder as the process that TF_CONFIG names."""
    # One thread, so that sums are always taken in the same order.
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(TESTS / program), *map(str, arguments)],
        env={**os.environ, **threads, "TF_CONFIG": config},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*processes):
    """Wait for processes; return what they said."""
    try:
        said = [each.communicate(timeout=280)[0] for each in processes]
    finally:
        for each in processes:
            each.kill()
    assert [each.returncode for each in processes] == [0] * len(processes), said
    return said


def assert_equal_training(run, single):
    """Both ended with the same weights and reported the same losses, to 1e-5."""
    ours, theirs = (open_run(each.path, "digits") for each in (run, single))
    assert ours.epochs_done() == theirs.epochs_done() == 2
    for one, other in zip(ours.history(), theirs.history(), strict=True):
        for name, value in other.items():
            np.testing.assert_allclose(one[name], value, rtol=1e-5, err_msg=name)
    for one, other in zip(ours.model.weights, theirs.model.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, err_msg=one.path)
    for each in ("optimizer", "classifier_optimizer"):
        assert int(getattr(ours.model, each).iterations) == int(getattr(theirs.model, each).iterations) == 6
    assert len(ours.checkpoints()) == 2
    assert has_latents(ours)


def assert_noise_of_its_own(run, draws, states):
    """The first replica draws what one device draws, every other something else; their states are equal."""
    alone = Sampling(5)
    zeros = np.zeros((2, 3), np.float32)
    expected = np.array([alone((zeros, zeros)) for _ in range(2)])
    np.testing.assert_array_equal(draws[:, 0], expected)
    assert not np.any(draws[:, 0] == draws[:, 1])
    assert not np.any(draws[0] == draws[1])
    for state in states:
        np.testing.assert_array_equal(state, alone.noise.state)
    np.testing.assert_array_equal(run.model.sampling.noise.state, [0, 2 * 6])


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["cc", "dc"])
def test_two_devices_train_as_one(make_run, architecture):
    run, single = make_run("two", architecture), make_run("one", architecture)
    finish(start("mirrored", 2, run))
    training.train(single, say=lambda line: None)
    assert_equal_training(run, single)
    with np.load(run.path / "noise-0.npz") as stored:
        assert_noise_of_its_own(run, stored["draws"], stored["states"])


@pytest.mark.slow
def test_two_processes_train_as_one(make_run):
    run, single = make_run("two"), make_run("one")
    addresses = free_addresses()
    said = finish(*(start("multi-worker", 1, run, tf_config(i, addresses)) for i in range(2)))
    training.train(single, say=lambda line: None)
    assert_equal_training(run, single)
    assert len(list(run.path.glob("logs/events*"))) == 1
    # The chief alone says lines.
    assert ["epoch 2/2" in each for each in said] == [True, False]
    parts = [np.load(run.path / f"noise-{i}.npz") for i in range(2)]
    draws, states = (
        np.concatenate([part[name] for part in parts], axis) for name, axis in (("draws", 1), ("states", 0))
    )
    assert_noise_of_its_own(run, draws, states)


@pytest.fixture(scope="module")
def sounds_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    for name in ("low", "high"):
        (folder / name).mkdir()
        for take in range(5):
            soundfile.write(folder / name / f"{take}.wav", rng.uniform(-0.5, 0.5, 400), 4000)
    return folder


def start_pair(run, sounds_folder, addresses, indices=(0, 1)):
    """Start processes of a training of two by the command line."""
    # Batches of 3, 3 and 2.
    options = ["--data", sounds_folder, "--rate", 4000, "--seconds", 0.1, "--batch-size", 3, "--epochs", 4]
    command = ["tiny_command_line.py", "folder", "train", "--run", run, "--distribute", "multi-worker", *options]
    return [spawn(*command, config=tf_config(i, addresses)) for i in indices]


def weights(run):
    model = open_run(run, "folder").model
    return [np.asarray(each) for each in model.weights + model.optimizer.variables]


@pytest.fixture(scope="module")
def uninterrupted(sounds_folder, tmp_path_factory):
    run = tmp_path_factory.mktemp("whole") / "run"
    finish(*start_pair(run, sounds_folder, free_addresses()))
    return run


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
@pytest.mark.parametrize("victim", [0, 1], ids=["chief", "other"])
def test_a_killed_worker_that_comes_back_resumes_the_job(tmp_path, sounds_folder, uninterrupted, victim):
    run, addresses = tmp_path / "run", free_addresses()
    pair = start_pair(run, sounds_folder, addresses)
    survivor = pair[1 - victim]
    try:
        give_up_s = time.monotonic() + 250
        while not (run / "checkpoints" / "epoch-0002.keras").exists():
            assert time.monotonic() < give_up_s
            assert [each.poll() for each in pair] == [None, None], [each.communicate()[0] for each in pair]
            time.sleep(0.05)
        pair[victim].kill()
        pair[victim].communicate()
    except BaseException:
        for each in pair:
            each.kill()
        raise
    said, _ = finish(survivor, *start_pair(run, sounds_folder, addresses, [victim]))
    assert "the connection to another worker was lost" in said
    assert "waits for them" in said
    for one, other in zip(weights(run), weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (run / "logs/history.csv").read_bytes() == (uninterrupted / "logs/history.csv").read_bytes()
    with np.load(run / "latents.npz") as ours, np.load(uninterrupted / "latents.npz") as theirs:
        for name in theirs.files:
            np.testing.assert_array_equal(ours[name], theirs[name])
