"""Names of files, classes and speakers, which may be written in two ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def composed(name: str) -> str:
    """Return a name with each letter and its accents as one character (Unicode's form C), as keyboards type it.

    Names that are the same to a reader are then equal. macOS hands out the names of files with letters and accents
    apart (form D).
    """
    return unicodedata.normalize("NFC", name)


def composed_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names for `composed`, or as they are if two different ones would become the same."""
    changed = tuple(map(composed, names))
    return changed if len(set(changed)) == len(set(names)) else tuple(names)


def decomposed(name: str) -> str:
    """Return a name with letters and accents apart (Unicode's form D)."""
    return unicodedata.normalize("NFD", name)
