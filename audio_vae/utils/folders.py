"""Folders of results that get their contents only when these are complete.

A new folder gets its name at once, with everything in it. A folder that exists stays the same folder, because it may be
the current folder of a shell, a mount or the target of a link: its old contents move out and the new contents move in.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from audio_vae.utils.errors import UserError, no_room, one_line
from audio_vae.utils.files import PART_PREFIX, new_mode, try_to_write, why_no_room
from audio_vae.utils.signals import postponed

try:
    import fcntl
except ImportError:
    fcntl = None

ANOTHER_OUT = "choose another folder with --out"

_OLD_PREFIX = ".old-"
"""The names of folders with old contents, which are about to be removed, begin with this."""


class MadeFolder(NamedTuple):
    """A folder of results that was written: a morph, a blend, new sounds, variations or a kit.

    Attributes:
        folder: the folder.
        sidecar: the values of its JSON file.
        warnings: what the user should know of, one line each.
        remarks: how what was asked for was changed, one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent` with a temporary name; it is removed unless the block has renamed it."""
    part = Path(tempfile.mkdtemp(dir=parent, prefix=PART_PREFIX))
    try:
        # mkdtemp makes folders private; a result has to be as readable as the user's other folders.
        part.chmod(new_mode(0o777))
        with _locked(part):
            yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def new_folders(folder: Path) -> Iterator[Path]:
    """Make a folder with its parents for the block, and remove those that were made and are still empty afterwards.

    Args:
        folder: the folder; links are followed, also to folders that do not exist yet.

    Yields:
        The folder, without links in its path.
    """
    real = Path(os.path.realpath(folder))
    made = []
    try:
        for each in (*reversed(real.parents), real):
            if os.path.isdir(each):
                continue
            try:
                each.mkdir()
                made.append(each)
            except FileExistsError:
                # Another process may have made it meanwhile.
                if not os.path.isdir(each):
                    raise
        yield real
    finally:
        for each in reversed(made):
            # Only empty folders can be removed this way.
            with suppress(OSError):
                each.rmdir()


def require_writable_folder(path: Path, marker: str | None = None) -> None:
    """Check that a folder of results can be written, before the results are computed; nothing is left of the check.

    Args:
        path: the folder, which may not exist yet.
        marker: as for `atomic_folder`; `None` for a folder whose contents are kept.

    Raises:
        UserError: `path` is no folder, holds other files or cannot be written.
    """
    _require_folder(path, marker, ANOTHER_OUT)
    with explained(path):
        folder = Path(os.path.realpath(path))
        # This fails where the path leads through a file, or a name is too long.
        with suppress(FileNotFoundError):
            folder.stat()
        nearest = next(each for each in (folder, *folder.parents) if os.path.isdir(each))
        with temporary_folder(nearest) as part:
            try_to_write(part)


@contextmanager
def atomic_folder(path: Path, marker: str, advice: str = ANOTHER_OUT) -> Iterator[Path]:
    """Yield a temporary folder whose contents become those of `path` when the block succeeds.

    Links are followed. An existing folder stays the folder that it is; only its contents are replaced. If the block
    fails, the old contents are kept and nothing is left of the new ones. A process that is killed while it replaces
    them leaves a folder without marker, whose contents the next one replaces.

    Args:
        path: the folder.
        marker: name of a file that every folder of this kind holds, and that says that the folder is complete. The
            contents of an existing folder are replaced only if it holds this file.
        advice: what a user can do if the folder cannot be written.

    Raises:
        UserError: `path` is no folder, holds other files or cannot be written.
    """
    _require_folder(path, marker, advice)
    folder = Path(os.path.realpath(path))
    with ExitStack() as stack:
        with explained(path, advice=advice):
            # An existing folder may be a mount, or its parent read-only: then contents can be renamed only within it.
            place = stack.enter_context(new_folders(folder if os.path.isdir(folder) else folder.parent))
            part = stack.enter_context(temporary_folder(place))
        with explained(path, part, advice):
            yield part
        with explained(path, advice=advice), postponed() as request:
            if not _is_renamed(part, folder):
                with _locked(folder):
                    # It may hold other files by now.
                    _require_folder(path, marker, advice)
                    _replace_contents(part, folder, marker)
        if request.signal:
            signal.raise_signal(request.signal)


def _is_renamed(part: Path, folder: Path) -> bool:
    """Rename a folder if the new name is free; return whether it was."""
    if folder.exists():
        return False
    try:
        os.rename(part, folder)
    except OSError:
        # Another process may have made the folder meanwhile.
        if not folder.is_dir():
            raise
        return False
    return True


def _replace_contents(part: Path, folder: Path, marker: str) -> None:
    """Move the contents of a folder into one that is then removed, and those of another folder into the first.

    The old marker is the first file that moves, and the new one the last: whenever the process is killed, a folder that
    holds both old and new files has no marker.

    Args:
        part: the folder with the new contents.
        folder: the folder whose contents are replaced.
        marker: name of the file that says that a folder is complete.
    """
    old = Path(tempfile.mkdtemp(dir=folder, prefix=_OLD_PREFIX))
    leaving = [name for name in os.listdir(folder) if name != old.name and not _is_in_use(folder / name)]
    moves = [
        *((folder / name, old / name) for name in sorted(leaving, key=lambda name: name != marker)),
        *((part / name, folder / name) for name in sorted(os.listdir(part), key=lambda name: name == marker)),
    ]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            os.rename(source, target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            os.rename(target, source)
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)


def _require_folder(path: Path, marker: str | None, advice: str) -> None:
    """Raise a `UserError` where a path is no folder, or one whose contents are not to be replaced."""
    if os.path.exists(path) and not os.path.isdir(path):
        what = "a file" if os.path.isfile(path) else "no folder"
        raise UserError(f"{path} cannot be written (it is {what}): {advice}")
    if marker is None or not os.path.isdir(path):
        return
    with explained(path, advice=advice):
        names = os.listdir(path)
        old = [name for name in names if name.startswith(_OLD_PREFIX)]
        parts = [name for name in names if name.startswith(PART_PREFIX)]
        # A marker in one of these says that the process that replaced the contents was killed.
        was_broken_off = old and any((path / name / marker).is_file() for name in (*old, *parts))
        others = len(names) > len(old) + len(parts)
        if others and not was_broken_off and not (path / marker).is_file():
            raise UserError(f"{path} holds other files (no {marker}): {advice}")


@contextmanager
def explained(path: Path, part: Path | None = None, advice: str = ANOTHER_OUT) -> Iterator[None]:
    """Turn an error of the system into one that names a folder of results and says what to do.

    Args:
        path: the folder, as the user named it.
        part: if given, errors of files outside of this folder stay what they are, because they are not about writing.
        advice: what a user can do, besides making room.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = no_room(error) if part is None else why_no_room(error, part)
        if reason:
            raise UserError(f"{path} cannot be written ({reason}): make room on the disk, or {advice}") from error
        if not isinstance(error, OSError):
            raise
        if part and error.filename and not str(error.filename).startswith(str(part)):
            raise
        reason = error.strerror or one_line(error)
        raise UserError(f"{path} cannot be written ({reason}): {advice}") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder for the block once no other process has locked it; where the system has no locks, do nothing."""
    handle = None
    if fcntl:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _is_in_use(path: Path) -> bool:
    """Return whether a path is a temporary folder that some process may be writing, and not what a killed one left."""
    if not path.name.startswith(PART_PREFIX):
        return False
    if not fcntl:
        return True
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
    except OSError:
        return True
    return False
