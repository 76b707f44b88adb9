"""Numbered versions of an export, as model servers expect them; each is complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import temporary_folder


@dataclass
class Version:
    """A version that is being written.

    Attributes:
        part: the temporary folder to write into.
        path: the final folder, such as `models/digits-cc/3`; `None` until the version is complete.
    """

    part: Path
    path: Path | None = None


@contextmanager
def new_version(folder: Path) -> Iterator[Version]:
    """Yield a temporary folder that becomes the next version in `folder` when the block succeeds.

    If the block fails, nothing is left, not even folders that were made for it.

    Args:
        folder: the folder that holds the versions of a model.

    Raises:
        UserError: `folder` cannot be written.
    """
    made: list[Path] = []
    try:
        with ExitStack() as stack:
            with _another_out(folder):
                for each in (*reversed(folder.parents), folder):
                    if not each.exists():
                        each.mkdir()
                        made.append(each)
                # Model servers ignore the temporary name: they look for whole numbers.
                version = Version(stack.enter_context(temporary_folder(folder)))
            yield version
            with _another_out(folder):
                version.path = _rename_to_next(version.part, folder)
    finally:
        # Only empty folders can be removed this way.
        for each in reversed(made):
            with suppress(OSError):
                each.rmdir()


def _rename_to_next(part: Path, folder: Path) -> Path:
    """Rename a folder to the number after the highest in `folder`."""
    numbers = [int(each.name) for each in folder.iterdir() if each.name.isascii() and each.name.isdigit()]
    number = max(numbers, default=0) + 1
    while True:
        target = folder / str(number)
        if not target.exists():
            try:
                os.rename(part, target)
            except OSError:
                # Another export may have taken the number in between.
                if not target.exists():
                    raise
            else:
                return target
        number += 1


@contextmanager
def _another_out(folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one that asks for another `--out`."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({one_line(error)}): choose another folder with --out") from error
