"""Reads from storage that is away for a while, such as a network drive: try again for some time before giving up."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from audio_vae.utils.errors import UserError

Read = TypeVar("Read")

PATIENCE_S = 60.0
"""So long what cannot be read is tried again."""

_LONGEST_PAUSE_S = 5.0

_AWAY = tuple(
    getattr(errno, name)
    for name in (
        *("EIO", "ENOENT", "ESTALE", "ENXIO", "ENODEV", "ETIMEDOUT", "ENOTCONN"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ECONNRESET", "EREMOTEIO"),
    )
    if hasattr(errno, name)
)
"""Numbers of the system's errors that storage gives while it is away. A missing file may be on a drive that is gone."""


def say_beside_bars(line: str) -> None:
    """Print a line to standard error without breaking a progress bar."""
    tqdm.write(line, file=sys.stderr)


class Patience:
    """Reads files that have to be there, and tries again for a while if they cannot be read.

    Of several threads that fail at once one tries again and says so, and the others wait for it.

    Args:
        patience_s: how long to try again; `None` for `PATIENCE_S`.
        say: receives a line when reading fails for the first time, and when it works again.
        clock: returns the time in seconds.
        sleep: waits for some seconds.

    Attributes:
        failure: the error after which reading was given up; `None` if the last read worked.
    """

    def __init__(
        self,
        patience_s: float | None = None,
        say: Callable[[str], None] = say_beside_bars,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.failure: UserError | None = None
        self._patience_s, self._say, self._clock, self._sleep = patience_s, say, clock, sleep
        self._lock = threading.Lock()

    def __call__(self, read: Callable[[], Read], path: Path) -> Read:
        """Return what a function reads from a file.

        Args:
            read: reads; it may be called several times.
            path: the file.

        Raises:
            UserError: the file could not be read for `patience_s`.
            OSError: it cannot be read for a reason that waiting does not mend, such as its permissions.
        """
        try:
            return self._read(read)
        except OSError as error:
            if error.errno not in _AWAY:
                raise
        with self._lock:
            if self.failure:
                raise self.failure
            return self._try_again(read, path)

    def _read(self, read: Callable[[], Read]) -> Read:
        found = read()
        self.failure = None
        return found

    def _try_again(self, read: Callable[[], Read], path: Path) -> Read:
        patience_s = PATIENCE_S if self._patience_s is None else self._patience_s
        started_s, pause_s, is_told = self._clock(), 0.1, False
        while True:
            try:
                found = self._read(read)
            except OSError as error:
                if error.errno not in _AWAY:
                    raise
                reason = os.strerror(error.errno)
                if self._clock() - started_s >= patience_s:
                    self.failure = UserError(
                        f"{path} could not be read for {patience_s:.0f} s ({reason}): check that its disk or network "
                        "drive is connected, and run again; a training goes on from its last checkpoint"
                    )
                    raise self.failure from error
                if not is_told:
                    self._say(f"{path} cannot be read ({reason}): trying again for {patience_s:.0f} s")
                    is_told = True
                self._sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            if is_told:
                self._say(f"{path} can be read again after {self._clock() - started_s:.0f} s")
            return found
