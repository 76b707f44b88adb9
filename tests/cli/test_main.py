"""The command line as a whole: help, exit codes."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audio_vae.cli import main as cli
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs import listing

ROOT = Path(__file__).resolve().parents[2]


def test_help_imports_no_backend():
    code = (
        "import sys, audio_vae.cli.main; print(sorted({'tensorflow', 'keras', 'librosa', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("group", ["digits", "drums", "folder"])
@pytest.mark.parametrize("command", ["prepare", "train", "evaluate", "morph", "blend"])
def test_every_command_teaches_by_example(run, group, command):
    code, out, _ = run(group, command, "--help")
    assert code == 0
    assert f"audio-vae {group} {command}" in " ".join(out.split("Example")[1].split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits", "train", "--preset", "nope"], "'nope' is not one of"),
        (["digits", "train", "--epochs", "0"], "x>=1"),
        (["digits", "morph", "3"], "Missing argument 'B'"),
        (["digits", "morph", "3", "7", "--steps", "1"], "x>=2"),
        (["digits", "morph", "3", "7", "--path", "curved"], "'curved' is not one of"),
        (["digits", "morph", "3", "7", "--range", "0"], "--range"),
        (["digits", "blend"], "Missing argument 'NAME=WEIGHT...'"),
        (["digits", "sing"], "No such command"),
        (["digits", "train", "--colour"], "No such option"),
    ],
)
def test_wrong_command_line_exits_2(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(Exception, match="no run folder"):
        cli.main(["digits", "evaluate", "--run", str(tmp_path / "none"), "--debug"])


def test_a_closed_pipe_ends_the_program_without_a_word(tmp_path):
    # More lines than a pipe holds, so that the program is still writing when nobody reads any more.
    for number in range(500):
        (tmp_path / f"{number:0200d}.wav").write_bytes(b"no sound")
    program = [sys.executable, "-m", "audio_vae", "check", str(tmp_path), "--labels", "kmeans:2", "--all"]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


def test_closed_standard_streams_do_no_harm(tmp_path):
    command = f"exec {sys.executable} -m audio_vae drums prepare --run {tmp_path / 'run'} 0<&- 1>&- 2>&-"
    assert subprocess.run(["bash", "-c", command], cwd=ROOT).returncode == 0
    assert len(SoundSet.load(tmp_path / "run" / "sounds.npz")) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.6, 1.5])
def test_stopped_at_any_time_it_says_so_in_one_line(tmp_path, number, after_s):
    program = [sys.executable, "-m", "audio_vae", "drums", "morph", "kick", "tom", "--out", str(tmp_path / "m")]
    # Also where the tests themselves run with SIGINT ignored, as in the background of a shell.
    heeded = functools.partial(signal.signal, number, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, cwd=ROOT, preexec_fn=heeded, **pipes) as process:
        # Before its first lines no program can tell how it wants to end.
        time.sleep(after_s)
        process.send_signal(number)
        try:
            _, err = process.communicate(timeout=3)
        except subprocess.TimeoutExpired:
            # Python loses a SIGINT that comes while it starts and frees objects; people then press Ctrl-C again.
            process.send_signal(number)
            _, err = process.communicate()
    if process.returncode != -number:
        assert process.returncode == 128 + number
        assert err.strip().splitlines()[-1] == "Stopped."
        assert "Traceback" not in err
    assert not (tmp_path / "m").exists()


def test_what_a_signal_broke_off_is_no_other_error(monkeypatch, run):
    def stopped_while_a_class_is_made(*_, **__):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        raise RuntimeError("Error calling __set_name__")

    monkeypatch.setattr(listing, "list_runs", stopped_while_a_class_is_made)
    code, _, err = run("runs")
    assert (code, err) == (143, "Stopped.\n")
