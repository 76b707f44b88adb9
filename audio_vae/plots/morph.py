"""The picture of a morph (Figure 3 of Lionello and Purwins, 2020), with spectrograms beside the waveforms."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from audio_vae.plots import figure, spectrogram

_ROW_INCHES = 0.6
_MARGIN_INCHES = 1.2
_COLUMN_INCHES = 4.8
_MOST_INCHES = 24.0
_MOST_LABELS = 33
_TITLE_WIDTH = 54
_ROW_FILL = 0.92
# A row that is lower than this has room for a single frequency.
_TALL_ROW_INCHES = 0.4
_COLOURS = (figure.MODEL_COLOUR, figure.MIX_COLOUR)


@figure.standard_style()
def save_morph_plot(
    path: Path | BinaryIO,
    columns: Mapping[str, Sequence[np.ndarray]],
    rate_hz: int,
    labels: Sequence[Sequence[str]],
    y_label: str = "position on the path",
) -> None:
    """Draw the waveforms and spectrograms of all steps one above the other, a pair of columns for each path.

    All waveforms have one scale, so that levels can be compared. All spectrograms have one scale of decibels.

    Args:
        path: the PNG to write, or a file that it is written into.
        columns: title → steps, each float `[n]`; the same number of steps in each column.
        rate_hz: their sample rate.
        labels: of the rows, for each column; where two columns have the same, the second shows none.
        y_label: what the labels are.
    """
    tracks = list(columns.values())
    n_steps = len(tracks[0])
    sounds = [samples for track in tracks for samples in track]
    longest_s = max(len(samples) for samples in sounds) / rate_hz
    loudest = max(float(np.max(np.abs(samples), initial=0.0)) for samples in sounds) or 1.0
    images = spectrogram.spectrograms(sounds, rate_hz)
    height = min(_MARGIN_INCHES + _ROW_INCHES * n_steps, _MOST_INCHES)
    labelled = np.unique(np.linspace(0, n_steps - 1, min(n_steps, _MOST_LABELS)).round().astype(int))

    fig = figure.new_figure(0.8 + _COLUMN_INCHES * len(tracks), height)
    all_axes = fig.subplots(1, 2 * len(tracks), squeeze=False, width_ratios=[1.5, 1] * len(tracks))[0]
    mesh = None
    for number, (title, track) in enumerate(columns.items()):
        of_waveforms, of_spectra = all_axes[2 * number : 2 * number + 2]
        _draw_waveforms(of_waveforms, track, rate_hz, _ROW_FILL / 2 / loudest, _COLOURS[number % len(_COLOURS)])
        for step in range(n_steps):
            bottom = -step - _ROW_FILL / 2
            mesh = spectrogram.draw_spectrogram(of_spectra, images[number * n_steps + step], bottom, _ROW_FILL)
        wrapped = "\n".join(textwrap.wrap(title, _TITLE_WIDTH, max_lines=3, placeholder=" …"))
        of_waveforms.set_title(figure.literal(wrapped), fontsize=10, loc="left")
        of_waveforms.tick_params(axis="y", length=0, labelsize=9)
        is_known = number > 0 and list(labels[number]) == list(labels[0])
        of_waveforms.set_yticks(
            -labelled, ["" if is_known else figure.short_name(labels[number][step]) for step in labelled]
        )
        spectrogram.label_frequencies(
            of_spectra,
            rate_hz,
            -labelled - _ROW_FILL / 2,
            _ROW_FILL,
            only_middle=(height - _MARGIN_INCHES) / n_steps < _TALL_ROW_INCHES,
        )
        for axes in (of_waveforms, of_spectra):
            _finish(axes, longest_s, n_steps)
    all_axes[0].set_ylabel(y_label)
    spectrogram.add_colour_bar(fig, mesh, all_axes)
    figure.save(fig, path)


def _draw_waveforms(axes, track: Sequence[np.ndarray], rate_hz: int, scale: float, colour: str) -> None:
    for step, samples in enumerate(track):
        axes.axhline(-step, color="0.85", linewidth=0.5, zorder=0)
        axes.plot(np.arange(len(samples)) / rate_hz, scale * samples - step, color=colour, linewidth=0.6)


def _finish(axes, longest_s: float, n_steps: int) -> None:
    """Give both kinds of axes the same limits, which keeps the rows of a step side by side."""
    figure.label_time(axes, longest_s)
    axes.set_ylim(-n_steps + 0.5, 0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
