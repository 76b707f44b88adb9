"""Fidelity: how far one sound is from another to the ear, in decibels over bands and times that grow from the onset.

Two noises of the same colour and envelope differ in every bin of a spectrogram and are still the same sound. So power
is averaged over wide mel bands, and over times that are short at the onset, where the ear is sharp, and longer and
longer after it. Noise that is synthesised anew in the colour of a snare, a clap or a hi-hat is 1.0 to 2.1 dB from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import scipy.fft
from scipy.spatial import distance

from audio_vae.audio import waveform
from audio_vae.audio.features import hann, mel_bands

N_BANDS = 32
LOWEST_HZ, HIGHEST_HZ = 30.0, 16000.0
TIMES_MS = (0, 6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200)
"""Edges of the times, from the onset."""

DYNAMIC_RANGE_DB = 50.0
"""What lies further below the loudest cell counts as this far below."""

_WINDOW, _HOP = 1024, 64
_FRAMES_AT_ONCE = 1024
# The distances of so many sounds from all others are in memory at once.
_SOUNDS_AT_ONCE = 256
_LEAST_POWER = 1e-12
_LEAST_NORM = 1e-9


def cells_db(samples: np.ndarray, rate_hz: int, start: int | None = None) -> np.ndarray:
    """Return the power of a sound in its cells, from its onset and at equal energy, so that its level does not matter.

    The spectrogram has a Hann window of 1,024 samples and a hop of 64, at any rate.

    Args:
        samples: mono `[n]`, not silent.
        rate_hz: its sample rate.
        start: sample at which the first cell starts; `None` takes the onset.

    Returns:
        float64 `[N_BANDS, cells]` in decibels, as many cells as the sound is long, 10 at most.

    Raises:
        ValueError: the sound is silent (peak below `audio.waveform.SILENCE`).
    """
    if waveform.peak(samples) < waveform.SILENCE:
        raise ValueError("Expected a sound, received silence")
    samples = np.asarray(samples, np.float32)[onset(samples) if start is None else start :]
    edges = [round(each / 1000 * rate_hz / _HOP) for each in TIMES_MS]
    # At low rates a cell may be shorter than a hop; it is then one frame.
    spans = [(start, max(end, start + 1)) for start, end in itertools.pairwise(edges)]
    spans = [span for span in spans if span[0] < len(samples) / _HOP]
    padded = np.pad(samples / max(np.linalg.norm(samples), _LEAST_NORM), (_WINDOW // 2, _WINDOW + _WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: spans[-1][1]]
    bands = mel_bands(rate_hz, _WINDOW, N_BANDS, LOWEST_HZ, min(rate_hz / 2, HIGHEST_HZ)).T
    window = hann(_WINDOW).astype(np.float32)
    parts = [frames[start:][:_FRAMES_AT_ONCE] for start in range(0, len(frames), _FRAMES_AT_ONCE)]
    power = np.concatenate([_power(part * window) @ bands for part in parts])
    averaged = np.stack([power[start:end].mean(axis=0, dtype=np.float64) for start, end in spans], axis=1)
    decibels = 10 * np.log10(averaged + _LEAST_POWER)
    return np.maximum(decibels, decibels.max() - DYNAMIC_RANGE_DB)


def onset(samples: np.ndarray) -> int:
    """Return the position at which a sound starts: one sample before it is within `waveform.ONSET_DB` of its peak."""
    return max(0, waveform.onset(samples, waveform.ONSET_DB) - 1)


def _power(frames: np.ndarray) -> np.ndarray:
    """Return the power spectra of frames: float32 `[frames, window]` → `[frames, bins]`."""
    spectra = scipy.fft.rfft(frames)
    return spectra.real**2 + spectra.imag**2


def cell_distance_db(first: np.ndarray, second: np.ndarray) -> float:
    """Return the distance of two sounds by what `cells_db` says of them.

    It is the mean absolute difference over the cells in which one of them is above its floor.

    Args:
        first: `[bands, cells]` in decibels.
        second: the same of the other sound. A shorter sound is silent after its end.
    """
    n_cells = max(first.shape[1], second.shape[1])
    first, second = (
        np.pad(each, ((0, 0), (0, n_cells - each.shape[1])), constant_values=each.max() - DYNAMIC_RANGE_DB)
        for each in (first, second)
    )
    heard = (first > first.max() - DYNAMIC_RANGE_DB) | (second > second.max() - DYNAMIC_RANGE_DB)
    return float(np.abs(first - second)[heard].mean())


def distance_db(first: np.ndarray, second: np.ndarray, rate_hz: int) -> float:
    """Return how far two sounds of one rate are apart, in decibels; 0 is the same sound, at whatever level.

    Args:
        first: mono `[n]`.
        second: mono `[m]`.
        rate_hz: the sample rate of both.

    Raises:
        ValueError: one of them is silent (peak below `audio.waveform.SILENCE`).
    """
    return cell_distance_db(cells_db(first, rate_hz), cells_db(second, rate_hz))


def distances_db(sounds: np.ndarray, others: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return `distance_db` of each pair: `[B, T]`, `[B, T]` → float64 `[B]`, NaN where one of the two is silent."""
    return np.array(
        [
            distance_db(sound, other, rate_hz)
            if min(waveform.peak(sound), waveform.peak(other)) >= waveform.SILENCE
            else np.nan
            for sound, other in zip(sounds, others, strict=True)
        ]
    )


def reconstruction_cells_db(
    sounds: np.ndarray, reconstructions: np.ndarray, rate_hz: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the cells of sounds and of what a model made of them, both from the onset of the sound.

    A reconstruction that starts too late is therefore farther from its sound. One that is silent (peak below
    `audio.waveform.SILENCE`) has the least power in every cell: it is about 100 dB from its sound, and not left out.

    Args:
        sounds: `[N, T]`, none silent.
        reconstructions: `[N, T]`.
        rate_hz: their sample rate.

    Returns:
        For each sound `[N_BANDS, cells]` in decibels, and the same for each reconstruction.

    Raises:
        ValueError: a sound is silent.
    """
    cells = [cells_db(sound, rate_hz) for sound in sounds]
    made = [
        cells_db(reconstruction, rate_hz, onset(sound))
        if waveform.peak(reconstruction) >= waveform.SILENCE
        else np.full_like(of_sound, 10 * np.log10(_LEAST_POWER))
        for sound, reconstruction, of_sound in zip(sounds, reconstructions, cells, strict=True)
    ]
    return cells, made


def nearest_cell_distances_db(cells: Sequence[np.ndarray]) -> np.ndarray:
    """Return the smallest `cell_distance_db` of each sound from another one.

    It says what a library gives to someone who picks the most similar sample, which is what a model has to beat.

    Args:
        cells: what `cells_db` says of each of N sounds.

    Returns:
        float64 `[N]`; infinite where there is no other sound.
    """
    rows = _rows(cells, max(each.shape[1] for each in cells))
    nearest = np.empty(len(cells))
    for start in range(0, len(cells), _SOUNDS_AT_ONCE):
        distances = _distances_db([each[start : start + _SOUNDS_AT_ONCE] for each in rows], rows)
        places = np.arange(len(distances))
        distances[places, start + places] = np.inf
        nearest[start + places] = distances.min(axis=1)
    return nearest


def cell_distances_db(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """Return `cell_distance_db` of each of N sounds from each of M: `[bands, cells]` each → float64 `[N, M]`."""
    n_cells = max(each.shape[1] for each in (*first, *second))
    return _distances_db(_rows(first, n_cells), _rows(second, n_cells))


def _distances_db(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """Return the distances of each of N sounds from each of M, `[N, M]`, of what `_rows` says of them."""
    levels, floors, unheard = zip(first, second, strict=True)
    # The cells in which neither sound is heard are at both floors: their share of the sum is known.
    n_unheard = unheard[0] @ unheard[1].T
    sums = distance.cdist(*levels, "cityblock") - n_unheard * np.abs(floors[0][:, None] - floors[1])
    return np.maximum(sums, 0) / (levels[0].shape[1] - n_unheard)


def _rows(cells: Sequence[np.ndarray], n_cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the levels of each of N sounds in a row, their floors, and 1 where a sound is not heard."""
    floors = np.array([each.max() - DYNAMIC_RANGE_DB for each in cells])
    levels = np.stack(
        [
            np.pad(each, ((0, 0), (0, n_cells - each.shape[1])), constant_values=floor).ravel()
            for each, floor in zip(cells, floors, strict=True)
        ]
    )
    return levels, floors, (levels <= floors[:, None]).astype(np.float64)
