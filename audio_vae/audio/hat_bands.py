"""Hat-shaped ranges: the weight of each falls linearly to 0 at the centres of its neighbours.

Power is averaged in such ranges and controls are interpolated between them with the same weights, which add up to 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_CORNER_HZ = 400.0
"""Corner of the mels, which gives low bands a little more room than the usual 700 Hz."""


def hats(positions: np.ndarray, n_values: int) -> np.ndarray:
    """Return the weights of the values at 0, 1, … in a linear interpolation.

    Args:
        positions: where to interpolate, float `[n]`.
        n_values: number of values.

    Returns:
        float32 `[n, n_values]`; a row has at most two weights that are not 0.
    """
    return np.clip(1 - np.abs(positions[:, None] - np.arange(n_values)), 0, None).astype(np.float32)


def mel_positions(frequencies_hz, n_bands: int, rate_hz: int, log: Callable = np.log):
    """Return where frequencies lie among bands that are equally wide in mels, in units of a band.

    Args:
        frequencies_hz: an array, or a tensor with the logarithm of its backend.
        n_bands: number of bands, from 0 Hz to half the sample rate.
        rate_hz: sample rate.
        log: natural logarithm of such values.

    Returns:
        The same shape; the centre of the first band is at 0, that of the last one at `n_bands` − 1.
    """
    return log(1 + frequencies_hz / _CORNER_HZ) * float(n_bands / np.log1p(rate_hz / 2 / _CORNER_HZ)) - 0.5


def mel_band_weights(frequencies_hz, n_bands: int, rate_hz: int) -> np.ndarray:
    """Return the share of each band in the power at some frequencies; the shares add up to 1.

    Args:
        frequencies_hz: `[n]`.
        n_bands: number of bands, from 0 Hz to half the sample rate, equally wide in mels.
        rate_hz: sample rate.

    Returns:
        float32 `[n, n_bands]`.
    """
    positions = mel_positions(np.asarray(frequencies_hz, np.float64), n_bands, rate_hz)
    return hats(np.clip(positions, 0, n_bands - 1), n_bands)
