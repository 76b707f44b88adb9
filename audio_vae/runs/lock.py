"""One process at a time writes into a run folder."""

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
"""How long a lock is asked for: who only looks whether it is held holds it for a moment."""

_FAR_BYTE = 1 << 30
"""Windows locks bytes against reading too; what is said of the holder lies before this one."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run folder for this process; the system lets go of it however the process ends.

    The folder is made where there is none, and removed again if nothing was put into it. On a file system
    that knows no locks, nothing is held and nobody refused.

    Args:
        folder: a run folder, or where one is to be.

    Raises:
        UserError: another process holds it, or it is a file.
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
        # Removed while it is held: whoever opened it meanwhile sees that it is no longer the folder's lock.
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
    """Return which process writes into a run folder, in words; `None` if none does."""
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
    """Return an open handle of the lock file that holds the lock."""
    give_up_s = time.monotonic() + _PATIENCE_S
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if _try_to_lock(handle):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
            # The holder before removed this file when it ended: lock the one that is there now.
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
    """Lock an open file if no other process has; also true on file systems that know no locks."""
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
