"""A drum kit synthesised from formulas: kick, snare, tom and hi-hat, seeded, with NumPy alone.

Each kind is a textbook model of an analogue drum machine, whose parameters are drawn at random:

    kick   sine whose pitch falls exponentially (3 to 6 times down to 42–70 Hz) + a click of 2 to 5 ms
    snare  two modes of the head (150–220 Hz and 1.5 to 1.9 times that) + noise of 1–10 kHz
    tom    sine and its membrane mode 1.59 that fall gently (1.3 to 1.8 times down to 85–210 Hz), longer decay
    hihat  six square waves at inharmonic ratios (as in the TR-808) + noise, all above 6–9 kHz

In the code `t` is in seconds, and a decay is the time constant of an exponential in seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

KINDS = ("kick", "snare", "tom", "hihat")

MIN_RATE_HZ = 22050
"""Lowest sample rate: at a lower one there is no room for a hi-hat, which lies above 6 to 9 kHz."""

_METAL_RATIOS = np.array([1.0, 1.342, 1.483, 1.637, 1.926, 2.536])
_MEMBRANE_RATIO = 1.594  # of an ideal round membrane's second mode to its first
_ATTACK_S = 0.0005
_RELEASE_S = 0.010


def kit(rate_hz: int = 44100, n_each: int = 40, seed: int = 0) -> list[tuple[str, str, np.ndarray]]:
    """Synthesise a kit.

    A sound depends on the sample rate, the seed, its kind and its number, not on the number of other sounds.

    Args:
        rate_hz: sample rate, at least `MIN_RATE_HZ`.
        n_each: sounds of each kind.
        seed: seed of all random parameters and of the noise.

    Returns:
        `(name, kind, samples)` of each sound: name `{kind}/{kind}-{number}`, samples mono float32 `[n]` of
        0.06 to 1.2 s with a peak of 0.25 to 1.

    Raises:
        ValueError: the rate is too low.
    """
    if rate_hz < MIN_RATE_HZ:
        raise ValueError(f"Expected a rate of {MIN_RATE_HZ} Hz or more, received: rate_hz={rate_hz}")
    models: dict[str, Callable] = {"kick": _kick, "snare": _snare, "tom": _tom, "hihat": _hihat}
    sounds = []
    for number_of_kind, kind in enumerate(KINDS):
        for number in range(n_each):
            rng = np.random.default_rng((seed, number_of_kind, number))
            samples = _finished(models[kind](rng, rate_hz), rng, rate_hz)
            sounds.append((f"{kind}/{kind}-{number:02d}", kind, samples))
    return sounds


def _kick(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    decay_s = _between(rng, 0.08, 0.25)
    t = _times(4 * decay_s, rate_hz)
    body = _sweep(
        t,
        end_hz=_between(rng, 42, 70),
        times_higher=_between(rng, 3, 6),
        fall_s=_between(rng, 0.015, 0.04),
        rate_hz=rate_hz,
    )
    click = _band(rng.standard_normal(len(t)), 1000, 6000, rate_hz) * np.exp(-t / _between(rng, 0.002, 0.005))
    return body * np.exp(-t / decay_s) + _between(rng, 0.05, 0.25) * click


def _snare(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    decay_s = _between(rng, 0.05, 0.14)
    t = _times(4 * decay_s, rate_hz)
    low_hz = _between(rng, 150, 220)
    head = np.sin(2 * np.pi * low_hz * t) * np.exp(-t / (0.8 * decay_s))
    head += 0.6 * np.sin(2 * np.pi * low_hz * _between(rng, 1.5, 1.9) * t) * np.exp(-t / (0.5 * decay_s))
    wires = _band(rng.standard_normal(len(t)), _between(rng, 800, 1500), 10000, rate_hz) * np.exp(-t / decay_s)
    return head + _between(rng, 0.9, 1.8) * wires


def _tom(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    decay_s = _between(rng, 0.15, 0.30)
    t = _times(4 * decay_s, rate_hz)
    sweep = {"times_higher": _between(rng, 1.3, 1.8), "fall_s": _between(rng, 0.04, 0.09), "rate_hz": rate_hz}
    end_hz = _between(rng, 85, 210)
    body = _sweep(t, end_hz=end_hz, **sweep) * np.exp(-t / decay_s)
    body += 0.4 * _sweep(t, end_hz=end_hz * _MEMBRANE_RATIO, **sweep) * np.exp(-t / (0.4 * decay_s))
    stick = _band(rng.standard_normal(len(t)), 400, 4000, rate_hz) * np.exp(-t / 0.006)
    return body + _between(rng, 0.02, 0.12) * stick


def _hihat(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    # Three in four are closed.
    decay_s = _between(rng, 0.02, 0.06) if rng.random() < 0.75 else _between(rng, 0.1, 0.25)
    t = _times(max(0.06, 4 * decay_s), rate_hz)
    partials_hz = _between(rng, 300, 450) * _METAL_RATIOS
    phases = rng.random((len(partials_hz), 1))
    # A steep sigmoid in place of a sign softens the edges of the square wave, so that there is little aliasing.
    metal = np.tanh(6 * np.sin(2 * np.pi * (partials_hz[:, None] * t + phases))).mean(axis=0)
    mixed = metal + _between(rng, 0.3, 1.0) * rng.standard_normal(len(t))
    return _band(mixed, _between(rng, 6000, 9000), None, rate_hz) * np.exp(-t / decay_s)


def _finished(samples: np.ndarray, rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    """Return a sound with a random level, faded in and out so that it does not click: float32 `[n]`."""
    n_attack, n_release = round(_ATTACK_S * rate_hz), round(_RELEASE_S * rate_hz)
    samples[:n_attack] *= np.linspace(0, 1, n_attack, endpoint=False)
    samples[-n_release:] *= np.linspace(1, 0, n_release)
    return (samples * (_between(rng, 0.25, 1.0) / np.abs(samples).max())).astype(np.float32)


def _sweep(t: np.ndarray, *, end_hz: float, times_higher: float, fall_s: float, rate_hz: int) -> np.ndarray:
    """Return a sine whose pitch falls from `times_higher · end_hz` to `end_hz`, with the time constant `fall_s`."""
    frequency_hz = end_hz * (1 + (times_higher - 1) * np.exp(-t / fall_s))
    return np.sin(2 * np.pi * np.cumsum(frequency_hz) / rate_hz)


def _band(samples: np.ndarray, low_hz: float, high_hz: float | None, rate_hz: int) -> np.ndarray:
    """Return a frequency band of a sound with an RMS of 1. Its edges are an octave wide, so that nothing rings."""
    spectrum = np.fft.rfft(samples)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(samples), 1 / rate_hz), 1.0))
    weights = _rise(octaves - np.log2(low_hz))
    if high_hz is not None:
        weights *= _rise(np.log2(high_hz) - octaves)
    kept = np.fft.irfft(spectrum * weights, len(samples))
    return kept / np.sqrt(np.mean(kept**2))


def _rise(octaves: np.ndarray) -> np.ndarray:
    """Return a raised cosine that rises from 0 at −1 to 1 at 0."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(octaves + 1, 0, 1))


def _times(duration_s: float, rate_hz: int) -> np.ndarray:
    """Return the time of each sample in seconds: `[n]`."""
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a value evenly on a logarithmic scale, on which pitch, time and level are perceived."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
