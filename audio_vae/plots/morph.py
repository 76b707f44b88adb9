"""The picture of a morph (Figure 3 of Lionello and Purwins, 2020)."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_ROW_INCHES = 0.62
_MOST_INCHES = 24.0
_MOST_LABELS = 33
_COLOURS = ("#1f5a94", "#9a5b13")


def save_morph_plot(
    path: Path,
    columns: Mapping[str, Sequence[np.ndarray]],
    rate_hz: int,
    labels: Sequence[Sequence[str]],
    y_label: str = "position on the path, from start to end",
) -> None:
    """Draw the waveforms of all steps one above the other, a column a path, and save them as PNG.

    All rows of all columns share one scale, so that levels can be compared.

    Args:
        path: the file to write.
        columns: title → steps, each float `[n]`; the same number of steps in each column.
        rate_hz: their sample rate.
        labels: of the rows, for each column; where two columns have the same, the second shows none.
        y_label: what the labels are.
    """
    # Late, because it is the slowest import of the package; Figure instead of pyplot, which needs no display.
    from matplotlib.figure import Figure

    steps = len(next(iter(columns.values())))
    tracks = list(columns.values())
    largest = max((float(np.max(np.abs(samples), initial=0.0)) for track in tracks for samples in track), default=0.0)
    longest_s = max(len(samples) for track in tracks for samples in track) / rate_hz
    half_row = largest or 1.0

    figure = Figure(figsize=(5.5 * len(columns), min(1.3 + _ROW_INCHES * steps, _MOST_INCHES)), layout="constrained")
    all_axes = figure.subplots(1, len(columns), sharex=True, squeeze=False)[0]
    for number, (axes, (title, track), colour) in enumerate(
        zip(all_axes, columns.items(), _COLOURS * len(columns), strict=False)
    ):
        for step, samples in enumerate(track):
            baseline = -2.1 * half_row * step
            axes.axhline(baseline, color="0.85", linewidth=0.5, zorder=0)
            axes.plot(np.arange(len(samples)) / rate_hz, samples + baseline, color=colour, linewidth=0.6)
        # A name may hold a dollar sign, which matplotlib would read as the start of a formula.
        axes.set_title("\n".join(textwrap.wrap(title, 52, max_lines=3)), fontsize=10, parse_math=False)
        axes.set_xlabel("time (s)")
        axes.set_xlim(0, longest_s)
        axes.set_ylim(-2.1 * half_row * (steps - 0.5), 1.05 * half_row)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        labelled = np.unique(np.linspace(0, steps - 1, min(steps, _MOST_LABELS)).round().astype(int))
        is_known = number > 0 and list(labels[number]) == list(labels[0])
        axes.set_yticks(
            -2.1 * half_row * labelled,
            ["" if is_known else labels[number][step] for step in labelled],
            parse_math=False,
        )
    figure.axes[0].set_ylabel(y_label)
    with warnings.catch_warnings():
        # Names in scripts that the default font lacks are drawn as boxes; that is no news for the user.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(path, dpi=120, format="png")
