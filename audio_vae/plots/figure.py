"""What all pictures share: figures, colours, names, saving.

Figures are made without pyplot's functions, so there is no global state and no display is needed. Matplotlib is
imported when the first picture is drawn, because it is slow to import.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
"""Pixels of a picture per inch."""

MODEL_COLOUR = "#1f5a94"
"""Colour of what a model made."""

MIX_COLOUR = "#9a5b13"
"""Colour of a plain mix of sounds."""

ORIGINAL_COLOUR = "0.7"
"""Colour of a real sound behind what a model made of it."""

_LONGEST_NAME = 48
_COPY_WIDTH = 1000
_COPY_COLOURS = 64


@contextmanager
def standard_style() -> Iterator[None]:
    """Draw with Matplotlib's own defaults, whatever the user's matplotlibrc or program says; their settings come back.

    Also a decorator: every function of this folder that draws is marked `@standard_style()`.
    """
    matplotlib = _import_matplotlib()
    # The backend belongs to pyplot, which is not used here, and rc_context does not give it back.
    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    with matplotlib.rc_context(defaults):
        yield


def _import_matplotlib():
    """Import Matplotlib also where MPLBACKEND names a backend that is not installed, or its settings are damaged."""
    try:
        import matplotlib
    except Exception:
        kept = {name: os.environ.pop(name, None) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
        os.environ["MATPLOTLIBRC"] = os.devnull
        # What an import leaves behind that failed half-way would be taken for the whole.
        for name in [each for each in sys.modules if each.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]
        try:
            import matplotlib
        finally:
            del os.environ["MATPLOTLIBRC"]
            os.environ.update({name: value for name, value in kept.items() if value is not None})
    return matplotlib


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, whose parts are laid out without overlaps when it is saved."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def class_colour(label: int, n_classes: int) -> tuple[float, ...]:
    """Return the colour of a class, as red, green, blue and opacity from 0 to 1."""
    import matplotlib

    if n_classes <= 10:
        return matplotlib.colormaps["tab10"](label)
    return matplotlib.colormaps["turbo"](label / (n_classes - 1))


def literal(text: str) -> str:
    """Return a text that Matplotlib draws to the letter: not as a formula, and not hidden from a legend."""
    return (" " + text if text.startswith("_") else text).replace("$", r"\$")


def short_name(name: str, most: int = _LONGEST_NAME) -> str:
    """Return the name of a sound or a class as it is drawn: cut to a number of characters, and to the letter."""
    return literal(name if len(name) <= most else name[: most - 1] + "…")


def label_time(axes: Axes, duration_s: float, *, is_labelled: bool = True) -> None:
    """Make the horizontal axis one of time, from 0 to a number of seconds.

    Args:
        axes: the axes.
        duration_s: where the axis ends.
        is_labelled: show the numbers; without, only the marks are drawn.
    """
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0, duration_s)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=8, labelbottom=is_labelled)
    if is_labelled:
        axes.set_xlabel("time (s)", fontsize=9)


def save(figure: Figure, path: Path | BinaryIO) -> None:
    """Write a figure as a PNG file, or into one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # `savefig` draws twice, the first time to lay out the parts, which drawing itself does.
    figure.set_dpi(DPI)
    with boxes_for_missing_glyphs():
        FigureCanvasAgg(figure).print_png(path)


def save_small_copy(path: Path, source: Path) -> None:
    """Copy a picture with the pixels and colours that a page needs, in about a quarter of the bytes.

    Args:
        path: the PNG to write, at most 1000 pixels wide.
        source: the PNG to copy.
    """
    from PIL import Image

    with Image.open(source) as picture:
        copy = picture.convert("RGB")
    if copy.width > _COPY_WIDTH:
        copy = copy.resize((_COPY_WIDTH, round(copy.height * _COPY_WIDTH / copy.width)), Image.Resampling.LANCZOS)
    copy.quantize(_COPY_COLOURS, dither=Image.Dither.NONE).save(path, format="PNG", optimize=True)


@contextmanager
def boxes_for_missing_glyphs() -> Iterator[None]:
    """Draw characters that the default font lacks as boxes, without Matplotlib's warnings, which help no user."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
