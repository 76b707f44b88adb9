"""Numbered versions of an export, as model servers expect them; each is complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audio_vae.utils.folders import explained, new_folders, temporary_folder


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
    with ExitStack() as stack:
        with explained(folder):
            place = stack.enter_context(new_folders(folder))
            # Model servers ignore the temporary name: they look for whole numbers.
            version = Version(stack.enter_context(temporary_folder(place)))
        with explained(folder, version.part):
            yield version
        with explained(folder):
            version.path = folder / _rename_to_next(version.part, place)


def _rename_to_next(part: Path, folder: Path) -> str:
    """Rename a folder to the number after the highest in `folder`, and return this number."""
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
                return target.name
        number += 1
