"""A lock on a run folder: only one process at a time writes into it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audio_vae.utils.errors import UserError

try:
    import fcntl
except ImportError:
    fcntl = None
    import msvcrt

LOCK_NAME = ".lock"

_PATIENCE_S = 0.5
"""How long to try to get a lock: a process that only asks who holds it takes it for a moment."""

_FAR_BYTE = 1 << 30
"""The byte that is locked on Windows. Locked bytes cannot be read there, and the holder's name comes before it."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a run folder for this process. The system unlocks it however the process ends.

    The folder is made if it does not exist, and removed again if it stays empty. On a file system without locks
    nothing is locked and no process is refused.

    Args:
        folder: an existing or new run folder.

    Raises:
        UserError: another process has locked it, or it is a file.
    """
    if folder.is_file():
        raise UserError(f"{folder} is a file: choose a folder with --run")
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    handle = _acquire(path)
    try:
        os.truncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
        yield
    finally:
        # Removed while it is locked: a process that has opened it meanwhile sees that the file is gone.
        with suppress(OSError):
            path.unlink()
        os.close(handle)
        if fcntl is None:
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):
            for each in made:
                each.rmdir()


def holder(folder: Path) -> str | None:
    """Return the process that has locked a run folder, in words, or `None` if there is none."""
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        if _try_to_lock(handle):
            return None
        try:
            told = json.loads(os.read(handle, 1000))
            return f"process {told['pid']} on {told['host']}"
        except (ValueError, KeyError, TypeError):
            return "another process"
    finally:
        os.close(handle)


def _acquire(path: Path) -> int:
    """Lock the lock file and return its handle.

    Raises:
        UserError: another process has locked it.
    """
    give_up_s = time.monotonic() + _PATIENCE_S
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if _try_to_lock(handle):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
            # The process before removed this file when it ended: try again with the one that is there now.
            os.close(handle)
            continue
        os.close(handle)
        if time.monotonic() > give_up_s:
            raise UserError(
                f"{path.parent} is in use by {holder(path.parent) or 'another process'}, which trains or prepares it: "
                "wait until it ends, stop it, or choose another --run"
            )
        time.sleep(_PATIENCE_S / 10)


def _try_to_lock(handle: int) -> bool:
    """Lock an open file and return whether that succeeded; file systems without locks count as success."""
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
