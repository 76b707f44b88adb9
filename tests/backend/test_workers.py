import json
import re
import signal
import time

import numpy as np
import pytest
import soundfile
from processes import finish, free_addresses, spawn, tf_config

from audio_vae.backend import workers
from audio_vae.backend.workers import Worker, this_worker
from audio_vae.runs.run import open_run
from audio_vae.utils.errors import UserError


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
