"""How good a model is: 1-NN accuracy, MFCC-DTW deviation (Eq. 2), and how close its reconstructions are.

Pure functions on arrays; nothing here knows of models, runs or files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import fft, signal
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.features import DECIBELS_BELOW_PEAK, magnitude_spectrogram
from audio_vae.audio.waveform import SILENCE
from audio_vae.evaluation.multi_resolution import LEAST_POWER

ATTACK_LEVELS = (0.2, 0.9)
"""Shares of the envelope's maximum between which a sound's attack lies."""

ENVELOPE_WINDOW_S = 0.005
"""Smoothing window of the envelope: a shorter one lets noise ripple, a longer one hides how sharp an attack is."""

PEAK_WINDOW = 64
"""Samples over which `peak_time_s` smooths, at any rate."""

LEAST_SOUNDS = 3
"""Sounds of a class that its deviation takes: with fewer, the distances to the others have no standard deviation."""

# Lowest frequency that is looked for: what is below it is not heard.
_LOWEST_HZ = 20.0


def one_nn_accuracy(
    train_latents: np.ndarray, train_labels: np.ndarray, test_latents: np.ndarray, test_labels: np.ndarray
) -> float:
    """Share of test sounds whose nearest training sound in the latent space is of their class (Section 5).

    Args:
        train_latents: posterior means `[n_train, d]`.
        train_labels: `[n_train]`.
        test_latents: `[n_test, d]`.
        test_labels: `[n_test]`.

    Returns:
        Between 0 and 1.

    Raises:
        ValueError: a set is empty.
    """
    if not len(train_labels) or not len(test_labels):
        raise ValueError(f"Expected sounds in both sets, received: {len(train_labels)} train, {len(test_labels)} test")
    nearest = KNeighborsClassifier(n_neighbors=1).fit(train_latents, train_labels)
    return float(nearest.score(test_latents, test_labels))


def leave_one_out_accuracy(latents: np.ndarray, labels: np.ndarray) -> float | None:
    """Share of sounds whose nearest other sound in the latent space is of their class, as the paper's code has it.

    Args:
        latents: `[n, d]`.
        labels: `[n]`.

    Returns:
        Between 0 and 1; `None` for fewer than two sounds.
    """
    if len(labels) < 2:
        return None
    # Asked without sounds, it looks for the nearest other one of each that it knows.
    nearest = NearestNeighbors(n_neighbors=1).fit(latents).kneighbors(return_distance=False)[:, 0]
    return float(np.mean(labels[nearest] == labels))


def class_centres(latents: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean latent of each class, `[n_classes, d]`; NaN where a class has no sound."""
    return np.stack(
        [
            latents[labels == label].mean(axis=0) if (labels == label).any() else np.full(latents.shape[1], np.nan)
            for label in range(n_classes)
        ]
    )


def mfcc_dtw_deviation(
    centre: np.ndarray, sounds: Sequence[np.ndarray], between: np.ndarray | None = None
) -> np.ndarray:
    """MFCC-DTW deviation of a class's sounds from its decoded centre (Eq. 2).

    `dev_j = (dtw(x_j, centre) − mean_k dtw(x_j, x_k)) / std_k dtw(x_j, x_k)`, k ≠ j: lower is better,
    0 is "as far as a typical other sound of the class". The standard deviation is the population's.

    Args:
        centre: MFCCs of the decoded class centre, `[frames, n_mfcc]`.
        sounds: MFCCs of the class's test sounds, at least `LEAST_SOUNDS` of `[frames, n_mfcc]`.
        between: `dtw_matrix(sounds)`, for a caller that compares several centres with the same sounds.

    Returns:
        `[len(sounds)]`; NaN where a sound is equally far from all others.

    Raises:
        ValueError: fewer than `LEAST_SOUNDS` sounds, so that the distances have no standard deviation.
    """
    if len(sounds) < LEAST_SOUNDS:
        raise ValueError(f"Expected at least {LEAST_SOUNDS} sounds of a class, received: {len(sounds)}")
    if between is None:
        between = dtw_matrix(sounds)
    to_centre = dtw_matrix(sounds, [centre])[:, 0]
    others = between[~np.eye(len(sounds), dtype=bool)].reshape(len(sounds), -1)
    std = others.std(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(std > 0, (to_centre - others.mean(axis=1)) / std, np.nan)


def signal_to_noise_db(audio: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Reconstruction SNR of each sound in decibels: `[B, T]`, `[B, T]` → `[B]`."""
    noise = np.sum((audio - reconstruction) ** 2, axis=-1)
    return 10 * np.log10(np.sum(audio**2, axis=-1) / np.maximum(noise, 1e-20))


def log_spectral_distances_db(
    audio: np.ndarray, reconstruction: np.ndarray, rate_hz: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log-spectral distance of each reconstruction in decibels; lower is better, 0 is the same spectrogram.

    The root of the mean squared difference in decibels over the bins of a frame, averaged over all frames
    (A. Gray and J. Markel, Distance Measures for Speech Processing, 1976), of the spectrograms of
    `audio.features.magnitude_spectrogram`. What lies more than 80 dB below the loudest bin of the original, in either
    sound, counts as 80 dB below it: the silence that a sound is padded with has no logarithm, and without this floor
    the inaudible noise that a decoder leaves there would decide the figure. Some papers have no floor: the second
    figure has none, but digital silence has the power 1e-8 in a bin, about 120 dB below a full-scale sine.

    Args:
        audio: `[B, T]`.
        reconstruction: `[B, T]`.
        rate_hz: their sample rate.

    Returns:
        With and without the floor, float64 `[B]` each; NaN where the original is silent (peak below
        `audio.waveform.SILENCE`).

    Raises:
        ValueError: the sounds are not `[B, T]`, or of two shapes.
    """
    _require_pairs(audio, reconstruction)
    spectra = [magnitude_spectrogram(each, rate_hz) for each in (audio, reconstruction)]
    is_sound = _peaks(audio) >= SILENCE
    loudest = np.where(is_sound, spectra[0].max(axis=(1, 2)), 1)[:, None, None]

    def distances_db(least) -> np.ndarray:
        differences_db = 20 * np.log10(np.maximum(spectra[0], least) / np.maximum(spectra[1], least))
        of_frames = np.sqrt(np.mean(differences_db**2, axis=2))
        return np.where(is_sound, of_frames.mean(axis=1), np.nan)

    return distances_db(loudest * 10 ** (-DECIBELS_BELOW_PEAK / 20)), distances_db(LEAST_POWER**0.5)


def attack_time_s(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Attack time of each sound: from where its envelope first reaches 20 % of its maximum to where it reaches 90 %.

    It does not start at 0 %, because of noise before the sound, and does not end at 100 %, because the maximum may
    come long after the attack. Such fixed thresholds define the log-attack-time (the logarithm of this) in
    G. Peeters, A large set of audio features for sound description, CUIDADO report (2004), and in ISO/IEC 15938-4
    (MPEG-7). The envelope is the magnitude of the analytic signal, smoothed by a Hann window of 5 ms. A sound that
    starts at once has an attack time of 2 ms, or more where its period is longer than the window.

    Args:
        audio: `[B, T]`; silence is assumed before and after it.
        rate_hz: its sample rate.

    Returns:
        float64 `[B]`, in seconds; NaN where a sound is silent (peak below `audio.waveform.SILENCE`).

    Raises:
        ValueError: the sounds are not `[B, T]`.
    """
    _require_batch(audio)
    envelopes = _envelopes(audio, rate_hz)
    highest = envelopes.max(axis=1, keepdims=True)
    start, end = (_first_reached(envelopes, level * highest) for level in ATTACK_LEVELS)
    return np.where(_peaks(audio) >= SILENCE, (end - start) / rate_hz, np.nan)


def peak_time_s(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the time of each sound's peak: the maximum of its absolute samples, smoothed over 64 of them.

    Where sounds start at once, it is the time from the onset to the peak. Unlike the attack time it also changes where
    an attack as a whole comes too late.

    Args:
        audio: `[B, T]`; silence is assumed before and after it.
        rate_hz: its sample rate.

    Returns:
        float64 `[B]`, in seconds from the first sample; NaN where a sound is silent (peak below
        `audio.waveform.SILENCE`).

    Raises:
        ValueError: the sounds are not `[B, T]`.
    """
    _require_batch(audio)
    amplitudes = np.pad(np.abs(np.asarray(audio, np.float64)), ((0, 0), (PEAK_WINDOW // 2, PEAK_WINDOW // 2 - 1)))
    sums = np.cumsum(np.pad(amplitudes, ((0, 0), (1, 0))), axis=1)
    positions = (sums[:, PEAK_WINDOW:] - sums[:, :-PEAK_WINDOW]).argmax(axis=1)
    return np.where(_peaks(audio) >= SILENCE, positions / rate_hz, np.nan)


def strongest_frequency_hz(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Frequency of each sound's strongest partial: the maximum of the power spectrum of the whole sound.

    It is what is heard as the pitch of a drum, which MFCCs and spectral distances on a linear frequency axis hardly
    notice.

    Args:
        audio: `[B, T]`.
        rate_hz: its sample rate.

    Returns:
        float64 `[B]`, to a quarter of a cycle over the sound, 20 Hz or more; NaN where a sound is silent (peak below
        `audio.waveform.SILENCE`).

    Raises:
        ValueError: the sounds are not `[B, T]`.
    """
    _require_batch(audio)
    n_points = fft.next_fast_len(4 * np.shape(audio)[1], real=True)
    spectra = np.abs(fft.rfft(np.asarray(audio, np.float64), n_points, axis=1))
    spectra[:, : math.ceil(_LOWEST_HZ * n_points / rate_hz)] = 0
    return np.where(_peaks(audio) >= SILENCE, spectra.argmax(axis=1) * rate_hz / n_points, np.nan)


def peak_level_error_db(audio: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """How much higher the peak of each reconstruction is than its sound's, in decibels; negative is lower.

    Args:
        audio: `[B, T]`.
        reconstruction: `[B, T]`.

    Returns:
        float64 `[B]`; a peak below `audio.waveform.SILENCE` counts as that, so that silence has a level.

    Raises:
        ValueError: the sounds are not `[B, T]`, or of two shapes.
    """
    _require_pairs(audio, reconstruction)
    peaks = [np.maximum(_peaks(each), SILENCE) for each in (audio, reconstruction)]
    return 20 * np.log10(peaks[1] / peaks[0])


def _peaks(audio: np.ndarray) -> np.ndarray:
    """Return the largest absolute sample of each sound, `[B, T]` → float64 `[B]`."""
    return np.abs(np.asarray(audio, np.float64)).max(axis=1)


def _envelopes(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the amplitude envelopes, `[B, T]` → `[B, T + 2n]`, where n is the length of ten smoothing windows."""
    # The envelope begins before the sound does, and the Fourier transform must not join a sound's end to its start.
    n_around = round(10 * ENVELOPE_WINDOW_S * rate_hz)
    padded = np.pad(np.asarray(audio, np.float64), ((0, 0), (n_around, n_around)))
    amplitudes = np.abs(signal.hilbert(padded, fft.next_fast_len(padded.shape[1])))[:, : padded.shape[1]]
    # The first and last value of NumPy's window are 0.
    window = np.hanning(max(1, round(ENVELOPE_WINDOW_S * rate_hz)) + 2)
    return signal.oaconvolve(amplitudes, window[None] / window.sum(), mode="same", axes=1)


def _first_reached(envelopes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return where each of `[B, n]` first reaches its level `[B, 1]`: positions between samples, `[B]`."""
    after = np.maximum((envelopes >= levels).argmax(axis=1), 1)[:, None]
    below, above = (np.take_along_axis(envelopes, position, axis=1) for position in (after - 1, after))
    rise = above - below
    share = np.divide(levels - below, rise, out=np.zeros_like(rise), where=rise > 0)
    return (after - 1 + np.clip(share, 0, 1))[:, 0]


def _require_batch(audio: np.ndarray) -> None:
    if np.ndim(audio) != 2 or not np.size(audio):
        raise ValueError(f"Expected sounds of the shape [B, T], received: {np.shape(audio)}")


def _require_pairs(audio: np.ndarray, reconstruction: np.ndarray) -> None:
    _require_batch(audio)
    if np.shape(audio) != np.shape(reconstruction):
        shapes = f"{np.shape(audio)} and {np.shape(reconstruction)}"
        raise ValueError(f"Expected sounds and reconstructions of one shape, received: {shapes}")
