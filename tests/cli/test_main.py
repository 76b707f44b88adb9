"""The command line as a whole: help, exit codes."""

import subprocess
import sys

import pytest

from audio_vae.cli import main as cli


def test_help_imports_no_backend():
    code = (
        "import sys, audio_vae.cli.main; print(sorted({'tensorflow', 'keras', 'librosa', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
