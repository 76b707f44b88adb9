"""Sounds in deeper folders than those that name the classes: what users of such a folder probably want."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

INNERMOST = "([^/]+)/[^/]+$"
"""Pattern for the name of the folder that a file lies in."""

_MOST_NAMES = 5


def better_folder(data: str, names: Sequence[str]) -> str | None:
    """Return the folder to name in place of one that holds a single folder, in words with what is in it.

    Args:
        data: the folder.
        names: paths of the sounds in it, with `/`.

    Returns:
        The deepest folder that all sounds lie in, such as `sounds/pack (with kicks, snares)`; `None` if that is `data`,
        or if there are not two folders in it.
    """
    folders = [PurePosixPath(name).parent.parts for name in names]
    shared = 0
    while folders and len({parts[: shared + 1] for parts in folders}) == 1 and len(folders[0]) > shared:
        shared += 1
    inner = sorted({parts[shared] for parts in folders if len(parts) > shared})
    if not shared or len(inner) < 2:
        return None
    return f"{shlex.quote(str(Path(data, *folders[0][:shared])))} (with {_shown(inner)})"


def repeated_folders(names: Sequence[str]) -> str | None:
    """Return the names of the folders that the sounds lie in, if the same names occur in several class folders.

    That is how packs are sorted: `pack 1/kicks/a.wav`, `pack 2/kicks/b.wav`. `None` if it is not so.

    Args:
        names: paths of the sounds in the data folder, with `/`.
    """
    places = {PurePosixPath(name).parent.parts for name in names}
    inner = [parts[-1] for parts in places if len(parts) > 1]
    # A name twice in one class folder tells nothing of the others.
    outer = {(parts[0], parts[-1]) for parts in places if len(parts) > 1}
    is_repeated = len(outer) > len({last for _, last in outer})
    return _shown(sorted(set(inner))) if is_repeated and len(set(inner)) > 1 else None


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
