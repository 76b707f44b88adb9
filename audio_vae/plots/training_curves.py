"""Curves of the loss terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from audio_vae.plots import figure

_MOST_IN_A_ROW = 4
_WIDTH_INCHES = 10.0
_ROW_INCHES = 2.5
# A single epoch is a point, which a line alone would not show; so are few.
_MOST_MARKED_EPOCHS = 20


@figure.standard_style()
def save_training_curves(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Draw every loss term over the epochs, a panel for each, at most four to a row.

    Args:
        path: the PNG to write.
        history: the rows of history.csv, at least one.
    """
    terms = [name for name in history[0] if name != "epoch"]
    epochs = [row.get("epoch", number) for number, row in enumerate(history, start=1)]
    n_rows = -(-len(terms) // _MOST_IN_A_ROW)
    n_columns = -(-len(terms) // n_rows)
    fig = figure.new_figure(_WIDTH_INCHES, _ROW_INCHES * n_rows)
    all_axes = fig.subplots(n_rows, n_columns, squeeze=False).ravel()
    for place, (axes, term) in enumerate(zip(all_axes, terms, strict=False)):
        values = np.array([row[term] for row in history])
        marker = "o" if len(values) < _MOST_MARKED_EPOCHS else ""
        axes.plot(epochs, values, color=figure.MODEL_COLOUR, linewidth=1.2, marker=marker)
        if values.min() > 0 and values.max() > 100 * values.min():
            axes.set_yscale("log")
        axes.set_title(term.replace("_", " "), fontsize=11)
        axes.tick_params(labelsize=9)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        if place + n_columns >= len(terms):
            axes.set_xlabel("epoch", fontsize=10)
        axes.grid(alpha=0.3)
    for axes in all_axes[len(terms) :]:
        axes.set_visible(False)
    figure.save(fig, path)
