"""MFCCs, as the evaluation (Eq. 2) and the drum clusters use them, and the spectrogram of the other measures."""

from __future__ import annotations

import librosa
import numpy as np

N_MFCC = 20
N_MELS = 40
WINDOW_S = 0.032
HOP_S = 0.016


def mfcc(
    audio: np.ndarray,
    rate_hz: int,
    *,
    n_mfcc: int = N_MFCC,
    n_mels: int = N_MELS,
    window_s: float = WINDOW_S,
    hop_s: float = HOP_S,
) -> np.ndarray:
    """Return the mel-frequency cepstrum of a sound, the zeroth coefficient included.

    The defaults are those of Eq. 2's reading: 20 coefficients, 40 mel bands, a Hann window of
    32 ms and a hop of 16 ms (256 and 128 samples at 8 kHz).

    Args:
        audio: `[n]`.
        rate_hz: its sample rate.
        n_mfcc: coefficients.
        n_mels: mel bands.
        window_s: window, also the length of the FFT.
        hop_s: hop length.

    Returns:
        float64 `[frames, n_mfcc]`.
    """
    window = round(window_s * rate_hz)
    audio = np.asarray(audio, np.float32)
    if len(audio) < window:
        audio = np.pad(audio, (0, window - len(audio)))
    coefficients = librosa.feature.mfcc(
        y=audio,
        sr=rate_hz,
        n_mfcc=n_mfcc,
        n_mels=n_mels,
        n_fft=window,
        hop_length=round(hop_s * rate_hz),
        window="hann",
    )
    return coefficients.T.astype(np.float64)


def magnitude_spectrogram(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the magnitudes of the short-time Fourier transform: Hann, 32 ms, hop of half of that.

    Frames are centred on multiples of the hop, with silence beyond the ends, so that the first and last samples
    count as much as others.

    Args:
        audio: `[..., n]`.
        rate_hz: its sample rate.

    Returns:
        float64 `[..., 1 + ⌈n / hop⌉, bins]`.
    """
    window = round(WINDOW_S * rate_hz)
    hop = window // 2
    n_frames = 1 + -(-audio.shape[-1] // hop)
    around = [(0, 0)] * (audio.ndim - 1) + [(hop, window + hop)]
    padded = np.pad(np.asarray(audio, np.float64), around)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :][..., :n_frames, :]
    return np.abs(np.fft.rfft(frames * np.hanning(window + 1)[:-1], axis=-1))
