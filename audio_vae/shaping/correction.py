"""Small corrections that put the descriptors of a step on the line between those of its ends.

Gains over time and a tilt of the spectrum, smooth and bounded, are found by bisection and by rules. Each round
measures what the last one has left.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft
from scipy.ndimage import minimum_filter1d

from audio_vae.audio import descriptors, waveform
from audio_vae.audio.descriptors import ATTACK_DB, DECAY_DB, Descriptors

ROUNDS = 3

TRUE_PEAK_DB = -0.3
"""Highest true peak of what is made here, relative to full scale."""

MOST_DAMPING_DB, MOST_LENGTHENING_DB = 14.0, 9.0
"""Bounds of an exponential gain, at the time at which the sound should have decayed."""

MOST_BULGE_DB = 8.0
"""Bound of a gain half-way to that time, which moves the temporal centroid."""

MOST_TILT_DB = 3.0
"""Bound of the tilt of the spectrum in each round, in decibels per octave."""

MOST_ATTACK_DB = 9.0
"""A peak is moved to a time at which the envelope is at most so much lower."""

MOST_RAISED_DB = 2.5
"""It is raised there by at most so much; what is higher is lowered."""

FADE_IN_S = 0.003
"""What is made fades in over so long before its onset."""

MOST_LIMIT_DB = 6.0
"""Peaks are lowered by at most so much in each round."""

_LEAST_OCTAVES = 0.005
"""A spectral centroid that is so close to the wanted one is left as it is."""

_ENVELOPE_HZ = 11025
_MARGIN = 0.75
_BISECTIONS = 10
# The limiter lowers an attack as a whole in each round, and at last single waves.
_ATTACK_S, _WAVES_S = 0.003, 0.0007
_LAST_ROUNDS, _MOST_WAVE_DB = 2, 2.5
_TILT_RANGE_HZ, _TILT_PIVOT_HZ = (40.0, 16384.0), 800.0


def corrected(
    samples: np.ndarray, rate_hz: int, wanted: Descriptors, onset_ms: float, peak: float, rounds: int = ROUNDS
) -> np.ndarray:
    """Return a sound with the descriptors that are wanted, as far as the bounds of this module allow.

    Args:
        samples: `[n, channels]`, not silent.
        rate_hz: their sample rate.
        wanted: the descriptors that it should have.
        onset_ms: where the sound begins.
        peak: the largest sample that it should have at the loudness wanted; more is limited.
        rounds: how often to measure and correct.
    """
    samples = np.asarray(samples, np.float32)
    # A true peak may lie above all samples, and the last gains may raise a peak.
    peak = min(peak, _MARGIN * 10 ** (TRUE_PEAK_DB / 20))
    for _ in range(rounds):
        samples = _tilted(samples, rate_hz, wanted.spectral_centroid_octaves)
        samples = _limited(
            samples, rate_hz, peak * 10 ** (-_missing_db(samples, rate_hz, wanted.loudness_db) / 20), _ATTACK_S
        )
        gains = _TimeGains(samples, rate_hz, wanted, onset_ms)
        for _ in range(3):
            gains.move_attack()
            gains.move_decay_and_centroid()
            gains.move_end()
        gains.move_attack()
        samples = samples * gains.of_samples()
    return _limited_at_loudness(samples, rate_hz, wanted, onset_ms)


def at_brightness_and_loudness(samples: np.ndarray, rate_hz: int, wanted: Descriptors, onset_ms: float) -> np.ndarray:
    """Return a sound with the spectral centroid and the loudness that are wanted, as far as a bounded tilt allows.

    What is heard over time stays as it is, except for single waves above the true peak that is allowed.

    Args:
        samples: `[n, channels]`, not silent.
        rate_hz: their sample rate.
        wanted: the descriptors that it should have.
        onset_ms: where the sound begins.
    """
    return _limited_at_loudness(_tilted(samples, rate_hz, wanted.spectral_centroid_octaves), rate_hz, wanted, onset_ms)


def _limited_at_loudness(samples: np.ndarray, rate_hz: int, wanted: Descriptors, onset_ms: float) -> np.ndarray:
    """Bring a sound to the loudness wanted; single waves above the true peak that is allowed are limited."""
    allowed = 10 ** (TRUE_PEAK_DB / 20)
    for _ in range(_LAST_ROUNDS):
        samples = samples * np.float32(10 ** (_missing_db(samples, rate_hz, wanted.loudness_db) / 20))
        highest = waveform.true_peak(samples, rate_hz)
        if highest <= allowed:
            return samples
        samples = _limited(samples, rate_hz, 0.98 * waveform.peak(samples) * allowed / highest, _WAVES_S, _MOST_WAVE_DB)
        # Below the limit, the highest place of the envelope may have moved.
        gains = _TimeGains(samples, rate_hz, wanted, onset_ms)
        gains.move_attack(most_raised_db=0, most_lower_db=2)
        gains.move_end()
        samples = samples * gains.of_samples()
    return at_loudness(samples, rate_hz, wanted.loudness_db)


def at_most_true_peak(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Turn a sound down if its true peak is above `TRUE_PEAK_DB`."""
    highest, allowed = waveform.true_peak(samples, rate_hz), 10 ** (TRUE_PEAK_DB / 20)
    return samples if highest <= allowed else samples * np.float32(allowed / highest)


def at_loudness(samples: np.ndarray, rate_hz: int, loudness_db: float) -> np.ndarray:
    """Bring a sound to a loudness, as far as its true peak allows; nothing else changes."""
    return at_most_true_peak(samples * np.float32(10 ** (_missing_db(samples, rate_hz, loudness_db) / 20)), rate_hz)


def _missing_db(samples: np.ndarray, rate_hz: int, loudness_db: float) -> np.float64:
    # Not a plain float, with which NumPy would find the limiter's gains in the float32 of the samples.
    return np.float64(loudness_db - descriptors.loudness_db(descriptors.power_of(samples), rate_hz))


def _root(falling: Callable[[float], float], lowest: float, highest: float) -> float:
    """Return where a falling function is 0, by bisection; the nearer bound if it is not between them."""
    if falling(lowest) <= 0:
        return lowest
    if falling(highest) >= 0:
        return highest
    for _ in range(_BISECTIONS):
        middle = (lowest + highest) / 2
        lowest, highest = (middle, highest) if falling(middle) > 0 else (lowest, middle)
    return (lowest + highest) / 2


def _tilted(samples: np.ndarray, rate_hz: int, centroid_octaves: float) -> np.ndarray:
    """Tilt a spectrum towards a spectral centroid."""
    low, high, pivot = np.log2([*_TILT_RANGE_HZ, _TILT_PIVOT_HZ])
    spectrum = descriptors.power_spectrum(samples, rate_hz)
    heard = slice(descriptors.first_heard_bin(rate_hz), None)
    octaves, power = descriptors.bin_octaves(rate_hz)[heard], spectrum[heard]
    exponents = -0.1 * np.log(10) * (np.clip(octaves, low, high) - pivot)

    def too_high(tilt_down: float) -> float:
        tilted = power * np.exp(tilt_down * exponents)
        return (octaves * tilted).sum() / (tilted.sum() + 1e-30) - centroid_octaves

    if abs(too_high(0.0)) < _LEAST_OCTAVES:
        return samples
    tilt = -_root(too_high, -MOST_TILT_DB, MOST_TILT_DB)
    n_points = fft.next_fast_len(len(samples) + round(0.05 * rate_hz), real=True)
    octaves = np.clip(np.log2(np.maximum(np.fft.rfftfreq(n_points, 1 / rate_hz), 1)), low, high) - pivot
    gains = (10 ** (tilt * octaves / 20)).astype(np.float32)[:, None]
    return fft.irfft(fft.rfft(samples, n_points, axis=0) * gains, n_points, axis=0)[: len(samples)]


def _limited(
    samples: np.ndarray, rate_hz: int, peak: float, window_s: float, most_db: float = MOST_LIMIT_DB
) -> np.ndarray:
    """Lower what is above a peak, with a gain that is smooth over a window."""
    levels = waveform.max_of_columns(np.abs(samples))
    if levels.max() <= 1.03 * peak:
        return samples
    block = max(1, round(window_s * rate_hz / 12))
    n_blocks = -(-len(levels) // block)
    highest = np.pad(levels, (0, n_blocks * block - len(levels))).reshape(n_blocks, block).max(axis=1)
    gains_db = np.maximum(np.minimum(0, 20 * np.log10(peak / np.maximum(highest, 1e-9))), -most_db)
    window = round(window_s * rate_hz / block) | 1
    gains_db = _smoothed(minimum_filter1d(gains_db, window), window)
    return samples * _of_samples(gains_db, block, len(samples))


def _of_samples(gains_db: np.ndarray, block: int, n_samples: int) -> np.ndarray:
    """Return gains in decibels of blocks as factors of samples, float32 `[n, 1]`."""
    gains_db = np.interp(np.arange(n_samples), block * (np.arange(len(gains_db)) + 0.5) - 0.5, gains_db)
    return (10 ** (gains_db / 20)).astype(np.float32)[:, None]


def _smoothed(values: np.ndarray, window: int) -> np.ndarray:
    window |= 1
    weights = np.hanning(window + 2)[1:-1]
    return np.convolve(np.pad(values, window // 2, mode="edge"), weights / weights.sum(), "valid")


def _fourths(values: np.ndarray) -> np.ndarray:
    """Return the means of four values each, `[n]` → `[⌈n / 4⌉]`."""
    return waveform.mean_of_columns(np.pad(values, (0, -len(values) % 4), mode="edge").reshape(-1, 4))


class _TimeGains:
    """Gains in decibels over time, found on the power of a sound in short blocks.

    Args:
        samples: `[n, channels]`.
        rate_hz: their sample rate.
        wanted: the descriptors that the sound should have.
        onset_ms: where it begins.
    """

    def __init__(self, samples: np.ndarray, rate_hz: int, wanted: Descriptors, onset_ms: float):
        self.n_samples, self.wanted = len(samples), wanted
        self.block = max(1, round(rate_hz / _ENVELOPE_HZ))
        power = descriptors.power_of(samples)
        n_blocks = -(-len(power) // self.block)
        padded = np.pad(power, (0, n_blocks * self.block - len(power)))
        self.power = waveform.mean_of_columns(padded.reshape(n_blocks, -1))
        self.block_ms = 1e3 * self.block / rate_hz
        self.times_ms = self.block_ms * np.arange(n_blocks)
        self.after_onset_ms = np.maximum(self.times_ms - onset_ms, 0)
        # What filters left before the onset is faded in at last. An attack that is looked for there would run away, and
        # one that is looked for behind it alone would be measured from too late.
        into = np.clip((self.times_ms - onset_ms) / (1e3 * FADE_IN_S) + 1, 0, 1)
        self.power = self.power * 0.5 * (1 - np.cos(np.pi * into))
        self.window = max(1, round(1e3 * descriptors.WINDOW_S / self.block_ms))
        self.gains_db = np.zeros(n_blocks)

    def of_samples(self) -> np.ndarray:
        """Return the gains of the samples as factors, float32 `[n, 1]`."""
        return _of_samples(self.gains_db, self.block, self.n_samples)

    def _powers(self) -> np.ndarray:
        return self.power * 10 ** (self.gains_db / 10)

    def _levels_db(self) -> np.ndarray:
        """Return the envelope below its peak."""
        envelope_db = descriptors.average_db(self._powers(), self.window)
        return envelope_db - envelope_db.max()

    def move_attack(self, most_raised_db: float = MOST_RAISED_DB, most_lower_db: float = MOST_ATTACK_DB) -> None:
        """Raise the envelope a little at the best time for its peak, and lower it where it is higher."""
        for _ in range(3):
            levels_db = self._levels_db()
            peak, start = int(levels_db.argmax()), int(np.argmax(levels_db > -ATTACK_DB))
            wanted = start + self.wanted.attack_ms / self.block_ms
            if abs(peak - wanted) * self.block_ms < max(0.4, 0.04 * self.wanted.attack_ms):
                return
            near = np.flatnonzero(levels_db[start:] > -most_lower_db) + start
            misses = np.abs(np.log((near - start) * self.block_ms + 2) - np.log(self.wanted.attack_ms + 2))
            best = int(near[np.argmin(misses)])
            if misses.min() >= misses[near == peak].min():
                return
            away_ms = self.block_ms * np.abs(np.arange(len(levels_db)) - best)
            raised_db = min(-levels_db[best] / 3, most_raised_db)
            wide_ms = np.clip(0.5 * abs(best - peak) * self.block_ms, 2, 12)
            ceiling_db = levels_db[best] + 0.9 * raised_db - np.minimum(0.2 * away_ms, 1.5)
            gains_db = raised_db * np.clip(1 - away_ms / wide_ms, 0, 1) + np.minimum(0, ceiling_db - levels_db)
            self.gains_db += _smoothed(gains_db, int(3 / self.block_ms))

    def move_decay_and_centroid(self) -> None:
        """Find an exponential for the decay, and a bulge between onset and end for the temporal centroid."""
        decay_ms = max(self.wanted.decay_ms, 8.0)
        share = self.after_onset_ms / decay_ms
        slope, bulge = np.clip(share, 0, 1.5), np.where(share < 1, 4 * share * (1 - share), 0)
        # A gain that is smooth over the window may be taken after the average.
        levels_db = self._levels_db()
        times_ms, powers, slopes, bulges = (_fourths(each) for each in (self.times_ms, self._powers(), slope, bulge))
        damping_db = bulge_db = 0.0

        def decay_too_long(damping: float) -> float:
            gained = levels_db - damping * slope - bulge_db * bulge
            return descriptors.decay_length(gained) * self.block_ms - self.wanted.decay_ms

        def centroid_too_late(bulge_of: float) -> float:
            gained = powers * np.exp(-0.1 * np.log(10) * (damping_db * slopes + bulge_of * bulges))
            return (times_ms * gained).sum() / (gained.sum() + 1e-30) - self.wanted.temporal_centroid_ms

        for _ in range(3):
            damping_db = _root(decay_too_long, -MOST_LENGTHENING_DB, MOST_DAMPING_DB)
            bulge_db = _root(centroid_too_late, -MOST_BULGE_DB, MOST_BULGE_DB)
        self.gains_db -= damping_db * slope + bulge_db * bulge

    def move_end(self) -> None:
        """Lower what is still above the end of the decay, or raise what is just before it."""
        levels_db = self._levels_db()
        heard = np.flatnonzero(levels_db > -DECAY_DB)
        end = heard[0] + int(self.wanted.decay_ms / self.block_ms)
        late_ms = (heard[-1] - end) * self.block_ms
        if abs(late_ms) < max(2.0, 0.01 * self.wanted.decay_ms) or end >= len(levels_db):
            return
        if late_ms > 0:
            after = np.arange(len(levels_db)) > end
            gains_db = np.where(after, np.clip(-DECAY_DB - 0.8 - levels_db, -12, 0), 0)
            self.gains_db += _smoothed(gains_db, int(6 / self.block_ms))
            return
        reach = max(1, int(max(10, 0.06 * self.wanted.decay_ms) / self.block_ms))
        first = max(0, end - reach)
        best = first + int(levels_db[first : end + 1].argmax())
        raised_db = np.clip(-DECAY_DB + 0.5 - levels_db[best], 0, 8)
        distance = np.clip(np.abs(np.arange(len(levels_db)) - best) / (2 * reach), 0, 1)
        self.gains_db += raised_db * 0.5 * (1 + np.cos(np.pi * distance))
