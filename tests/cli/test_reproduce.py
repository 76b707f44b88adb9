"""`audio-vae reproduce`."""

import signal

from tiny_results import row, store_result, tiny_config

from audio_vae.reproduction import processes
from audio_vae.reproduction import reproduce as reproducing


def test_an_unknown_name_is_a_wrong_command_line(run):
    code, _, err = run("reproduce", "--only", "nothing")
    assert code == 2
    assert "nothing is none of bounds, paper" in err


def test_rendering_takes_no_names(run):
    code, _, err = run("reproduce", "--render", "--only", "cc")
    assert code == 2
    assert "--render" in err


def test_the_command_renders(run, tmp_path):
    store_result(tmp_path, "cc", one_nn=0.94)
    code, out, _ = run("reproduce", "--render", "--out", tmp_path)
    assert (code, out) == (0, f"Results: {tmp_path / 'RESULTS.md'}\n")
    assert row((tmp_path / "RESULTS.md").read_text(encoding="utf-8"), "1-NN accuracy, CC-VAE")[-1] == "reached"


def test_the_command_gives_each_experiment_a_process(run, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(processes, "run_one_by_one", lambda commands, say: given.update(commands) or 143)
    code, _, _ = run(
        "reproduce", "--only", "cc-theo", "--only", "bounds", "--out", tmp_path, "--data", tmp_path, "--quiet"
    )
    assert code == 143
    options = ["--data", str(tmp_path), "--out", str(tmp_path), "--runs", str(tmp_path / "runs/reproduce"), "--quiet"]
    assert [command[3:] for command in given.values()] == [
        ["reproduce", *options, "--only", name] for name in ("bounds", "cc-theo")
    ]


def test_the_command_says_how_to_go_on(run, tmp_path, monkeypatch):
    from audio_vae.runs.run import Run
    from audio_vae.training import callbacks

    def stop(*_, **__):
        raise callbacks.stopped(Run(tmp_path / "runs", tiny_config()), signal.SIGINT, "after epoch 3, saved")

    monkeypatch.setattr(reproducing, "reproduce", stop)
    code, _, err = run("reproduce", "--only", "cc", "--out", tmp_path)
    assert code == 130
    assert "after epoch 3, saved" in err
    assert "or the same audio-vae reproduce" in err


def test_nothing_trained_is_nothing_taken_in(run, tmp_path):
    code, out, err = run("reproduce", "--as-is", "--only", "speakers", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert f"cc-theo: left out, nothing is trained in {tmp_path / 'runs/reproduce/cc-theo'}" in out
