"""Curves of the loss terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from audio_vae.plots.figure import _figure, _save
from audio_vae.plots.waveforms import _RECONSTRUCTION


def save_training_curves(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Draw every loss term over the epochs, one panel each.

    Args:
        path: the PNG to write.
        history: rows of history.csv, at least one.
    """
    terms = [name for name in history[0] if name != "epoch"]
    epochs = [row.get("epoch", number) for number, row in enumerate(history, start=1)]
    figure = _figure(3.6 * len(terms), 3)
    for axes, term in zip(figure.subplots(1, len(terms), squeeze=False)[0], terms, strict=True):
        values = np.array([row[term] for row in history])
        # A single epoch is a point, which a line alone would not show.
        axes.plot(epochs, values, color=_RECONSTRUCTION, linewidth=1.2, marker="o" if len(values) < 20 else "")
        if values.min() > 0 and values.max() > 100 * values.min():
            axes.set_yscale("log")
        axes.set_title(term.replace("_", " "), fontsize=10)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
    _save(figure, path)
