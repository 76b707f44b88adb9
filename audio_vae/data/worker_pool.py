"""Worker processes that write shards.

They are started as programs, not by `multiprocessing`, which would run the main module of a user's script again.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from audio_vae.backend.keras_backend import n_cores
from audio_vae.data.reading import map_ahead
from audio_vae.data.shard_worker import ShardTask, make_shard
from audio_vae.utils.errors import UserError

MOST_WORKERS = 16
"""Each takes about 100 MB of memory."""

_PROGRAM = "import sys; sys.path[:] = {path!r}; from audio_vae.data.shard_worker import main; main()"


def map_in_processes(tasks: Sequence[ShardTask]) -> Iterator[tuple[ShardTask, dict[str, Any]]]:
    """Yield each task with what `make_shard` returns for it, in order, several at a time.

    There are as many processes as cores, or as tasks if these are fewer; a single task is done in this process. When
    the iteration ends early, as after Ctrl-C, the workers are killed.

    Raises:
        UserError: a worker ended before its task was done.
        Exception: what `make_shard` raises.
    """
    n_workers = min(MOST_WORKERS, n_cores(), len(tasks))
    if n_workers < 2:
        yield from ((task, make_shard(task)) for task in tasks)
        return
    workers = [_start() for _ in range(n_workers)]
    free: queue.SimpleQueue[subprocess.Popen] = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def make(task: ShardTask) -> dict[str, Any]:
        worker = free.get()
        try:
            return _ask(worker, task)
        finally:
            free.put(worker)

    try:
        yield from zip(tasks, map_ahead(make, tasks, n_workers), strict=True)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            with suppress(OSError):
                worker.stdin.close()


def _start() -> subprocess.Popen:
    program = _PROGRAM.format(path=[os.path.abspath(each) for each in sys.path])
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _ask(worker: subprocess.Popen, task: ShardTask) -> dict[str, Any]:
    """Let a worker do a task."""
    try:
        pickle.dump(task, worker.stdin)
        worker.stdin.flush()
        answer = pickle.load(worker.stdout)
    # What ends a worker may cut its answer anywhere.
    except (OSError, EOFError, pickle.UnpicklingError, ValueError) as error:
        raise UserError(
            f"a process that reads sounds ended ({task.path.name}): it may have had too little memory; run again, "
            "which goes on after the shards that are written"
        ) from error
    if isinstance(answer, BaseException):
        raise answer
    return answer
