"""The loss terms, those of the paper and others, as pure functions on tensors of any Keras backend.

Each returns one value per sound, `[B]`. `objective` weights them and averages over the batch.
"""

from __future__ import annotations

import math

import numpy as np
from keras import ops

from audio_vae.audio import spectral_ops
from audio_vae.audio.one_shot_grid import Grid
from audio_vae.audio.soft_dtw import soft_dtw
from audio_vae.layers.one_shot_analysis import FLOOR as CELL_FLOOR
from audio_vae.layers.one_shot_analysis import cell_powers, loudest_cell

_FLOOR = 1e-3
"""Magnitude below which differences hardly count: 60 dB below white noise at full scale."""


def _reduce(values, reduction: str):
    """Sum or average all axes but the first: `[B, …]` → `[B]`."""
    axes = tuple(range(1, len(values.shape)))
    return ops.sum(values, axis=axes) if reduction == "sum" else ops.mean(values, axis=axes)


def squared_error(audio, reconstruction, reduction: str = "sum"):
    """L_likelihood: squared error in the time domain (Eq. 1, first term).

    Args:
        audio: `[B, T]` or `[B, T, 1]`, full scale ±1.
        reconstruction: the same shape.
        reduction: `sum` over samples, the squared norm that Eq. 1 prints, or `mean`.

    Returns:
        `[B]`.
    """
    return _reduce(ops.square(reconstruction - audio), reduction)


def kl_divergence(mean, log_variance, reduction: str = "sum", prior_std: float = 1.0):
    """KL(N(mean, variance) ‖ N(0, prior_std²·I)) in nats (Eq. 1, second term; Kingma and Welling 2014, App. B).

    Args:
        mean: posterior mean, `[B, d]`.
        log_variance: logarithm of the posterior variance, `[B, d]`.
        reduction: `sum` over latent dimensions (the divergence itself) or `mean`.
        prior_std: standard deviation of the prior; the paper has 1, its code 4.

    Returns:
        `[B]`, never negative.
    """
    # expm1(v) − v is exact near v = 0, where exp(v) − v − 1 cancels.
    if prior_std != 1:
        # A divergence stays the same where both distributions are scaled alike.
        mean, log_variance = mean / prior_std, log_variance - 2 * math.log(prior_std)
    return 0.5 * _reduce(ops.square(mean) + ops.expm1(log_variance) - log_variance, reduction)


def cross_entropy(labels, logits):
    """Cross-entropy of the classifier on the bottleneck (Section 3.1), in nats.

    Args:
        labels: class numbers, int `[B]`.
        logits: `[B, n_classes]`.

    Returns:
        `[B]`.
    """
    log_probability = ops.log_softmax(logits, axis=-1)
    return -ops.take_along_axis(log_probability, ops.expand_dims(labels, -1), axis=-1)[:, 0]


def spectral_distance(audio, reconstruction, windows, bands_per_octave: int = 0, from_onset: bool = False):
    """Distance between magnitude spectrograms of several resolutions, which ignores phase.

    It is the mean over the windows, with a hop length of a quarter of each, of two terms: the relative error of the
    magnitudes, which is sensitive to loud parts, and the mean difference of their logarithms, sensitive to quiet ones.

    Args:
        audio: `[B, T]`, full scale ±1.
        reconstruction: the same shape.
        windows: windows, in samples.
        bands_per_octave: take the logarithms of root mean squares in this many bands per octave, where bins are not
            wider than the bands; 0 takes the logarithms of the bins. With bands, all octaves count equally, and random
            differences of two noises average out. With bins, the octave around a tone of 100 Hz counts a hundredth of
            the whole at 22.05 kHz.
        from_onset: weight the logarithms by 1 / (time from the sound's start + window). With windows of 8 ms, the first
            10 ms of a sound of 0.74 s then count as much as its last 400 ms; otherwise an attack counts a hundredth.

    Returns:
        `[B]`.

    References:
        Engel et al. (2020), DDSP, Section 4.2.1; Yamamoto et al. (2020), Parallel WaveGAN, Section 2.2; Kumar et al.
        (2023), High-fidelity audio compression with improved RVQGAN, Section 3.4 (bands).
    """
    total = 0.0
    for window in windows:
        wanted, got = (_magnitudes(each, window) for each in (audio, reconstruction))
        relative = _reduce(ops.abs(wanted - got), "sum") / (_reduce(wanted, "sum") + _FLOOR)
        if bands_per_octave:
            shares = ops.convert_to_tensor(spectral_ops.octave_bands(wanted.shape[-1], bands_per_octave))
            wanted, got = (ops.sqrt(ops.matmul(ops.square(each), shares)) for each in (wanted, got))
        differences = ops.abs(ops.log(wanted + _FLOOR) - ops.log(got + _FLOOR))
        if from_onset:
            # In units of the window: frame k lies k / 4 after the start.
            weights = 1 / (1 + np.arange(differences.shape[1], dtype=np.float32) / 4)
            differences = differences * ops.convert_to_tensor(weights / weights.mean())[:, None]
        logarithmic = _reduce(differences, "mean")
        total = total + relative + logarithmic
    return total / len(windows)


def cell_distance(audio, reconstruction, grid: Grid):
    """Distance between the levels of one-shots in the cells of a grid, which ignores phase.

    It is the mean absolute difference of the logarithms of amplitudes, over all noise bands and tones at all times of
    the grid; what lies 60 dB below a sound's loudest cell hardly counts. Cells average noise, so that two noises of one
    colour are near to each other; the times are close together at the onset, so that an attack counts as a decay does.

    Args:
        audio: `[B, T]`, full scale ±1.
        reconstruction: the same shape.
        grid: the grid.

    Returns:
        `[B]`, in nepers: 1 is 8.7 dB.
    """
    all_wanted, all_got = cell_powers(audio, grid), cell_powers(reconstruction, grid)
    floor = CELL_FLOOR * loudest_cell(all_wanted[0])
    noise, tones = (
        _reduce(ops.abs(ops.log((wanted + floor) / (got + floor))), "mean")
        for wanted, got in zip(all_wanted, all_got, strict=True)
    )
    # The logarithm of a power is twice that of an amplitude.
    return (noise + tones) / 4


def phasor_distance(wanted, got):
    """Squared distance of the phasors of low tones at the onset (`layers.one_shot_analysis`), summed over the tones.

    Args:
        wanted: phasors of the sounds, `[B, 2 · n_phased]`, the loudest with a length of 1.
        got: the same of the reconstructions.

    Returns:
        `[B]`.
    """
    return _reduce(ops.square(wanted - got), "sum")


def pitch_distance(pitch, share, wanted, periodicity):
    """Squared distance of a voice from the pitch of the sound, and of its harmonics' share from how periodic that is.

    Spectra alone do not teach a decoder to sing: harmonics beside those of the sound are farther from it than noise of
    the same colour is, and so the decoder would whisper.

    Args:
        pitch: binary logarithm of the decoder's pitch, `[B, frames]`.
        share: share of the harmonics in the power of its frames, of the same shape.
        wanted: binary logarithm of the pitch of the sound (`audio.voice_pitch`), `[B, ≥ frames]`; further frames are
            left out.
        periodicity: how periodic the sound is, 0 to 1, of the same shape.

    Returns:
        `[B]`: the mean over the frames that have a pitch, in octaves, plus the mean over all frames.
    """
    n_frames = pitch.shape[1]
    wanted, periodicity = wanted[:, :n_frames], periodicity[:, :n_frames]
    # Half periodic is hoarse or the border of a vowel; less is no pitch.
    weights = ops.clip(2 * periodicity - 1, 0.0, 1.0)
    of_pitch = ops.sum(weights * ops.square(pitch - wanted), axis=1) / (ops.sum(weights, axis=1) + 1)
    return of_pitch + _reduce(ops.square(share - periodicity), "mean")


def _magnitudes(audio, window: int):
    """Magnitude spectrogram, scaled so that white noise is equally loud with any window: `[B, T]` → `[B, n, bins]`."""
    # The square root has no gradient at 0, where padding lies.
    power = spectral_ops.power_spectrogram(audio, window, window // 4)
    return spectral_ops.noise_scale(window) ** 0.5 * ops.sqrt(power + 1e-10)


def mfcc_distance(first, second, gamma: float):
    """Soft-DTW distance of MFCCs: the distance of the evaluation (Eq. 2) with a gradient.

    Args:
        first: MFCCs in hundreds, `[B, n, n_mfcc]`.
        second: likewise, `[B, m, n_mfcc]`.
        gamma: γ of Soft-DTW.

    Returns:
        `[B]`: the square root of Soft-DTW, as a DTW distance is the root of summed squares. A negative Soft-DTW
        counts as 0; a small constant under the root keeps the gradient finite there.
    """
    return ops.sqrt(ops.maximum(soft_dtw(first, second, gamma), 0.0) + 1e-4)


def class_means(latents, labels, weights=None):
    """Mean latent of each sound's class, over the sounds of the batch.

    Args:
        latents: `[B, d]`.
        labels: class numbers, int `[B]`.
        weights: `[B]`; a sound of weight 0 counts in its own mean only. `None` weights all by 1.

    Returns:
        `[B, d]`: the mean of the class that each sound belongs to.
    """
    same = ops.cast(ops.equal(labels[:, None], labels[None, :]), latents.dtype)
    if weights is not None:
        counted = ops.cast(weights > 0, latents.dtype)
        same = ops.maximum(same * counted[None, :], ops.eye(ops.shape(labels)[0], dtype=latents.dtype))
    return ops.matmul(same / ops.sum(same, axis=1, keepdims=True), latents)


def with_peak_1(audio):
    """Scale sounds to a peak of 1: `[B, T]` → the same; silence stays silence."""
    return audio / (ops.max(ops.abs(audio), axis=-1, keepdims=True) + 1e-6)
