"""Which files a data folder held when its sounds were read, and what has changed in it since.

Files are compared by what they hold and by their name in the folder, so that a folder may be moved or copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from audio_vae.data.reading import Item

Fingerprint = Mapping[str, Any]
"""`bytes`, `modified_ns` (time of change, in nanoseconds since 1970) and `blake2b`; empty if only the name is known."""

_MOST_NAMES = 3


def fingerprints(items: Sequence[Item]) -> dict[str, Fingerprint]:
    """Return name → fingerprint of the items that are files; files that cannot be read have an empty one."""
    return {item.name: fingerprint(item.path) for item in items if item.path is not None}


def fingerprint(path: Path) -> Fingerprint:
    """Return the fingerprint of a file; an empty one if it cannot be read."""
    with suppress(OSError):
        state = path.stat()
        return {"bytes": state.st_size, "modified_ns": state.st_mtime_ns, "blake2b": _digest(path)}
    return {}


def changes(before: Mapping[str, Fingerprint], items: Sequence[Item]) -> str | None:
    """Return what has changed since some fingerprints were taken, in words; `None` if nothing has.

    A file is read only if it is as large as before and its time of change is another.
    """
    now = {item.name: item.path for item in items if item.path is not None}
    kinds = {
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "changed": [name for name, path in now.items() if name in before and differs(before[name], path)],
    }
    return "; ".join(_described(kind, names) for kind, names in kinds.items() if names) or None


def _described(kind: str, names: list[str]) -> str:
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"{len(names)} {kind}: {', '.join(sorted(names)[:_MOST_NAMES])}{more}"


def differs(before: Fingerprint, path: Path) -> bool:
    """Return whether a file is another than the one whose fingerprint was taken, as far as that is known.

    It is read only if it is as large as before and its time of change is another.
    """
    if not before:
        return False
    try:
        state = path.stat()
        if state.st_size != before["bytes"]:
            return True
        return state.st_mtime_ns != before["modified_ns"] and _digest(path) != before["blake2b"]
    except OSError:
        return True


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    # What is no ordinary file, such as a pipe, is refused when it is read as a sound, and would never end here.
    if not path.is_file():
        return
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
