"""Numbered versions of an export, each complete or not there at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import umask


@contextmanager
def _new_version(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield a temporary folder that becomes the next version in `folder` when the block succeeds.

    With it comes a list that holds the version's path afterwards. A failure leaves no folder that was not there.
    """
    created: list[Path] = []
    part = None
    published: list[Path] = []
    try:
        try:
            for each in (*reversed(folder.parents), folder):
                if not each.exists():
                    each.mkdir()
                    created.append(each)
            # A model server takes notice of whole numbers alone.
            part = Path(tempfile.mkdtemp(dir=folder, prefix=".part-"))
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield part, published
        try:
            _readable(part)
            published.append(_rename_to_next(part, folder))
        except OSError as error:
            raise _unwritable(folder, error) from error
    finally:
        if not published:
            if part:
                shutil.rmtree(part, ignore_errors=True)
            for each in reversed(created):
                with suppress(OSError):
                    each.rmdir()


def _rename_to_next(part: Path, folder: Path) -> Path:
    numbers = [int(each.name) for each in folder.iterdir() if each.name.isascii() and each.name.isdigit()]
    number = max(numbers, default=0) + 1
    while True:
        target = folder / str(number)
        if not target.exists():
            try:
                os.rename(part, target)
            except OSError:
                # Another export took the number in between.
                if not target.exists():
                    raise
            else:
                return target
        number += 1


def _readable(part: Path) -> None:
    """Give the temporary folder, which is private, the permissions of any new folder."""
    part.chmod(0o777 & ~umask())


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"{folder} cannot be written ({one_line(error)}): choose another folder with --out")
