"""What is to be said of one sound file: usable or not and why, and what happens to it on its way to the model.

`dataset.read_sounds`, which every training reads through, and `audio-vae check` both judge by this.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

import numpy as np

from audio_vae.audio import io as audio
from audio_vae.audio import waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig

SHORTEST_S = 0.010
"""A shorter file is a click at most, and no window of a feature fits in it."""

_DC_LEVEL = 0.01
_DC_SHARE = 0.2
_CLIP_PEAK = 0.98
# Fewer equal samples at the very top are the crest of a low and loud, but sound, wave.
_CLIP_RUN = 4


@dataclass(frozen=True)
class Note:
    """Something that happens to a usable file, or that its owner may want to mend.

    Attributes:
        kind: `clipped`, `dc offset`, `too long`, `mixed down` or `resampled`.
        text: the same with this file's figures.
    """

    kind: str
    text: str


@dataclass(frozen=True, eq=False)
class Judged:
    """A usable file as the model sees it.

    Attributes:
        fitted: float32 `[T]` with peak 1.
        peak: the peak it had, in full scale.
        length: samples before padding, at most T.
        duration_s: of the file, as far as it was read.
        digest: of the file's rate and samples, the same for exact copies in whatever lossless format.
        notes: what is to be said of it.
    """

    fitted: np.ndarray = field(repr=False)
    peak: float
    length: int
    duration_s: float
    digest: bytes
    notes: tuple[Note, ...]


def judge(path: str | os.PathLike, config: AudioConfig) -> Judged:
    """Read a file for a model, or refuse it.

    Args:
        path: the file.
        config: rate and length of the model's sounds.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, holds NaN, infinity or a constant alone,
            is too short, or changed while it was read; the message is the reason.
    """
    before = _state(path)
    decoded = audio.decode_file(path)
    if _state(path) != before:
        raise AudioError("the file changed while it was read")
    duration_s = len(decoded.samples) / decoded.rate_hz
    if duration_s < SHORTEST_S:
        raise AudioError(f"too short ({1000 * duration_s:.1f} ms, {1000 * SHORTEST_S:.0f} ms is the least)")
    if np.ptp(decoded.samples) < waveform.SILENCE:
        raise AudioError("the file holds a constant level and no sound")
    return as_judged(decoded, audio.at_rate(decoded, config.rate_hz), config)


def as_judged(decoded: audio.Decoded, samples: np.ndarray, config: AudioConfig) -> Judged:
    """Fit a sound to the model and note what is to be said of it.

    Args:
        decoded: as it was.
        samples: the same at the model's rate.
        config: rate and length of the model's sounds.

    Raises:
        AudioError: it is silent where the model listens.
    """
    fitted, peak, length = waveform.fit(samples, config)
    digest = hashlib.blake2b(decoded.samples.tobytes(), digest_size=16, salt=decoded.rate_hz.to_bytes(16, "little"))
    notes = _notes(decoded, len(samples), config)
    duration_s = len(decoded.samples) / decoded.rate_hz
    return Judged(fitted, peak, length, duration_s, digest.digest(), notes)


def _state(path: str | os.PathLike) -> tuple[int, ...] | None:
    """Return what changes when a file does; `None` where there is none, which reading it will tell."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _notes(decoded: audio.Decoded, n_at_rate: int, config: AudioConfig) -> tuple[Note, ...]:
    samples = decoded.samples
    found = []
    n_clipped = clipped_samples(samples)
    if n_clipped:
        found.append(Note("clipped", f"clipped ({n_clipped} samples at full scale)"))
    mean = float(samples.mean(dtype=np.float64))
    if abs(mean) > max(_DC_LEVEL, _DC_SHARE * float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))):
        found.append(Note("dc offset", f"DC offset ({mean:+.3f} of full scale)"))
    if decoded.is_cut:
        text = f"longer than {audio.MAX_DURATION_S:.0f} s, the rest is not read"
        found.append(Note("too long", text))
    elif n_at_rate > config.n_samples:
        over_s = (n_at_rate - config.n_samples) / config.rate_hz
        found.append(Note("too long", f"{over_s:.2f} s longer than the model's {window(config)}"))
    if decoded.n_channels > 1:
        what = "stereo" if decoded.n_channels == 2 else f"{decoded.n_channels} channels"
        found.append(Note("mixed down", f"{what} mixed down to mono"))
    if decoded.rate_hz != config.rate_hz:
        found.append(Note("resampled", f"resampled from {decoded.rate_hz} Hz"))
    return tuple(found)


def window(config: AudioConfig) -> str:
    """Return the length of a model's sounds in words: `0.51 s`."""
    return f"{config.n_samples / config.rate_hz:.2f} s"


def clipped_samples(samples: np.ndarray) -> int:
    """Return how many samples lie in flat tops: runs of at least 4 equal ones at a peak of full scale.

    Lossy formats round flat tops off and 8-bit files have them by nature, so this is a hint, no proof.

    Args:
        samples: mono `[n]`.
    """
    top = waveform.peak(samples)
    if top < _CLIP_PEAK:
        return 0
    n_clipped = 0
    for level in (top, -top):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], samples == level, [False]]).astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        n_clipped += int(runs[runs >= _CLIP_RUN].sum())
    return n_clipped
