"""MFCCs of an evaluation, computed by librosa, and the three ways in which they hear the level of a sound.

Morphs and clusters take `audio.features.mfcc`, which computes the same values without librosa.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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
