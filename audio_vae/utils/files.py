"""Files and folders that appear under their final name only when they are complete."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from audio_vae.utils.errors import UserError

PART_PREFIX = ".part-"
"""How the names of files and folders begin that are not complete."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` (same suffix) that takes its name when the block succeeds.

    Raises:
        UserError: the disk is full; what was at `path` is still there.
    """
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART_PREFIX, suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        yield part
        # mkstemp makes files private; what a user asked for is as readable as their other files.
        part.chmod(0o666 & ~umask())
        os.replace(part, path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise UserError(
            f"{path} cannot be written ({error.strerror}): make room on the disk and run again; "
            "what was there before is kept"
        ) from error
    finally:
        if part:
            with suppress(FileNotFoundError):
                part.unlink()


def remove_unfinished(folder: Path) -> None:
    """Remove the files directly in a folder that a killed process left incomplete.

    Only for a folder in which nobody else writes single files.
    """
    for part in folder.glob(PART_PREFIX + "*"):
        if part.is_file():
            part.unlink()


@contextmanager
def atomic_folder(path: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place when the block succeeds.

    Args:
        path: the final name.
        marker: a file that tells that an existing folder there is an older one of the same kind,
            which may be replaced.

    Raises:
        UserError: `path` exists and is a file, or a folder with other things in it.
    """
    if path.is_file():
        raise UserError(f"{path} is a file: choose a folder with --out")
    if path.is_dir() and any(path.iterdir()) and not (path / marker).is_file():
        raise UserError(f"{path} holds other files (no {marker}): choose another folder with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=path.parent, prefix=PART_PREFIX))
    try:
        yield part
        part.chmod(0o777 & ~umask())
        if path.is_dir():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=".old-"))
            os.replace(path, old)
            os.replace(part, path)
            shutil.rmtree(old)
        else:
            os.replace(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_json(path: Path, values: Any) -> None:
    """Write JSON atomically, indented; NaN becomes null, which every JSON reader knows."""
    text = json.dumps(_without_nan(values), indent=2, ensure_ascii=False) + "\n"
    with atomic_file(path) as part:
        # Paths that are not UTF-8 hold lone surrogates, whose escapes are JSON's own.
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and value != value:
        return None
    return value


def umask() -> int:
    """Return the permission bits that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_LONGEST_NAME = 80


_LONGEST_FOLDER_NAME = 200


def safe_name(text: str) -> str:
    """Return an endpoint's name as part of a file name that stays in its folder everywhere.

    Only the last part of a path is kept. Where anything is lost, eight digits of a hash of the whole
    text keep different endpoints apart.
    """
    plain = text.replace(":", "_")
    name = re.sub(r"[^\w.-]", "_", re.split(r"[/\\]", plain)[-1]).lstrip(".")
    # Most file systems count bytes, not letters.
    name = name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore")
    if name == plain and name:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name or 'sound'}_{digest}"


def folder_name(names: Sequence[str]) -> str:
    """Return the name of the folder that is made of several parts of file names, shortened where they are many."""
    joined = "-".join(names)
    return joined if len(joined.encode("utf-8")) <= _LONGEST_FOLDER_NAME else safe_name(joined)
