"""Reconstructions and class centres: waveforms, with spectrograms beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_vae.plots import figure, spectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

    Panel = tuple[str, Callable[[Axes], QuadMesh | None]]
    """A title, and what draws into the axes below it; a spectrogram returns its mesh."""

MOST_PANELS = 24
"""Classes that are drawn; a folder of sounds may have hundreds."""

_WIDTH_INCHES = 10.0
_ROW_INCHES = 1.1
_MARGIN_INCHES = 0.8
# Width of a waveform, relative to that of a spectrogram.
_WAVEFORM_SHARE = 1.5


@figure.standard_style()
def save_reconstructions(
    path: Path, originals: Mapping[str, np.ndarray], reconstructions: Mapping[str, np.ndarray], rate_hz: int
) -> None:
    """Draw reconstructed sounds over the originals, and the spectrograms of both, a row for each sound.

    Args:
        path: the PNG to write.
        originals: title → float `[T]`.
        reconstructions: the same titles → float `[T]`.
        rate_hz: their sample rate.
    """
    titles = list(originals)[:MOST_PANELS]
    pairs = [(originals[title], reconstructions[title]) for title in titles]
    images = spectrogram.spectrograms([samples for pair in pairs for samples in pair], rate_hz)
    panels: list[Panel] = []
    for number, (title, (original, reconstruction)) in enumerate(zip(titles, pairs, strict=True)):
        overlaid = ((original, figure.ORIGINAL_COLOUR), (reconstruction, figure.MODEL_COLOUR))
        panels.append((title, partial(_draw_waveforms, overlaid, rate_hz, 1.0)))
        for called, image in zip(("original", "reconstruction"), images[2 * number :], strict=False):
            panels.append(("" if number else called, partial(_draw_spectrum, image, rate_hz)))
    heading = _heading("Test sounds (grey) and their reconstructions (blue)", len(titles), len(originals))
    _save_panels(path, panels, [_WAVEFORM_SHARE, 1, 1], heading, len(pairs[0][0]) / rate_hz)


@figure.standard_style()
def save_centres(path: Path, centres: Mapping[str, np.ndarray], rate_hz: int) -> None:
    """Draw the decoded class centres and their spectrograms, all on one scale of levels.

    Args:
        path: the PNG to write.
        centres: class name → float `[T]`, as decoded.
        rate_hz: their sample rate.
    """
    names = list(centres)[:MOST_PANELS]
    sounds = [centres[name] for name in names]
    images = spectrogram.spectrograms(sounds, rate_hz)
    loudest = max(float(np.max(np.abs(samples))) for samples in sounds) or 1.0
    panels: list[Panel] = []
    for name, samples, image in zip(names, sounds, images, strict=True):
        panels.append((name, partial(_draw_waveforms, ((samples, figure.MODEL_COLOUR),), rate_hz, loudest)))
        panels.append(("", partial(_draw_spectrum, image, rate_hz)))
    heading = _heading("Decoded class centres, levels as decoded", len(names), len(centres))
    _save_panels(path, panels, [_WAVEFORM_SHARE, 1] * 2, heading, len(sounds[0]) / rate_hz)


def _heading(text: str, n_shown: int, n_all: int) -> str:
    return text if n_shown == n_all else f"{text}: the first {n_shown} of {n_all}"


def _draw_waveforms(
    sounds: Sequence[tuple[np.ndarray, str]], rate_hz: int, loudest: float, axes: Axes
) -> QuadMesh | None:
    for samples, colour in sounds:
        axes.plot(np.arange(len(samples)) / rate_hz, samples, color=colour, linewidth=0.6)
    axes.set_ylim(-1.05 * loudest, 1.05 * loudest)
    axes.tick_params(axis="y", labelsize=7)


def _draw_spectrum(image: spectrogram.Spectrogram, rate_hz: int, axes: Axes) -> QuadMesh | None:
    mesh = spectrogram.draw_spectrogram(axes, image)
    spectrogram.label_frequencies(axes, rate_hz)
    axes.set_ylabel("kHz", fontsize=7, labelpad=1)
    return mesh


def _save_panels(path: Path, panels: Sequence[Panel], widths: Sequence[float], heading: str, duration_s: float) -> None:
    """Draw panels row by row, as many to a row as there are relative widths; the lowest ones show the time."""
    n_columns = len(widths)
    n_rows = -(-len(panels) // n_columns)
    fig = figure.new_figure(_WIDTH_INCHES, _MARGIN_INCHES + _ROW_INCHES * n_rows)
    all_axes = fig.subplots(n_rows, n_columns, squeeze=False, width_ratios=widths).ravel()
    mesh = None
    for place, (axes, (title, draw)) in enumerate(zip(all_axes, panels, strict=False)):
        mesh = draw(axes) or mesh
        is_lowest = place + n_columns >= len(panels)
        figure.label_time(axes, duration_s, is_labelled=is_lowest)
        axes.set_title(figure.short_name(title), fontsize=8, loc="left", pad=3)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    spectrogram.add_colour_bar(fig, mesh, all_axes)
    fig.suptitle(heading, fontsize=10)
    figure.save(fig, path)
