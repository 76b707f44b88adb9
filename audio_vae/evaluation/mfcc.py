"""MFCCs of an evaluation: by librosa in three ways of hearing the level of a sound, and in two other usual readings.

Morphs and clusters take `audio.features.mfcc`, which computes the same values without librosa.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.signal

from audio_vae.audio import features
from audio_vae.audio.waveform import normalised


def mfcc(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the mel-frequency cepstrum of a sound, the zeroth coefficient included.

    20 coefficients of 40 mel bands, a Hann window of 32 ms and a hop of 16 ms (256 and 128 samples at 8 kHz). Frames
    are centred on multiples of the hop, with silence beyond the ends.

    Args:
        audio: `[n]`; what is shorter than a window is padded with silence.
        rate_hz: its sample rate.

    Returns:
        float64 `[frames, 20]`.
    """
    # Late, because librosa compiles parts of itself when it is first used on a machine, which takes 20 s.
    import librosa

    window = round(features.WINDOW_S * rate_hz)
    audio = np.asarray(audio, np.float32)
    if len(audio) < window:
        audio = np.pad(audio, (0, window - len(audio)))
    coefficients = librosa.feature.mfcc(
        y=audio,
        sr=rate_hz,
        n_mfcc=features.N_MFCC,
        n_mels=features.N_MELS,
        n_fft=window,
        hop_length=round(features.HOP_S * rate_hz),
        window="hann",
        center=True,
        pad_mode="constant",
    )
    return coefficients.T.astype(np.float64)


LEVELS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "": mfcc,
    "_peak_normalised": lambda audio, rate_hz: mfcc(normalised(audio), rate_hz),
    "_without_c0": lambda audio, rate_hz: mfcc(normalised(audio), rate_hz)[:, 1:],
}
"""How a deviation (Eq. 2) hears the level of a sound: end of its key in a report → function from samples `[n]` and
their rate to MFCCs `[frames, coefficients]`.

As it is; with the peak brought to 1, so that only the course of the level counts; and also without the zeroth
coefficient, which is the level of a frame, so that no level counts. The paper does not say which it takes. Recordings
are peak-normalised, so that for them the first two are the same.
"""


def librosa_default_mfcc(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return MFCCs as `librosa.feature.mfcc` gives them where nothing is chosen, `[frames, 20]`.

    128 mel bands, windows of 2048 and a hop of 512 samples at any rate: 0.26 and 0.06 s at 8 kHz.

    Args:
        audio: `[n]`; what is shorter than a window is padded with silence.
        rate_hz: its sample rate.
    """
    import librosa

    audio = np.asarray(audio, np.float32)
    coefficients = librosa.feature.mfcc(y=np.pad(audio, (0, max(0, 2048 - len(audio)))), sr=rate_hz)
    return coefficients.T.astype(np.float64)


LIFTERED_WINDOW_S, LIFTERED_HOP_S, PREEMPHASIS = 0.025, 0.010, 0.97
N_LIFTERED, N_LIFTERED_BANDS, LIFTER = 13, 26, 22


def liftered_mfcc(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return MFCCs as speech recognition has them: liftered, with the log energy of a frame in place of c0.

    The parameters and rules are those of HTK's MFCC_E as the Python package python_speech_features has them by default:
    pre-emphasis 0.97, rectangular windows of 25 ms every 10 ms, a Fourier transform of the next power of two, 26
    triangular bands with edges on whole bins, natural logarithms, 13 coefficients, sine lifter 22.

    Args:
        audio: `[n]`.
        rate_hz: its sample rate.

    Returns:
        float64 `[frames, 13]`.
    """
    window, hop = (int(duration_s * rate_hz + 0.5) for duration_s in (LIFTERED_WINDOW_S, LIFTERED_HOP_S))
    n_fft = 1 << (window - 1).bit_length()
    emphasised = scipy.signal.lfilter([1, -PREEMPHASIS], [1], np.asarray(audio, np.float64))
    n_frames = 1 + max(0, -(-(len(emphasised) - window) // hop))
    padded = np.pad(emphasised, (0, max(0, (n_frames - 1) * hop + window - len(emphasised))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:n_frames]
    power = np.abs(scipy.fft.rfft(frames, n_fft)) ** 2 / n_fft
    least = np.finfo(np.float64).eps
    bands, energy = power @ _htk_bands(rate_hz, n_fft).T, power.sum(axis=1)
    logarithms = np.log(np.where(bands == 0, least, bands))
    cepstrum = scipy.fft.dct(logarithms, norm="ortho")[:, :N_LIFTERED]
    cepstrum *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(N_LIFTERED) / LIFTER)
    cepstrum[:, 0] = np.log(np.where(energy == 0, least, energy))
    return cepstrum


def _htk_bands(rate_hz: int, n_fft: int) -> np.ndarray:
    """Return triangular bands of height 1 on the mel scale of HTK, their edges on whole bins: `[26, 1 + n_fft / 2]`."""
    highest_mel = 2595 * np.log10(1 + rate_hz / 2 / 700)
    mels = np.linspace(0, highest_mel, N_LIFTERED_BANDS + 2)
    edges = np.floor((n_fft + 1) * 700 * (10 ** (mels / 2595) - 1) / rate_hz)[:, None]
    bins = np.arange(1 + n_fft // 2)
    below, middle, above = edges[:-2], edges[1:-1], edges[2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rising, falling = (bins - below) / (middle - below), (above - bins) / (above - middle)
    inside = [(bins >= below) & (bins < middle), (bins >= middle) & (bins < above)]
    return np.select(inside, [rising, falling], 0.0)


PROTOCOL_READINGS: dict[str, tuple[str, Callable[[np.ndarray, int], np.ndarray]]] = {
    "raw": ("our MFCCs", LEVELS[""]),
    "peak_1": ("our MFCCs, peak 1", LEVELS["_peak_normalised"]),
    "librosa_defaults": ("librosa's defaults", librosa_default_mfcc),
    "liftered": ("13 liftered, log energy", liftered_mfcc),
}
"""How the MFCCs of Eq. 2 may be read: key in a report → title, and function from samples `[n]` and their rate to MFCCs
`[frames, coefficients]`. The paper does not say which it took."""
