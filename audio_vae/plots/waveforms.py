"""Pictures of the evaluation report, each written as one PNG file.

Figures are made without pyplot, so there is no global state and no display is needed; Matplotlib is
imported when the first one is drawn, because it is slow to import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from audio_vae.plots.figure import _figure, _plain, _save

MOST_PANELS = 24
"""Classes that a picture with a panel a class shows; a folder of sounds may have hundreds."""

_ORIGINAL = "0.7"
_RECONSTRUCTION = "#1f5a94"


def save_reconstructions(
    path: Path, originals: Mapping[str, np.ndarray], reconstructions: Mapping[str, np.ndarray], rate_hz: int
) -> None:
    """Draw reconstructed sounds over the originals, one panel a sound.

    Args:
        path: the PNG to write.
        originals: title → float `[T]`.
        reconstructions: the same titles → float `[T]`.
        rate_hz: their sample rate.
    """

    def draw(axes, title):
        time_s = np.arange(len(originals[title])) / rate_hz
        axes.plot(time_s, originals[title], color=_ORIGINAL, linewidth=0.6)
        axes.plot(time_s, reconstructions[title], color=_RECONSTRUCTION, linewidth=0.6)
        axes.set_ylim(-1.05, 1.05)

    _save_panels(path, list(originals), draw, "Test sounds (grey) and their reconstructions (blue)")


def save_centres(path: Path, centres: Mapping[str, np.ndarray], rate_hz: int) -> None:
    """Draw the decoded class centres, one panel a class, all on one scale.

    Args:
        path: the PNG to write.
        centres: class name → float `[T]`, as decoded.
        rate_hz: their sample rate.
    """
    largest = max(float(np.max(np.abs(samples))) for samples in centres.values()) or 1.0

    def draw(axes, name):
        axes.plot(np.arange(len(centres[name])) / rate_hz, centres[name], color=_RECONSTRUCTION, linewidth=0.6)
        axes.set_ylim(-1.05 * largest, 1.05 * largest)

    _save_panels(path, list(centres), draw, "Decoded class centres, levels as decoded")


def _save_panels(path: Path, titles: Sequence[str], draw, heading: str) -> None:
    shown = titles[:MOST_PANELS]
    if len(shown) < len(titles):
        heading += f" (the first {len(shown)} of {len(titles)})"
    n_rows = -(-len(shown) // 2)
    figure = _figure(10, 0.8 + 1.25 * n_rows)
    panels = figure.subplots(n_rows, 2, sharex=True, squeeze=False).ravel()
    for axes, title in zip(panels, shown, strict=False):
        draw(axes, title)
        axes.set_title(_plain(title), fontsize=8, loc="left", pad=2)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(shown) - 2) : len(shown)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("time (s)", fontsize=8)
    figure.suptitle(heading, fontsize=10)
    _save(figure, path)
