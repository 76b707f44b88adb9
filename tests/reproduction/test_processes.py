"""Commands in processes of their own."""

import signal
import sys

import pytest

from audio_vae.reproduction.processes import run_one_by_one
from audio_vae.utils.errors import UserError


def test_commands_run_one_by_one_and_failures_are_told_at_the_end(tmp_path):
    def command(code):
        return [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'a').write('{code}'); raise SystemExit({code})"]

    lines = []
    with pytest.raises(UserError, match=r"1 of 3 failed \(second\)"):
        run_one_by_one({"first": command(0), "second": command(1), "third": command(0)}, lines.append)
    assert (tmp_path / "ran").read_text() == "010"
    assert lines == ["[1/3] first", "[2/3] second", "[3/3] third"]


@pytest.fixture
def heeded():
    """Let a signal end processes also where the tests run with it ignored, as in the background of a shell."""
    kept = {}

    def heed(number):
        kept[number] = signal.signal(number, signal.SIG_DFL)

    yield heed
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_on_to_what_runs_and_starts_no_other(tmp_path, number, heeded):
    heeded(number)
    asking = f"import os, time; os.kill(os.getppid(), {int(number)}); time.sleep(20)"
    never = f"open({str(tmp_path / 'ran')!r}, 'w')"
    commands = {"first": [sys.executable, "-c", asking], "second": [sys.executable, "-c", never]}
    assert run_one_by_one(commands, lambda line: None) == 128 + number
    assert not (tmp_path / "ran").exists()
