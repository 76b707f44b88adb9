"""Processes of a distributed training, started from a test."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent


def tf_config(index, addresses=("127.0.0.1:2001", "127.0.0.1:2002"), kind="worker"):
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": kind, "index": index}})


def free_addresses():
    """Return two addresses on the loopback interface that are free now."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other))


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
    """Wait until processes end; return what they printed."""
    try:
        said = [each.communicate(timeout=280)[0] for each in processes]
    finally:
        for each in processes:
            each.kill()
    assert [each.returncode for each in processes] == [0] * len(processes), said
    return said
