"""`audio-vae digits train`."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from error_lines import error_line

from audio_vae.runs.lock import locked


def test_other_settings_for_an_old_run(trained, run):
    code, _, err = run("digits", "train", "--run", trained, "--preset", "dc")
    assert code == 1
    assert "other settings" in error_line(err)


def test_other_data_for_an_old_run(trained, run, tmp_path):
    code, _, err = run("digits", "train", "--run", trained, "--data", tmp_path / "elsewhere")
    assert code == 1
    assert "elsewhere does not exist" in error_line(err)


def test_sounds_added_to_the_data_of_an_old_run(trained, run):
    sounds = Path(json.loads((trained / "prepare.json").read_text())["data"])
    (sounds / "3_jackson_77.wav").write_bytes(b"")
    try:
        code, _, err = run("digits", "train", "--run", trained, "--data", sounds)
    finally:
        (sounds / "3_jackson_77.wav").unlink()
    assert code == 1
    assert "(1 new: 3_jackson_77.wav): leave --data out" in error_line(err)


def test_more_epochs_extend_a_finished_run(trained, run):
    code, out, _ = run("digits", "train", "--run", trained, "--epochs", 2)
    assert code == 0
    assert "going on after epoch 1" in out
    assert "Trained 2 epochs" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_training_is_saved_and_says_how_to_go_on(digits_folder, run, tmp_path, monkeypatch, number):
    from audio_vae.training import checkpoints

    save = checkpoints.RunWriter.save

    def save_after_a_second_signal(writer):
        os.kill(os.getpid(), number)
        return save(writer)

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        if writer.step == 2:
            os.kill(os.getpid(), number)

    on_batch_end = checkpoints.RunWriter.on_train_batch_end
    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
        patched.setattr(checkpoints.RunWriter, "save", save_after_a_second_signal)
        code, _, err = run(
            "digits", "train", "--data", digits_folder, "--run", tmp_path / "run", "--epochs", 2, "--preset", "cc"
        )
    assert code == 128 + number
    (line,) = err.splitlines()
    assert line == (
        f"Stopped by {signal.Signals(number).name} after epoch 0 and 2 steps of the next, saved; "
        f"to go on: audio-vae digits train --run {tmp_path / 'run'}"
    )
    code, out, err = run("digits", "train", "--run", tmp_path / "run")
    assert code == 0, err
    assert "going on after epoch 0 and 2 steps of the next" in out
    assert "Trained 2 epochs" in out


def test_termination_before_the_training_begins(digits_folder, run, tmp_path, monkeypatch):
    from audio_vae.digits import preprocess

    monkeypatch.setattr(preprocess.download, "fetch", lambda **settings: os.kill(os.getpid(), signal.SIGTERM))
    code, _, err = run("digits", "train", "--run", tmp_path / "run")
    assert (code, err) == (143, "Stopped.\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "dc"], "preset is 'studio', not 'dc'"),
        (["--seed", 1], "seed is 0, not 1"),
        (["--batch-size", 3], "batch_size is 16, not 3"),
        (["--speaker", "theo"], r"speakers is \['jackson'\], not \('theo',\)"),
    ],
)
def test_given_options_must_be_the_runs(trained, run, options, message):
    code, _, err = run("digits", "train", "--run", trained, *options)
    assert code == 1
    assert re.search(message, error_line(err))


def test_a_run_goes_on_with_its_own_settings(digits_folder, run, tmp_path):
    folder = tmp_path / "run"
    options = ["--preset", "dc", "--seed", 3, "--batch-size", 16, "--epochs", 1]
    code, _, err = run("digits", "prepare", "--data", digits_folder, "--run", folder, *options)
    assert code == 0, err
    before = json.loads((folder / "config.json").read_text())["config"]
    code, out, err = run("digits", "train", "--run", folder)
    assert code == 0, err
    assert "Trained 1 epochs" in out
    assert json.loads((folder / "config.json").read_text())["config"] == before
    code, _, err = run("digits", "train", "--run", folder, "--preset", "dc", "--seed", 3)
    assert code == 0, err


def test_a_run_in_use_is_refused(trained, run):
    with locked(trained):
        for command in ("prepare", "train"):
            code, _, err = run("digits", command, "--run", trained)
            assert code == 1
            assert f"is in use by process {os.getpid()} on" in error_line(err)
        code, _, err = run("digits", "morph", 3, 7, "--run", trained)
        assert code == 0, err


def test_any_setting_of_a_run_can_be_given(digits_folder, run, tmp_path):
    folder = tmp_path / "run"
    settings = ["--set", "model.cc.filters=[2, 2, 2, 2, 2]", "--set", "training.averages=first"]
    options = ["--run", folder, "--preset", "cc", "--epochs", 1]
    code, _, err = run("digits", "train", "--data", digits_folder, *options, *settings)
    assert code == 0, err
    config = json.loads((folder / "config.json").read_text())["config"]
    assert (config["model"]["cc"]["filters"], config["training"]["averages"]) == ([2] * 5, "first")
    code, _, err = run("digits", "train", "--run", folder, "--set", "training.averages=none")
    assert code == 1
    assert "other settings (training.averages is 'first', not 'none')" in error_line(err)


@pytest.mark.parametrize(
    ("word", "exit_code", "message"),
    [
        ("training.averages", 2, "write --set training.averages=VALUE"),
        ("averages=first", 1, "there is no setting averages: did you mean training.averages?"),
    ],
)
def test_a_setting_that_cannot_be(run, tmp_path, word, exit_code, message):
    code, _, err = run("digits", "train", "--run", tmp_path / "run", "--set", word)
    assert code == exit_code
    assert message in error_line(err)
    assert not (tmp_path / "run").exists()
