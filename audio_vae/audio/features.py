"""MFCCs, as morphs and drum clusters use them, and the spectrogram of the other measures.

The evaluation computes its MFCCs by librosa, with the same parameters (`evaluation.mfcc`).
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft

N_MFCC = 20
N_MELS = 40
WINDOW_S = 0.032
HOP_S = 0.016

LEAST_POWER = 1e-10
"""Lowest power of a mel band; less counts as this."""

DECIBELS_BELOW_PEAK = 80.0
"""Dynamic range: what lies further below the loudest mel band, or bin, of a sound counts as this far below."""


def mfcc(
    audio: np.ndarray,
    rate_hz: int,
    *,
    n_mfcc: int = N_MFCC,
    n_mels: int = N_MELS,
    window_s: float = WINDOW_S,
    hop_s: float = HOP_S,
) -> np.ndarray:
    """Return the mel-frequency cepstral coefficients (MFCCs) of a sound, the zeroth included.

    The values equal those of `librosa.feature.mfcc`, which the tests check. A morph does not use librosa's because
    that compiles itself for 15 to 50 s on its first use on a machine.

    The defaults are the parameters with which the paper's Eq. 2 is computed here: 20 coefficients, 40 mel bands, a Hann
    window of 32 ms and a hop of 16 ms (256 and 128 samples at 8 kHz).

    Args:
        audio: mono `[n]`.
        rate_hz: sample rate.
        n_mfcc: number of coefficients.
        n_mels: number of mel bands.
        window_s: length of the window and of the Fourier transform in seconds.
        hop_s: hop length in seconds.

    Returns:
        float64 `[frames, n_mfcc]`.
    """
    window = round(window_s * rate_hz)
    audio = np.asarray(audio, np.float32)
    if len(audio) < window:
        audio = np.pad(audio, (0, window - len(audio)))
    padded = np.pad(audio, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[:: round(hop_s * rate_hz)]
    spectra = np.fft.rfft(frames * hann(window)).astype(np.complex64)
    power = np.abs(spectra) ** 2 @ mel_bands(rate_hz, window, n_mels).T
    decibels = 10 * np.log10(np.maximum(power, LEAST_POWER))
    decibels = np.maximum(decibels, decibels.max() - DECIBELS_BELOW_PEAK)
    return scipy.fft.dct(decibels, norm="ortho")[:, :n_mfcc].astype(np.float64)


def hann(window: int) -> np.ndarray:
    """Return the periodic Hann window of a Fourier transform, float64 `[window]`."""
    return np.hanning(window + 1)[:-1]


@functools.cache
def mel_bands(
    rate_hz: int, window: int, n_mels: int = N_MELS, lowest_hz: float = 0.0, highest_hz: float | None = None
) -> np.ndarray:
    """Return a mel filter bank: triangular bands of equal area.

    The scale is that of M. Slaney's Auditory Toolbox (1998): linear up to 1 kHz, logarithmic above. The values equal
    those of `librosa.filters.mel`, which the tests check; importing that alone takes 4 s, which a morph would wait for.

    Args:
        rate_hz: sample rate.
        window: length of the Fourier transform in samples.
        n_mels: number of bands.
        lowest_hz: where the first band begins.
        highest_hz: where the last one ends; half the sample rate by default.

    Returns:
        float32 `[n_mels, 1 + window // 2]`, the weight of each bin in each band. Calls share it, so it is read-only.
    """
    bins_hz = np.fft.rfftfreq(window, 1 / rate_hz)
    highest_hz = rate_hz / 2 if highest_hz is None else highest_hz
    edges_hz = _mel_to_hz(np.linspace(_hz_to_mel(lowest_hz), _hz_to_mel(highest_hz), n_mels + 2))
    distances_hz = edges_hz[:, None] - bins_hz
    rising = -distances_hz[:-2] / np.diff(edges_hz)[:-1, None]
    falling = distances_hz[2:] / np.diff(edges_hz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    bands = (triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)
    bands.flags.writeable = False
    return bands


_HZ_A_MEL = 200 / 3
_LOG_FROM_HZ = 1000.0
_LOG_FROM_MEL = _LOG_FROM_HZ / _HZ_A_MEL
_LOG_A_MEL = np.log(6.4) / 27


def _hz_to_mel(frequency_hz: float) -> float:
    if frequency_hz < _LOG_FROM_HZ:
        return frequency_hz / _HZ_A_MEL
    return _LOG_FROM_MEL + np.log(frequency_hz / _LOG_FROM_HZ) / _LOG_A_MEL


def _mel_to_hz(mels: np.ndarray) -> np.ndarray:
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_A_MEL * (mels - _LOG_FROM_MEL))
    return np.where(mels >= _LOG_FROM_MEL, logarithmic, _HZ_A_MEL * mels)


def magnitude_spectrogram(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the magnitudes of the short-time Fourier transform: Hann window of 32 ms, hop length of half of that.

    Frames are centred on multiples of the hop length, with silence beyond the ends. The values equal those of
    `librosa.stft`, which the tests check. If n is no multiple of the hop length there is one frame more, so that the
    last samples count as much as others.

    Args:
        audio: `[..., n]`.
        rate_hz: sample rate.

    Returns:
        float64 `[..., 1 + ⌈n / hop⌉, bins]`.
    """
    window = round(WINDOW_S * rate_hz)
    hop = window // 2
    n_frames = 1 + -(-audio.shape[-1] // hop)
    around = [(0, 0)] * (audio.ndim - 1) + [(hop, window + hop)]
    padded = np.pad(np.asarray(audio, np.float64), around)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :][..., :n_frames, :]
    return np.abs(np.fft.rfft(frames * hann(window), axis=-1))
