"""The processes that train one model together: who this one is, and what happens when another is lost."""

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
"""What one machine writes into a shared folder may be seen by the others only after some seconds."""


MAX_REJOINS = 20
"""Times that a worker starts again after it lost another one."""


_EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}, "task": {"type": "worker", "index": 0}}'


_REJOINS = "AUDIO_VAE_REJOINS"


class WorkerLostError(UserError):
    """Another process of a multi-worker training is gone."""


@dataclass(frozen=True)
class Worker:
    """A process among those that train one model together.

    Attributes:
        index: 0 to n_workers − 1.
        n_workers: processes in the job.
    """

    index: int = 0
    n_workers: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that prepares the run folder and writes into it; the others read."""
        return self.index == 0


def this_worker(name: str) -> Worker:
    """Return who this process is under one of `STRATEGIES`.

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
    values = json.loads(tf_config or "{}")
    cluster, task = values["cluster"], values["task"]
    # TensorFlow takes the chief, where one is named, for the first worker.
    places = [(job, i) for job in ("chief", "worker") for i in range(len(cluster.get(job, ())))]
    addresses = [each for job in cluster for each in cluster[job]]
    if len(addresses) != len(places) or not all(re.fullmatch(r"\S+:\d+", each) for each in addresses):
        raise ValueError("the cluster has to be lists of host:port under worker, and chief if there is one")
    place = (task["type"], int(task["index"]))
    if place not in places:
        raise ValueError(f"the cluster has no {place[0]} {place[1]}")
    return Worker(places.index(place), len(places))


def wait_for_file(path: Path) -> None:
    """Return when a file is there that the chief has written into a folder that the workers share.

    Raises:
        UserError: it does not come.
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
def _stopped_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process while native code waits, in which Python's own handler would not run.

    SIGTERM is TensorFlow's own from the moment that it connects; the handler from before it is put back in the end.
    """
    with replaced((signal.SIGINT, signal.SIGTERM), signal.SIG_DFL):
        yield


@contextmanager
def _worker_losses() -> Iterator[None]:
    """Turn what TensorFlow raises when another worker is gone into one line."""
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
    """Return the line of TensorFlow's long message that says what happened."""
    text = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]", "", getattr(error, "message", None) or str(error))
    lines = [line.strip() for line in text.splitlines() if re.search(r"aborted|closed|reset|unhealthy|refused", line)]
    return (lines[0] if lines else one_line(UserError(text)))[:120]


def can_rejoin() -> bool:
    """Whether this process may start again to wait for a worker that it lost."""
    return int(os.environ.get(_REJOINS, 0)) < MAX_REJOINS


def rejoin() -> None:
    """Start this process's command again in its place: it waits for the others and goes on. Does not return.

    A process of TensorFlow cannot join a cluster twice, so the program begins anew.
    """
    os.environ[_REJOINS] = str(int(os.environ.get(_REJOINS, 0)) + 1)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
