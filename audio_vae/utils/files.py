"""Files and folders that get their final name only when they are complete, and names that are safe for files."""

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

from audio_vae.utils.errors import UserError, one_line

PART_PREFIX = ".part-"
"""The names of incomplete files and folders begin with this."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_LONGEST_NAME = 80
"""Bytes of an endpoint's or a sound's name in a file name."""

_LONGEST_FOLDER_NAME = 200
"""Bytes; most file systems allow 255."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` (same suffix) that is renamed to `path` when the block succeeds.

    Raises:
        UserError: the disk is full; the file that was at `path` before is still there.
    """
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART_PREFIX, suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        yield part
        # mkstemp makes files private; a result has to be as readable as the user's other files.
        part.chmod(0o666 & ~_umask())
        os.replace(part, path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise UserError(
            f"{path} cannot be written ({error.strerror}): make room on the disk and run again; "
            "the file that was there before is kept"
        ) from error
    finally:
        if part:
            with suppress(FileNotFoundError):
                part.unlink()


def remove_unfinished(folder: Path) -> None:
    """Remove the incomplete files that a killed process left directly in a folder.

    Call it only where no other process is writing a file.
    """
    for part in folder.glob(PART_PREFIX + "*"):
        if part.is_file():
            part.unlink()


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent` with a temporary name; it is removed unless the block has renamed it."""
    part = Path(tempfile.mkdtemp(dir=parent, prefix=PART_PREFIX))
    try:
        # mkdtemp makes folders private; a result has to be as readable as the user's other folders.
        part.chmod(0o777 & ~_umask())
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_folder(path: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that is renamed to `path` when the block succeeds.

    Args:
        path: the final name.
        marker: name of a file that every folder of this kind holds. An existing folder is replaced only if it
            holds this file or is empty.

    Raises:
        UserError: `path` is a file, or a folder with other files in it.
    """
    if path.is_file():
        raise UserError(f"{path} is a file: choose a folder with --out")
    if path.is_dir() and any(path.iterdir()) and not (path / marker).is_file():
        raise UserError(f"{path} holds other files (no {marker}): choose another folder with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(path.parent) as part:
        yield part
        if path.is_dir():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=".old-"))
            os.replace(path, old)
            os.replace(part, path)
            shutil.rmtree(old)
        else:
            os.replace(part, path)


@contextmanager
def output_folder(path: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path`, as `atomic_folder` does, for a folder that a user has named.

    Raises:
        UserError: `path` holds other files or cannot be written.
    """
    try:
        with atomic_folder(path, marker) as folder:
            yield folder
    except OSError as error:
        raise UserError(f"{path} cannot be written ({one_line(error)}): choose another folder with --out") from error


def write_json(path: Path, values: Any) -> None:
    """Write values as indented JSON, atomically. NaN, which JSON does not have, becomes null."""
    text = json.dumps(_without_nan(values), indent=2, ensure_ascii=False) + "\n"
    with atomic_file(path) as part:
        # Paths that are not UTF-8 hold lone surrogates, which JSON can escape.
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


def safe_name(text: str) -> str:
    """Return a text as a file name, or part of one, that is valid everywhere and stays in its folder.

    Of a path, only the last part is kept. If anything is lost, eight digits of a hash of the whole text are
    appended, so that different texts get different names.
    """
    plain = text.replace(":", "_")
    name = re.sub(r"[^\w.-]", "_", re.split(r"[/\\]", plain)[-1]).lstrip(".")
    # Most file systems limit the bytes of a name, not its letters.
    name = name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore")
    if name == plain and name:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name or 'sound'}_{digest}"


def folder_name(names: Sequence[str]) -> str:
    """Return safe names joined with hyphens as the name of a folder; a name that is too long is shortened."""
    joined = "-".join(names)
    return joined if len(joined.encode("utf-8")) <= _LONGEST_FOLDER_NAME else safe_name(joined)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and value != value:
        return None
    return value


def _umask() -> int:
    """Return the permission bits that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
