"""Fidelity: how far one sound is from another to the ear, in decibels over bands and times that grow from the onset.

Two noises of the same colour and envelope differ in every bin of a spectrogram and are still the same sound. So power
is averaged over wide mel bands, and over times that are short at the onset, where the ear is sharp, and longer and
longer after it. Noise that is synthesised anew in the colour of a snare, a clap or a hi-hat is 1.0 to 2.1 dB from it.
"""

from __future__ import annotations

import itertools

import numpy as np

from audio_vae.audio import waveform
from audio_vae.audio.features import hann, mel_bands

N_BANDS = 32
LOWEST_HZ, HIGHEST_HZ = 30.0, 16000.0
TIMES_MS = (0, 6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200)
"""Edges of the times, from the onset."""

DYNAMIC_RANGE_DB = 50.0
"""What lies further below the loudest cell counts as this far below."""

ONSET_DB = 40.0
"""A sound starts at the first sample that is at most this far below its peak."""

_WINDOW, _HOP = 1024, 64
_FRAMES_AT_ONCE = 1024
_LEAST_POWER = 1e-12


def cells_db(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the power of a sound in its cells, from its onset and at equal energy, so that its level does not matter.

    The spectrogram has a Hann window of 1,024 samples and a hop of 64, at any rate.

    Args:
        samples: mono `[n]`, not silent.
        rate_hz: its sample rate.

    Returns:
        float64 `[N_BANDS, cells]` in decibels, as many cells as the sound is long, 10 at most.

    Raises:
        ValueError: the sound is silent (peak below `audio.waveform.SILENCE`).
    """
    if waveform.peak(samples) < waveform.SILENCE:
        raise ValueError("Expected a sound, received silence")
    samples = np.asarray(samples, np.float64)
    samples = samples[max(0, waveform.onset(samples, ONSET_DB) - 1) :]
    edges = [round(each / 1000 * rate_hz / _HOP) for each in TIMES_MS]
    # At low rates a cell may be shorter than a hop; it is then one frame.
    spans = [(start, max(end, start + 1)) for start, end in itertools.pairwise(edges)]
    spans = [span for span in spans if span[0] < len(samples) / _HOP]
    padded = np.pad(samples / np.linalg.norm(samples), (_WINDOW // 2, _WINDOW + _WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: spans[-1][1]]
    bands = mel_bands(rate_hz, _WINDOW, N_BANDS, LOWEST_HZ, min(rate_hz / 2, HIGHEST_HZ)).T
    parts = [frames[start:][:_FRAMES_AT_ONCE] for start in range(0, len(frames), _FRAMES_AT_ONCE)]
    power = np.concatenate([np.abs(np.fft.rfft(part * hann(_WINDOW))) ** 2 @ bands for part in parts])
    averaged = np.stack([power[start:end].mean(axis=0) for start, end in spans], axis=1)
    decibels = 10 * np.log10(averaged + _LEAST_POWER)
    return np.maximum(decibels, decibels.max() - DYNAMIC_RANGE_DB)


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


def nearest_distances_db(sounds: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the distance of each sound from the nearest other one, `[N, T]`, N of 2 or more, none silent → `[N]`.

    It says what a library gives to someone who picks the most similar sample, which is what a model has to beat.
    """
    cells = [cells_db(sound, rate_hz) for sound in sounds]
    return np.array(
        [min(cell_distance_db(one, other) for other in cells if other is not one) for one in cells],
    )
