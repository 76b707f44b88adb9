"""Sounds and files of them for tests."""

import numpy as np
import soundfile


def tone(frequency_hz, n_samples=2048, rate_hz=8000, phase=0.0):
    """A sine: float64 `[n_samples]`."""
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / rate_hz + phase)


def decaying_tone(duration_s=0.3, rate_hz=8000, level=0.5, frequency_hz=440.0):
    """A sine that dies away: float64 `[n]`."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return level * np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-3 * time_s)


def write_sound(path, samples, rate_hz=8000, subtype="FLOAT"):
    """Write a file, and the folders that it lies in; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path
