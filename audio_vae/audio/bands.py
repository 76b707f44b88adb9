"""A sound split into half-octave bands, to be shaped in each and joined again, and the log-time cells of its power.

The bands add up to the sound, so that equal gains in all of them change nothing but the level, and gains that are
smooth in time and frequency make neither ringing nor musical noise. Each band is analytic, shifted to 0 Hz and sampled
at twice its width only, after N. Holighaus et al., A Framework for Invertible, Real-Time Constant-Q Transforms (2013).
"""

from __future__ import annotations

import numpy as np
from scipy import fft

LOWEST_HZ = 50.0
"""Centre of the lowest band, which holds all below it as well."""

PER_OCTAVE = 2
MOST_BANDS = 18

# Below these frequencies the lowest band fades out, so that nothing that was shaped has a constant level.
_NOTHING_HZ, _ALL_HZ = 8.0, 16.0
# Silence that is appended, so that the end of a filtered sound does not come back at its start.
_SILENCE_S = 0.08
# A band has so many times the points that it needs: what a gain adds around it has room.
_ROOM = 2

CELL_S = 0.010
"""Where cells stop to have one length and begin to grow with time."""

CELL_RATIO = 1.12


class Bands:
    """Half-octave bands of sounds of one length and rate.

    Args:
        n_samples: length of the sounds.
        rate_hz: their sample rate.
    """

    def __init__(self, n_samples: int, rate_hz: int):
        self.n_samples, self.rate_hz = n_samples, rate_hz
        self.n_points = fft.next_fast_len(n_samples + round(_SILENCE_S * rate_hz), real=True)
        frequencies_hz = np.fft.rfftfreq(self.n_points, 1 / rate_hz)
        position = PER_OCTAVE * np.log2(np.maximum(frequencies_hz, 1e-3) / LOWEST_HZ)
        self.n_bands = band_count(rate_hz)
        self._parts = []
        for band in range(self.n_bands):
            distance = position - band
            weights = 0.5 * (1 + np.cos(np.pi * np.clip(distance, -1, 1)))
            if band == 0:
                audible = np.clip((frequencies_hz - _NOTHING_HZ) / (_ALL_HZ - _NOTHING_HZ), 0, 1)
                weights = np.where(distance < 0, 1, weights) * audible
            if band == self.n_bands - 1:
                weights = np.where(distance > 0, 1, weights)
            bins = np.flatnonzero(weights > 0)
            first, last = int(bins[0]), int(bins[-1]) + 1
            n_of_band = fft.next_fast_len(_ROOM * (last - first) + 16)
            self._parts.append((first, last, n_of_band, weights[first:last, None].astype(np.float32)))

    def split(self, samples: np.ndarray) -> list[np.ndarray]:
        """Split sounds `[n, channels]` into bands, complex64 `[points, channels]` each, at the times of `times_s`."""
        spectrum = fft.rfft(np.asarray(samples, np.float32), self.n_points, axis=0)
        split = []
        for first, last, n_of_band, weights in self._parts:
            guard = (n_of_band - (last - first)) // 2
            part = np.zeros((n_of_band, spectrum.shape[1]), np.complex64)
            part[guard : guard + last - first] = spectrum[first:last] * weights
            split.append(fft.ifft(part, axis=0) * np.float32(2 * n_of_band / self.n_points))
        return split

    def join(self, bands: list[np.ndarray]) -> np.ndarray:
        """Join what `split` returned, float32 `[n, channels]`."""
        spectrum = np.zeros((self.n_points // 2 + 1, bands[0].shape[1]), np.complex64)
        for band, (first, last, n_of_band, _) in zip(bands, self._parts, strict=True):
            part = fft.fft(band, axis=0) * np.float32(self.n_points / n_of_band / 2)
            start = first - (n_of_band - (last - first)) // 2
            low, high = max(0, -start), min(n_of_band, len(spectrum) - start)
            spectrum[start + low : start + high] += part[low:high]
        return fft.irfft(spectrum, self.n_points, axis=0)[: self.n_samples]

    def times_s(self, band: int) -> np.ndarray:
        """Return the times of the points of a band, from the first sample on."""
        n_of_band = self._parts[band][2]
        return np.arange(n_of_band) * (self.n_points / self.rate_hz / n_of_band)

    def cell_powers(self, bands: list[np.ndarray], edges_s: np.ndarray, onset_s: float) -> np.ndarray:
        """Return the mean power in log-time cells.

        Args:
            bands: what `split` returned.
            edges_s: edges of the cells from the onset on, `[cells + 1]`; see `cell_edges_s`.
            onset_s: time of the onset.

        Returns:
            float64 `[n_bands, cells, channels]`.
        """
        powers = []
        for number, band in enumerate(bands):
            points = (edges_s + onset_s) / self.times_s(number)[1]
            power = 0.5 * (band.real.astype(np.float64) ** 2 + band.imag.astype(np.float64) ** 2)
            total = np.concatenate([np.zeros((1, power.shape[1])), np.cumsum(power, axis=0)])
            at = np.clip(points, 0, len(power))
            whole = np.minimum(at.astype(int), len(power) - 1)
            until = total[whole] + (at - whole)[:, None] * (total[whole + 1] - total[whole])
            powers.append(np.maximum(np.diff(until, axis=0), 0) / np.diff(points)[:, None])
        return np.stack(powers)


def band_count(rate_hz: int) -> int:
    """Return the number of bands below half the sample rate."""
    return min(MOST_BANDS, 1 + int(PER_OCTAVE * np.log2(rate_hz / 2 / LOWEST_HZ)))


def band_centres_hz(n_bands: int) -> np.ndarray:
    """Return the centre frequencies of the bands, float64 `[n_bands]`."""
    return LOWEST_HZ * 2 ** (np.arange(n_bands) / PER_OCTAVE)


def cell_edges_s(duration_s: float) -> np.ndarray:
    """Return the edges of cells that cover a duration from the onset on.

    They are 1 ms long at first, and an eighth of their time later. The ear resolves an attack finely and a tail
    coarsely, and the power of noise can be measured in short cells only roughly.
    """
    n_cells = 1 + int(np.ceil(np.log(duration_s / CELL_S + 1) / np.log(CELL_RATIO)))
    return CELL_S * (CELL_RATIO ** np.arange(n_cells + 1) - 1)


def log_time(times_s: np.ndarray) -> np.ndarray:
    """Return times from the onset on the scale on which cells are equally long; times before the onset count as 0."""
    return np.log(np.maximum(times_s, 0) / CELL_S + 1)
