"""Files that get their final name only when they are complete, and names that are safe for files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from audio_vae.utils.errors import UserError, no_room

PART_PREFIX = ".part-"
"""The names of incomplete files and folders begin with this."""

_TRIED_BYTES = 1 << 16

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
    # The folder may be named by a link to one that does not exist yet.
    folder = Path(os.path.realpath(path.parent))
    part = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=PART_PREFIX, suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        yield part
        # mkstemp makes files private; a result has to be as readable as the user's other files.
        part.chmod(new_mode(0o666))
        os.replace(part, path)
    except UserError:
        raise
    except Exception as error:
        reason = why_no_room(error, folder)
        if reason is None:
            raise
        raise UserError(
            f"{path} cannot be written ({reason}): make room on the disk and run again; "
            "the file that was there before is kept"
        ) from error
    finally:
        if part:
            with suppress(FileNotFoundError):
                part.unlink()


def why_no_room(error: Exception, folder: Path) -> str | None:
    """Return the system's words for a full disk if it made writing into a folder fail, otherwise `None`.

    Libraries turn a full disk into errors of many kinds, some of which no longer say so. What they could write has to
    be there still, so that it fills the disk.

    Args:
        error: the error of what was being written.
        folder: where it was being written.
    """
    reason = no_room(error)
    if reason is None:
        try:
            try_to_write(folder)
        except OSError as failure:
            reason = no_room(failure)
    return reason


def try_to_write(folder: Path) -> None:
    """Write some data into a folder and remove it again.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    with tempfile.TemporaryFile(dir=folder, prefix=PART_PREFIX, buffering=0) as file:
        data = memoryview(bytes(_TRIED_BYTES))
        while data:
            data = data[file.write(data) :]


def remove_unfinished(folder: Path) -> None:
    """Remove the incomplete files that a killed process left directly in a folder.

    Call it only where no other process is writing a file.
    """
    for part in folder.glob(PART_PREFIX + "*"):
        if part.is_file():
            part.unlink()


def read_json(path: Path) -> Any:
    """Return the values of a JSON file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON in UTF-8, or nested so deeply that no program of this kind has written it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def write_json(path: Path, values: Any) -> None:
    """Write values as indented JSON, atomically. NaN, which JSON does not have, becomes null."""
    values = _without_nan(values)
    # Paths that are not UTF-8 hold lone surrogates, which JSON can escape.
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
        file.write("\n")


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


def step_names(steps: int) -> list[str]:
    """Return the names of the steps of a morph, which are those of their files without the suffix: `00`, `01`, …."""
    n_digits = max(2, len(str(steps - 1)))
    return [f"{step:0{n_digits}d}" for step in range(steps)]


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and value != value:
        return None
    return value


def new_mode(most: int) -> int:
    """Return the permissions that a new file or folder of this process gets, given the `most` that one may have."""
    mask = os.umask(0)
    os.umask(mask)
    return most & ~mask
