from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from processes import finish, free_addresses, spawn, tf_config
from stored_sounds import stored

from audio_vae.backend.devices import Devices, connect
from audio_vae.backend.workers import Worker, WorkerLostError
from audio_vae.config import AudioConfig, Config, LossConfig, TrainingConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.layers.sampling import Sampling
from audio_vae.model_config import with_values
from audio_vae.runs.create import create_run
from audio_vae.runs.latents import has_latents
from audio_vae.runs.run import open_run
from audio_vae.training import train
from audio_vae.utils.errors import UserError

N_TRAIN, BATCH_SIZE = 7, 3
"""Batches of 3, 3 and 1: they do not divide evenly by two replicas, and one replica gets no sound of the last one."""


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


def test_lost_worker_is_one_line():
    message = (
        "Graph execution error:\n\nDetected at node CollectiveReduceV2 defined at (most recent call last):\n"
        "Collective ops is aborted by: Socket closed\nAdditional GRPC error [[{{node CollectiveReduceV2}}]]"
    )
    with (
        pytest.raises(WorkerLostError, match=r"lost \(Collective ops is aborted by: Socket closed\)"),
        Devices(worker=Worker(0, 2)).watched(),
    ):
        raise tf.errors.UnavailableError(None, None, message)


def test_errors_of_one_process_are_its_own():
    with pytest.raises(tf.errors.UnavailableError, match="as it was"), Devices().watched():
        raise tf.errors.UnavailableError(None, None, "as it was")


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

    def make(name, architecture="cc", *, in_shards=False):
        # A variance of e⁻³⁰⁰ is 0 in float32: no noise, which differs by replica.
        values = {"architecture": architecture, "log_variance_start": -300.0}
        model = with_values(tiny_cc, {**values, "cc": {"activation": "tanh"}, "dc": {"depth": 2}})
        fit = TrainingConfig(epochs=2, batch_size=BATCH_SIZE, vae_learning_rate=1e-2, classifier_learning_rate=1e-2)
        config = Config("digits", "cc", audio=AudioConfig(8000, 64), model=model, loss=LossConfig(), training=fit)
        run = create_run(tmp_path / name, config)
        (stored(sounds, run.path / "sounds") if in_shards else sounds).save(run.sounds_path)
        return run

    return make


def start(name, n_devices, run, config=""):
    return spawn("distributed_training.py", name, n_devices, run.path, config=config)


def assert_equal_training(run, single, atol=1e-5):
    """Both ended with the same weights and reported the same losses, to 1e-5."""
    ours, theirs = (open_run(each.path, "digits") for each in (run, single))
    assert ours.epochs_done() == theirs.epochs_done() == 2
    for one, other in zip(ours.history(), theirs.history(), strict=True):
        for name, value in other.items():
            np.testing.assert_allclose(one[name], value, rtol=1e-5, err_msg=name)
    for one, other in zip(ours.model.weights, theirs.model.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=atol, err_msg=one.path)
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
@pytest.mark.parametrize("architecture", ["cc", "dc", "oneshot"])
def test_two_devices_train_as_one(make_run, architecture):
    run, single = make_run("two", architecture), make_run("one", architecture)
    finish(start("mirrored", 2, run))
    train.train(single, say=lambda line: None)
    # Adam takes steps of one size, however small a gradient: those that begin at 0 are mostly rounding.
    assert_equal_training(run, single, atol=1e-4 if architecture == "oneshot" else 1e-5)
    with np.load(run.path / "noise-0.npz") as stored:
        assert_noise_of_its_own(run, stored["draws"], stored["states"])


@pytest.mark.slow
@pytest.mark.parametrize("in_shards", [False, True], ids=["in memory", "in shards"])
def test_two_processes_train_as_one(make_run, in_shards):
    run, single = make_run("two", in_shards=in_shards), make_run("one")
    assert run.sounds.is_stored == in_shards
    addresses = free_addresses()
    said = finish(*(start("multi-worker", 1, run, tf_config(i, addresses)) for i in range(2)))
    train.train(single, say=lambda line: None)
    assert_equal_training(run, single)
    assert len(list(run.path.glob("logs/events*"))) == 1
    # The chief alone says lines.
    assert ["epoch 2/2" in each for each in said] == [True, False]
    parts = [np.load(run.path / f"noise-{i}.npz") for i in range(2)]
    draws, states = (
        np.concatenate([part[name] for part in parts], axis) for name, axis in (("draws", 1), ("states", 0))
    )
    assert_noise_of_its_own(run, draws, states)
