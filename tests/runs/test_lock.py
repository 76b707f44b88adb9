import os
import signal
import subprocess
import sys

import pytest

from audio_vae.runs.lock import LOCK_NAME, holder, locked
from audio_vae.utils.errors import UserError

HOLD = """
import sys, time
from pathlib import Path
from audio_vae.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_process(tmp_path):
    """A process that holds the lock of `run`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_by_name(other_process, tmp_path):
    run = tmp_path / "run"
    assert holder(run).startswith(f"process {other_process.pid} on ")
    with (
        pytest.raises(UserError, match=rf"run is in use by process {other_process.pid} on .*another --run"),
        locked(run),
    ):
        pass
    assert holder(run)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_killed_holder_lets_go(other_process, tmp_path):
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    run = tmp_path / "run"
    assert (run / LOCK_NAME).exists()
    assert holder(run) is None
    with locked(run):
        assert holder(run).startswith(f"process {os.getpid()} on ")


def test_a_lock_leaves_nothing(tmp_path):
    run = tmp_path / "runs" / "digits"
    with locked(run):
        assert run.is_dir()
    assert not run.parent.exists()


def test_what_was_made_meanwhile_stays(tmp_path):
    run = tmp_path / "runs" / "digits"
    with locked(run):
        (run / "config.json").touch()
    assert [path.name for path in run.iterdir()] == ["config.json"]
    assert holder(run) is None


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file: choose a folder with --run"), locked(tmp_path / "file"):
        pass


def test_a_damaged_lock_file_still_tells_that_it_is_held(tmp_path):
    with locked(tmp_path / "run"):
        (tmp_path / "run" / LOCK_NAME).write_text("{")
        assert holder(tmp_path / "run") == "another process"


def test_a_folder_without_lock_is_free(tmp_path):
    assert holder(tmp_path) is None
    assert holder(tmp_path / "nowhere") is None
