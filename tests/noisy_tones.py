"""Sounds of two classes that are easy to tell apart."""

import numpy as np

from audio_vae.data.sound_set import SoundSet


def noisy_tones(rng, n_a_class):
    """Noisy tones of 512 samples at 8 kHz, as many of each class, every second for the test."""
    n_sounds = 2 * n_a_class
    labels = np.repeat([0, 1], n_a_class)
    audio = np.sin(np.arange(512) * (0.2 + 0.5 * labels[:, None])) + rng.normal(0, 0.1, (n_sounds, 512))
    return SoundSet(
        names=tuple(f"{number}.wav" for number in range(n_sounds)),
        audio=(audio / np.abs(audio).max(axis=1, keepdims=True)).astype(np.float32),
        labels=labels.astype(np.int32),
        is_test=np.arange(n_sounds) % 2 == 0,
        class_names=("low", "high"),
        peaks=np.ones(n_sounds, np.float32),
        lengths=np.full(n_sounds, 512, np.int32),
        rate_hz=8000,
    )
