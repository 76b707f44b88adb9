"""How the process of a command begins and ends."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, threading, time
from audio_vae.cli import main, start

class Left:
    def __del__(self):
        print("freed")

left = Left()

def command():
    atexit.register(print, "registered")
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    print("done")
    {end}

main.main = command
start.run()
"""


def run_program(end):
    return subprocess.run([sys.executable, "-c", PROGRAM.format(end=end)], capture_output=True, text=True)


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_everything_is_finished_but_no_memory_is_freed(code):
    done = run_program(f"sys.exit({code})")
    assert (done.returncode, done.stdout.split(), done.stderr) == (code, ["done", "thread", "registered"], "")


def test_an_error_of_the_program_itself_ends_as_in_any_program():
    done = run_program("raise RuntimeError('broken')")
    assert (done.returncode, done.stdout.split()) == (1, ["done", "thread", "registered", "freed"])
    assert done.stderr.rstrip().endswith("RuntimeError: broken")
