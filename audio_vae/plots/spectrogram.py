"""Spectrograms for the eye, on a logarithmic frequency axis.

They are computed and drawn without librosa, which compiles parts of its own for 20 s when it is first used after an
installation, and takes a second to import: a morph should not wait for that. Matplotlib's `specgram` takes three times
as long, because it transforms real numbers as if they were complex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

RANGE_DB = 80.0
"""Quieter than this below the loudest point of a picture is drawn as silence."""

_LOWEST_HZ = 50.0
_N_BANDS = 96
_WINDOW_S = 0.032
_LEAST_WINDOW = 16
_MOST_FRAMES = 256
_TICKS_HZ = (100, 1000, 10000)
_COLOUR_MAP = "magma"


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """What is drawn of a sound.

    Attributes:
        decibels: levels from −`RANGE_DB` to 0, the loudest of the whole picture; float64 `[bands, frames]`.
        edges_s: where the frames begin, and where the last one ends; float64 `[frames + 1]`.
    """

    decibels: np.ndarray
    edges_s: np.ndarray


def spectrograms(sounds: Sequence[np.ndarray], rate_hz: int) -> list[Spectrogram]:
    """Return the spectrograms of the sounds of one picture, all on one scale of levels.

    The window is 32 ms. It is shorter where even the longest sound has only a few of these, and longer where there
    would be more frames than a picture shows.

    Args:
        sounds: each float `[n]`.
        rate_hz: their sample rate.
    """
    longest = max((len(samples) for samples in sounds), default=0)
    window = round(max(min(_WINDOW_S * rate_hz, longest / 8), 2 * longest / _MOST_FRAMES, _LEAST_WINDOW))
    hop = max(1, min(-(-longest // _MOST_FRAMES), window // 2))
    powers = [_band_powers(samples, rate_hz, window, hop) for samples in sounds]
    loudest = max((float(power.max(initial=0.0)) for power in powers), default=0.0) or 1.0
    least = 10 ** (-RANGE_DB / 10)
    return [
        Spectrogram(
            decibels=10 * np.log10(np.maximum(power / loudest, least)),
            edges_s=_frame_edges_s(power.shape[1], len(samples), hop, rate_hz),
        )
        for samples, power in zip(sounds, powers, strict=True)
    ]


def draw_spectrogram(axes: Axes, spectrogram: Spectrogram, bottom: float = 0.0, height: float = 1.0) -> QuadMesh:
    """Draw a spectrogram into a strip of some axes, from time 0 on; the axes' ticks are removed.

    Args:
        axes: where the horizontal axis is time in seconds.
        spectrogram: what to draw.
        bottom: where the lowest frequency lies on the vertical axis.
        height: how far above that the highest lies.
    """
    mesh = axes.pcolormesh(
        spectrogram.edges_s,
        bottom + height * np.linspace(0, 1, len(spectrogram.decibels) + 1),
        spectrogram.decibels,
        cmap=_COLOUR_MAP,
        shading="flat",
        edgecolors="None",
        rasterized=True,
        vmin=-RANGE_DB,
        vmax=0.0,
    )
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    return mesh


def label_frequencies(
    axes: Axes, rate_hz: int, bottoms: Sequence[float] = (0.0,), height: float = 1.0, *, only_middle: bool = False
) -> None:
    """Mark frequencies in kHz on the left of some axes.

    Args:
        axes: axes with strips that `draw_spectrogram` drew.
        rate_hz: sample rate of the sounds.
        bottoms: of the strips that get marks.
        height: of a strip.
        only_middle: mark 1 kHz alone, for strips that are too low for more.
    """
    lowest_hz, highest_hz = _limits_hz(rate_hz)
    ticks_hz = [each for each in _TICKS_HZ if lowest_hz <= each <= highest_hz]
    if only_middle:
        ticks_hz = [each for each in ticks_hz if each == 1000]
    places = [np.log(each / lowest_hz) / np.log(highest_hz / lowest_hz) for each in ticks_hz]
    axes.set_yticks(
        [bottom + height * place for bottom in bottoms for place in places],
        [f"{each / 1000:g}" for each in ticks_hz] * len(bottoms),
    )
    axes.tick_params(axis="y", length=2, labelsize=7, pad=2)
    axes.set_ylabel("frequency (kHz)", fontsize=8, labelpad=3)


def add_colour_bar(figure: Figure, mesh: QuadMesh, all_axes: Sequence[Axes], height_inches: float = 1.6) -> None:
    """Put the scale of levels to the right of a figure.

    Args:
        figure: the figure.
        mesh: one of its spectrograms.
        all_axes: the axes that the scale stands beside.
        height_inches: its height, at most that of the figure.
    """
    whole = figure.get_figheight()
    bar = figure.colorbar(mesh, ax=list(all_axes), location="right", shrink=min(0.8, height_inches / whole), aspect=16)
    bar.set_label("level (dB)", fontsize=8)
    ticks_db = np.linspace(-RANGE_DB, 0, 5)
    bar.set_ticks(ticks_db, labels=[f"{each:.0f}".replace("-", "−") for each in ticks_db])
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def _band_powers(samples: np.ndarray, rate_hz: int, window: int, hop: int) -> np.ndarray:
    """Return the mean power of logarithmically spaced bands, float64 `[bands, frames]`; silence for no samples."""
    # A frame is centred on every multiple of the hop within the sound; beyond the sound is silence.
    n_frames = max(1, -(-len(samples) // hop))
    padded = np.zeros((n_frames - 1) * hop + window)
    kept = samples[: len(padded) - window // 2]
    padded[window // 2 : window // 2 + len(kept)] = kept
    # Twice as many bins as the window gives, so that low bands do not repeat one another.
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    shape = np.hanning(window)
    spectra = fft.rfft(frames * shape, 2 * window, axis=1).T
    bins_hz = np.fft.rfftfreq(2 * window, 1 / rate_hz)
    # Power density; frequencies below zero count for those above.
    powers = (spectra.real**2 + spectra.imag**2) / (rate_hz * np.sum(shape**2))
    powers[1:-1] *= 2
    # The sum up to any frequency is interpolated, so that a band may be narrower or wider than a bin.
    sums = np.concatenate([np.zeros((1, powers.shape[1])), np.cumsum(powers, axis=0)])
    half_bin_hz = bins_hz[1] / 2
    sum_edges_hz = np.concatenate([[-half_bin_hz], bins_hz + half_bin_hz])
    edges_hz = np.geomspace(*_limits_hz(rate_hz), _N_BANDS + 1)
    above = np.clip(np.searchsorted(sum_edges_hz, edges_hz), 1, len(sum_edges_hz) - 1)
    share = (edges_hz - sum_edges_hz[above - 1]) / (sum_edges_hz[above] - sum_edges_hz[above - 1])
    at_edges = (1 - share)[:, np.newaxis] * sums[above - 1] + share[:, np.newaxis] * sums[above]
    return np.diff(at_edges, axis=0) / np.diff(edges_hz)[:, np.newaxis]


def _frame_edges_s(n_frames: int, n_samples: int, hop: int, rate_hz: int) -> np.ndarray:
    """Frames are centred on multiples of the hop; the first begins, and the last ends, with the sound."""
    edges = (np.arange(n_frames + 1) - 0.5) * hop
    edges[0], edges[-1] = 0, max(n_samples, 1)
    return edges / rate_hz


def _limits_hz(rate_hz: int) -> tuple[float, float]:
    return min(_LOWEST_HZ, rate_hz / 40), rate_hz / 2
