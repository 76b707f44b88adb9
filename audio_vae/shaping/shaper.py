"""Sounds between sounds, made of the sounds themselves.

Each sound is shifted towards the pitch between them, shaped by smooth gains in bands and times towards the powers
between them (`targets`), and added to the others. What is left is corrected until the descriptors lie on the line
between those of the sounds (`correction`). A sound of weight 1 is returned as it was given, sample for sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.audio import bands, descriptors, waveform
from audio_vae.audio.bands import Bands
from audio_vae.audio.descriptors import Descriptors
from audio_vae.shaping import pitch, targets
from audio_vae.shaping.correction import FADE_IN_S, at_loudness, corrected
from audio_vae.shaping.pitch import BEFORE_S, Partial

FARTHEST = 2.0
"""Largest weight: as far beyond an end as the other lies before it."""

MOST_GAIN_DB, LEAST_GAIN_DB = 10.0, -50.0
"""Bounds of the gains with which a sound is shaped. A band's noise is not raised into what is heard."""

MOST_REPAIR_DB = 6.0
"""Bound of the gains that repair what the sum of the shaped sounds lacks."""

# Samples before the onset that are kept, and at the end over which a step fades out.
_KEPT_BEFORE_S, _FADE_OUT_S = 0.005, 0.005
# Below this share of a sound's loudest cell, a cell is noise and is raised less and less.
_NOISE = 1e-5
# Around the pitch, the sound with the clearer one takes over quickly, because two that are nearly equal would beat.
_SHARPER = 3.0
_PITCH_OCTAVES = 2.0


@dataclass(frozen=True, eq=False)
class _Sound:
    """What is known of a given sound: samples `[n, channels]`, position of the onset, descriptors, peak, partial."""

    samples: np.ndarray
    onset: int
    described: Descriptors
    peak: float
    partial: Partial


class Shaper:
    """Makes sounds between some given ones.

    Args:
        sounds: two sounds or more, each float `[n, channels]` and not silent, with the same number of channels.
        rate_hz: the sample rate of all.

    Raises:
        ValueError: a sound is silent (peak below `audio.waveform.SILENCE`).
    """

    def __init__(self, sounds: Sequence[np.ndarray], rate_hz: int):
        if any(waveform.peak(each) < waveform.SILENCE for each in sounds):
            raise ValueError("Expected sounds, received silence")
        self.rate_hz = rate_hz
        self._sounds = [
            _Sound(
                samples=each,
                onset=onset_of(each),
                described=descriptors.describe(each, rate_hz),
                peak=waveform.peak(each),
                partial=pitch.strongest_partial(each, rate_hz),
            )
            for each in (np.asarray(sound, np.float32) for sound in sounds)
        ]

    def length(self, weights: np.ndarray) -> int:
        """Return the number of samples between those of the sounds, at least that of the shortest."""
        lengths = [len(each.samples) for each in self._sounds]
        return max(min(lengths), round(float(weights @ lengths)))

    def sound(self, weights: Sequence[float], n_samples: int | None = None, moves_db: np.ndarray | None = None):
        """Return the sound at given weights.

        Args:
            weights: a weight of each sound; they add up to 1. One may be negative, beyond an end. What lies farther
                beyond it than `FARTHEST` sounds like that.
            n_samples: the length of the sound, if not that between the lengths of the sounds.
            moves_db: by how much the power in each band and cell is to differ, in decibels, `[bands, cells]`.

        Returns:
            float32 `[n, channels]`. A sound whose weight is 1 is returned as it is, and so is one that equals all the
            others or their inversions.
        """
        weights = np.clip(np.asarray(weights, np.float64), 1 - FARTHEST, FARTHEST)
        heaviest = self._sounds[int(weights.argmax())]
        if np.any(weights == 1) or self._are_equal(weights):
            return heaviest.samples
        n_samples = self.length(weights) if n_samples is None else n_samples
        # Where a step is shorter than the silence before its onset, what is heard of a sound still has room behind it.
        least = min(len(each.samples) - each.onset for each in self._sounds)
        onset = max(0, min(round(float(weights @ [each.onset for each in self._sounds])), n_samples - least))
        made = self._sum(weights, n_samples - onset, moves_db)
        before = round(BEFORE_S * self.rate_hz)
        made = np.concatenate(
            [np.zeros((max(0, onset - before), made.shape[1]), np.float32), made[max(0, before - onset) :]]
        )
        wanted = targets.descriptors_between(
            [each.described for each in self._sounds],
            [1e3 * each.onset / self.rate_hz for each in self._sounds],
            weights,
        )
        made = corrected(
            _faded(made, onset, self.rate_hz),
            self.rate_hz,
            wanted,
            1e3 * onset / self.rate_hz,
            float(np.exp(weights @ np.log([each.peak for each in self._sounds]))),
        )
        # The fades may take away what was loud.
        return at_loudness(_faded(made, onset, self.rate_hz), self.rate_hz, wanted.loudness_db)

    def _are_equal(self, weights: np.ndarray) -> bool:
        used = [each.samples for each, weight in zip(self._sounds, weights, strict=True) if weight]
        return all(np.array_equal(each, used[0]) or np.array_equal(each, -used[0]) for each in used)

    def _sum(self, weights: np.ndarray, n_after: int, moves_db: np.ndarray | None) -> np.ndarray:
        """Return the shaped sounds added up, with the onset at `BEFORE_S`: float32 `[before + n_after, channels]`."""
        before = round(BEFORE_S * self.rate_hz)
        edges_s = bands.cell_edges_s(n_after / self.rate_hz)
        split = Bands(before + n_after, self.rate_hz)
        placed = self._placed(weights, before, before + n_after)
        parts = [split.split(each) for each in placed]
        powers = [_smooth(split.cell_powers(each, edges_s, BEFORE_S).mean(axis=2)) for each in parts]
        lengths_s = np.diff(edges_s)
        powers = [each / (each @ lengths_s).sum() for each in powers]
        wanted = targets.power_between(powers, weights, edges_s)
        if moves_db is not None:
            wanted = _moved(wanted, moves_db)
        gains_db = self._gains_db(powers, wanted, self._shares(weights, split.n_bands))
        positions = [bands.log_time(split.times_s(band) - BEFORE_S) for band in range(split.n_bands)]
        summed = [
            sum(
                part[band] * factors(gains[band], edges_s, positions[band])
                for part, gains in zip(parts, gains_db, strict=True)
            )
            for band in range(split.n_bands)
        ]
        got = _smooth(split.cell_powers(summed, edges_s, BEFORE_S).mean(axis=2))
        got, least = got / (got @ lengths_s).sum(), 1e-9 * wanted.max()
        repair_db = np.clip(10 * np.log10((wanted + least) / (got + least)), -MOST_REPAIR_DB, MOST_REPAIR_DB)
        repair_db = _smooth(repair_db)
        return split.join(
            [each * factors(repair_db[band], edges_s, positions[band]) for band, each in enumerate(summed)]
        )

    def _placed(self, weights: np.ndarray, before: int, n_samples: int) -> list[np.ndarray]:
        """Shift the sounds in pitch and put their onsets at one sample, so that their low frequencies add up."""
        brightness = [each.described.spectral_centroid_octaves for each in self._sounds]
        shifts = pitch.shifts_octaves([each.partial for each in self._sounds], brightness, weights)
        placed = []
        for each, octaves in zip(self._sounds, shifts, strict=True):
            placed.append(
                pitch.shifted_into_buffer(each.samples, each.onset, self.rate_hz, octaves, _KEPT_BEFORE_S, n_samples)
            )
        found = [pitch.lag_and_sign(placed[0][before:], each[before:], self.rate_hz) for each in placed]
        middle = weights @ [lag for lag, _ in found]
        return [sign * _delayed(each, round(lag - middle)) for each, (lag, sign) in zip(placed, found, strict=True)]

    def _shares(self, weights: np.ndarray, n_bands: int) -> np.ndarray:
        """Return the share of each sound in the power of each band, `[K, bands]`."""
        partials = [each.partial for each in self._sounds]
        weights = np.maximum(weights, 0) / np.maximum(weights, 0).sum()
        middle = weights @ np.log2([each.frequency_hz for each in partials])
        away = np.abs(np.log2(bands.band_centres_hz(n_bands)) - middle)
        sharper = _SHARPER * pitch.tonality(partials) * np.clip(_PITCH_OCTAVES - away, 0, 1)
        clearness = np.maximum([each.share for each in partials], 1e-3)
        shares = weights[:, None] ** (1 + sharper) * clearness[:, None] ** sharper
        return shares / shares.sum(axis=0)

    @staticmethod
    def _gains_db(powers: Sequence[np.ndarray], wanted: np.ndarray, shares: np.ndarray) -> list[np.ndarray]:
        """Return the gains of each sound, so that together they give the power wanted: K of `[bands, cells]`.

        What one sound cannot give within the bounds is asked of the others.
        """
        most = [10 ** (MOST_GAIN_DB / 10) * each * np.clip(each / (_NOISE * each.max()), 0, 1) for each in powers]
        given = [np.minimum(share[:, None] * wanted, limit) for share, limit in zip(shares, most, strict=True)]
        for number, limit in enumerate(most):
            if shares[number].any():
                others = sum(each for which, each in enumerate(given) if which != number)
                given[number] = np.minimum(np.maximum(wanted - others, given[number]), limit)
        ratios = [(each + 1e-20) / (power + 1e-20) for each, power in zip(given, powers, strict=True)]
        return [_smooth(np.clip(10 * np.log10(each), LEAST_GAIN_DB, MOST_GAIN_DB)) for each in ratios]


def onset_of(samples: np.ndarray) -> int:
    """Return where a sound `[n, channels]` begins: within `waveform.ONSET_DB` of its peak, in any channel."""
    return waveform.onset(waveform.max_of_columns(np.abs(samples)), waveform.ONSET_DB)


def _faded(samples: np.ndarray, onset: int, rate_hz: int) -> np.ndarray:
    """Fade a sound in before its onset, and out at its end, so that neither clicks."""
    times = np.arange(len(samples))
    n_in, n_out = round(FADE_IN_S * rate_hz), min(round(_FADE_OUT_S * rate_hz), len(samples) // 4)
    into = np.clip((times - (onset - n_in)) / n_in, 0, 1)
    # A sound that begins with its onset has a tenth of that time.
    into = np.minimum(into, np.clip(times / max(1, n_in // 10), 0, 1))
    out = np.clip((len(samples) - 1 - times) / max(1, n_out), 0, 1)
    return samples * (0.25 * (1 - np.cos(np.pi * into)) * (1 - np.cos(np.pi * out))).astype(np.float32)[:, None]


def _smooth(values: np.ndarray) -> np.ndarray:
    """Average neighbouring cells with weights of a quarter, a half and a quarter, `[bands, cells]`."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    return 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]


def factors(gains_db: np.ndarray, edges_s: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return gains of cells, `[cells]` in decibels, as factors at positions in log time, float32 `[points, 1]`."""
    edges = bands.log_time(edges_s)
    gains_db = np.interp(positions, (edges[1:] + edges[:-1]) / 2, gains_db)
    return (10 ** (gains_db / 20)).astype(np.float32)[:, None]


def _moved(wanted: np.ndarray, moves_db: np.ndarray) -> np.ndarray:
    """Add decibels to powers, where both have bands and cells."""
    n_bands, n_cells = (min(sizes) for sizes in zip(wanted.shape, moves_db.shape, strict=True))
    moved = wanted.copy()
    moved[:n_bands, :n_cells] *= 10 ** (moves_db[:n_bands, :n_cells] / 10)
    return moved


def _delayed(samples: np.ndarray, n_samples: int) -> np.ndarray:
    """Move a sound later, or earlier if `n_samples` is negative, within its buffer."""
    if n_samples == 0:
        return samples
    moved = np.zeros_like(samples)
    if n_samples > 0:
        moved[n_samples:] = samples[:-n_samples]
    else:
        moved[:n_samples] = samples[-n_samples:]
    return moved
