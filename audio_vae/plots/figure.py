"""What all pictures share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DPI = 120


_COPY_WIDTH = 1000


_COPY_COLOURS = 32


def save_small_copy(source: Path, target: Path) -> None:
    """Copy a picture with the pixels and colours that a page needs, in a quarter of the bytes.

    Args:
        source: a PNG.
        target: the PNG to write.
    """
    from PIL import Image

    with Image.open(source) as picture:
        copy = picture.convert("RGB")
    if copy.width > _COPY_WIDTH:
        copy = copy.resize((_COPY_WIDTH, round(copy.height * _COPY_WIDTH / copy.width)), Image.Resampling.LANCZOS)
    copy.quantize(_COPY_COLOURS, dither=Image.Dither.NONE).save(target, format="PNG", optimize=True)


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _colour(label: int, n_classes: int):
    import matplotlib

    if n_classes <= 10:
        return matplotlib.colormaps["tab10"](label)
    return matplotlib.colormaps["turbo"](label / (n_classes - 1))


def _plain(name: str) -> str:
    """Return a name as Matplotlib draws it to the letter: no formula, no hidden legend entry."""
    name = name if len(name) <= 48 else name[:47] + "…"
    return (" " + name if name.startswith("_") else name).replace("$", r"\$")


def _save(figure, path: Path) -> None:
    with _boxes_for_missing_glyphs():
        figure.savefig(path, dpi=_DPI, format="png")


@contextmanager
def _boxes_for_missing_glyphs() -> Iterator[None]:
    """Draw names in scripts that the default font lacks as boxes; that is no news for the user."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
