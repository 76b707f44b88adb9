"""The processes that train one model together: which one this is, and what to do when another one is lost.

Every process is started with the same command. The environment variable TF_CONFIG tells it the addresses of all, and
which of them it is itself.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.signals import replaced

SECONDS_FOR_SHARED_FOLDER = 60
"""Longest time until a file that one machine writes into a shared folder is seen by the others."""

MAX_REJOINS = 20
"""How often a worker starts again after it lost another one."""

_EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}, "task": {"type": "worker", "index": 0}}'

_REJOINS = "AUDIO_VAE_REJOINS"
"""Environment variable that counts how often this process has started again."""


class WorkerLostError(UserError):
    """Another process of a multi-worker training was lost."""


@dataclass(frozen=True)
class Worker:
    """A process among those that train one model together.

    Attributes:
        index: 0 to n_workers − 1.
        n_workers: number of processes that train together.
    """

    index: int = 0
    n_workers: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this process prepares the run folder and writes into it; all others read only."""
        return self.index == 0


def this_worker(name: str) -> Worker:
    """Return which worker this process is, for one of `devices.STRATEGIES`.

    Raises:
        UserError: `multi-worker` without a TF_CONFIG that names the workers and this one's number.
    """
    if name != "multi-worker":
        return Worker()
    text = os.environ.get("TF_CONFIG", "")
    try:
        return _worker_of(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"cannot be used ({type(error).__name__}: {one_line(error)})" if text else "is not set"
        raise UserError(
            f"--distribute multi-worker: the environment variable TF_CONFIG {found}: "
            f"give every machine the same cluster and its own index, as in TF_CONFIG='{_EXAMPLE}'"
        ) from error


def _worker_of(tf_config: str) -> Worker:
    """Return the worker that the text of TF_CONFIG describes."""
    values = json.loads(tf_config or "{}")
    cluster, task = values["cluster"], values["task"]
    # If a chief is named, it is the first worker to TensorFlow.
    places = [(job, i) for job in ("chief", "worker") for i in range(len(cluster.get(job, ())))]
    addresses = [each for job in cluster for each in cluster[job]]
    if len(addresses) != len(places) or not all(re.fullmatch(r"\S+:\d+", each) for each in addresses):
        raise ValueError("the cluster has to be lists of host:port under worker, and chief if there is one")
    place = (task["type"], int(task["index"]))
    if place not in places:
        raise ValueError(f"the cluster has no {place[0]} {place[1]}")
    return Worker(places.index(place), len(places))


def wait_for_file(path: Path) -> None:
    """Wait until a file of the chief's appears in a folder that the workers share.

    Raises:
        UserError: it does not appear within `SECONDS_FOR_SHARED_FOLDER`.
    """
    for _ in range(SECONDS_FOR_SHARED_FOLDER):
        if path.is_file():
            return
        time.sleep(1)
    raise UserError(
        f"the chief prepared {path.parent}, but this worker does not see {path}: "
        "give all workers one --run, in a folder that their machines share"
    )


@contextmanager
def stopped_at_once() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process at once while native code waits for others.

    Python's own handlers would not run during that time. TensorFlow sets a handler of SIGTERM when it connects; the
    handlers from before the block are restored at its end.
    """
    with replaced((signal.SIGINT, signal.SIGTERM), signal.SIG_DFL):
        yield


@contextmanager
def worker_losses() -> Iterator[None]:
    """Turn TensorFlow's errors after the loss of another worker into a `WorkerLostError` of one line.

    Raises:
        WorkerLostError: another worker was lost.
    """
    from tensorflow import errors

    lost = (
        errors.UnavailableError,
        errors.AbortedError,
        errors.CancelledError,
        errors.DeadlineExceededError,
        errors.FailedPreconditionError,
        errors.InternalError,
    )
    try:
        yield
    except lost as error:
        raise WorkerLostError(
            f"the connection to another worker was lost ({_cause(error)}): start the same command again on the "
            "machines where it ended; training goes on from the last checkpoint"
        ) from error


def _cause(error: Exception) -> str:
    """Return the line that tells what happened, from TensorFlow's long message."""
    text = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]", "", getattr(error, "message", None) or str(error))
    lines = [line.strip() for line in text.splitlines() if re.search(r"aborted|closed|reset|unhealthy|refused", line)]
    return (lines[0] if lines else one_line(UserError(text)))[:120]


def can_rejoin() -> bool:
    """Return whether this process may start again and wait for the worker that it lost."""
    return int(os.environ.get(_REJOINS, 0)) < MAX_REJOINS


def rejoin() -> None:
    """Replace this process by one with the same command, which waits for the others and goes on. Does not return.

    A process cannot join a TensorFlow cluster twice, so the program has to start again.
    """
    os.environ[_REJOINS] = str(int(os.environ.get(_REJOINS, 0)) + 1)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
