"""Requests one after the other: what takes long waits for its own kind, and not in the way of what is quick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

MOST_WAITING = 128
"""Most requests of a lane that wait; more are sent away."""


class Busy(Exception):  # noqa: N818 - an answer, not a fault
    """Too many requests wait already."""


class Gone(Exception):  # noqa: N818 - likewise
    """Whoever asked does not wait for the answer any more."""


class Lane:
    """One thread, and the requests that wait for it in the order in which they came.

    Args:
        name: name of the thread.
    """

    def __init__(self, name: str):
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._turn = asyncio.Lock()
        self._n_waiting = 0

    async def run(self, work: Callable[[], Result], is_gone: Callable[[], Awaitable[bool]]) -> Result:
        """Do something when its turn has come, unless nobody waits for it any more.

        Raises:
            Busy: too many wait.
            Gone: nobody waits.
        """
        if self._n_waiting >= MOST_WAITING:
            raise Busy
        self._n_waiting += 1
        try:
            async with self._turn:
                if await is_gone():
                    raise Gone
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._n_waiting -= 1

    def close(self) -> None:
        """Let what waits go, without waiting for what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
