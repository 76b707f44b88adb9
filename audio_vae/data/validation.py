"""Validate a sound file: is it usable, and what happens to it on its way to the model?

Trainings (`data.reading`) and morphs (`morphing.endpoints`) read every file through these functions, and
`audio-vae check` reports what they find.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

import numpy as np

from audio_vae.audio import decoding, io, waveform
from audio_vae.audio.decoding import Decoded, Decoder
from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig

SHORTEST_S = 0.010
"""Shortest usable file: a shorter one is a click at most, and no window of a feature fits in it."""

# A DC offset is noted if it exceeds both 0.01 of full scale and a fifth of the sound's RMS.
_DC_LEVEL = 0.01
_DC_SHARE = 0.2
_CLIP_PEAK = 0.98
# Fewer equal samples at the peak are the crest of a low, loud wave that is not clipped.
_CLIP_RUN = 4


_HARMLESS = ("mixed down", "resampled")
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Note:
    """Something that happens to a usable file, or that its owner may want to mend.

    Attributes:
        kind: `clipped`, `dc offset`, `too long`, `not read`, `channels cancel`, `mixed down` or `resampled`.
        text: the same in words, with the figures of this file.
    """

    kind: str
    text: str

    @property
    def is_warning(self) -> bool:
        """Whether the sound that the model gets is not what its owner may expect."""
        return self.kind not in _HARMLESS


@dataclass(frozen=True, eq=False)
class ValidSound:
    """A usable sound, as the model gets it.

    Attributes:
        fitted: float32 `[T]` with peak 1.
        peak: peak of the sound before it was normalised, in full scale.
        length: number of samples from the onset to the end, at most T (`audio.waveform.extent`).
        duration_s: duration of the file in seconds, as far as it was read.
        digest: hash of the file's sample rate and samples: exact copies have the same, in any lossless format.
        notes: what was found in the file.
    """

    fitted: np.ndarray = field(repr=False)
    peak: float
    length: int
    duration_s: float
    digest: bytes
    notes: tuple[Note, ...]


def validate_file(path: str | os.PathLike, config: AudioConfig, decode: Decoder | None = None) -> ValidSound:
    """Read a file for a model, or refuse it.

    Args:
        path: the file.
        config: sample rate and length of the model's sounds.
        decode: what decodes the file; `audio.decoding.decode_soundfile` unless given.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, too short, holds NaN, infinity or nothing but a
            constant level, or changed while it was read; the message is the reason.
    """
    decoded = decode_valid(path, decode)
    return validate_samples(decoded, io.at_rate(decoded, config.rate_hz), config)


def decode_valid(path: str | os.PathLike, decode: Decoder | None = None) -> Decoded:
    """Decode a file at its own rate, or refuse it for what does not depend on a model.

    Args:
        path: the file.
        decode: as for `validate_file`.

    Raises:
        AudioError: as for `validate_file`.
    """
    before = _state(path)
    decoded = io.decode_file(path, decode)
    if _state(path) != before:
        raise AudioError("the file changed while it was read")
    _require_length_and_change(decoded)
    return decoded


def validate_array(samples: np.ndarray, rate_hz: int, config: AudioConfig) -> ValidSound:
    """Take an array for a sound of a model, or refuse it for the reasons for which a file is refused.

    Args:
        samples: float `[n]` or `[n, channels]`.
        rate_hz: their sample rate.
        config: sample rate and length of the model's sounds.

    Raises:
        AudioError: it is empty, silent, too short, or holds NaN, infinity or nothing but a constant level.
    """
    if not np.issubdtype(np.asarray(samples).dtype, np.floating):
        raise AudioError("the array holds no floats: divide integers by their full scale")
    if np.ndim(samples) not in (1, 2):
        raise AudioError(f"the array has the shape {np.shape(samples)}, not [n] or [n, channels]")
    decoded = decoding.decode_array(samples, rate_hz)
    try:
        io.require_sound(decoded)
        _require_length_and_change(decoded)
        return validate_samples(decoded, io.at_rate(decoded, config.rate_hz), config)
    except AudioError as error:
        raise AudioError(str(error).replace("the file", "the array")) from error


def validate_samples(decoded: Decoded, samples: np.ndarray, config: AudioConfig) -> ValidSound:
    """Fit a sound to the model, and note what was found in it.

    Args:
        decoded: the sound at its own sample rate.
        samples: the same at the model's rate, float32 `[n]`.
        config: sample rate and length of the model's sounds.

    Raises:
        AudioError: the part that the model gets is silent.
    """
    fitted, peak, length = waveform.fit(samples, config)
    digest = hashlib.blake2b(decoded.samples.tobytes(), digest_size=16, salt=decoded.rate_hz.to_bytes(16, "little"))
    notes = _notes(decoded, samples, config)
    duration_s = len(decoded.samples) / decoded.rate_hz
    return ValidSound(fitted, peak, length, duration_s, digest.digest(), notes)


def _require_length_and_change(decoded: Decoded) -> None:
    """Refuse what is too short or does not change, with an `AudioError`."""
    duration_s = len(decoded.samples) / decoded.rate_hz
    if duration_s < SHORTEST_S:
        raise AudioError(f"too short ({1000 * duration_s:.1f} ms, {1000 * SHORTEST_S:.0f} ms is the least)")
    if np.ptp(decoded.samples) < waveform.SILENCE:
        raise AudioError("the file holds a constant level and no sound")


def _state(path: str | os.PathLike) -> tuple[int, ...] | None:
    """Return what changes with a file: inode, size and time of change. `None` if there is none: reading it says why."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _notes(decoded: Decoded, at_rate: np.ndarray, config: AudioConfig) -> tuple[Note, ...]:
    """Return what was found in a sound, which is `at_rate` at the model's rate."""
    samples = decoded.samples
    found = []
    n_clipped = clipped_samples(samples)
    if n_clipped:
        found.append(Note("clipped", f"clipped ({n_clipped} samples at full scale)"))
    mean = float(samples.mean(dtype=np.float64))
    if abs(mean) > max(_DC_LEVEL, _DC_SHARE * float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))):
        found.append(Note("dc offset", f"DC offset ({mean:+.3f} of full scale)"))
    start, end = waveform.extent(at_rate, config.rate_hz, config.onset_db)
    over_s = (end - start - config.n_samples) / config.rate_hz
    if over_s > 0:
        least = "at least " if decoded.is_cut else ""
        of_model = duration_in_words(config)
        found.append(Note("too long", f"{least}{over_s:.2f} s longer than the model's {of_model}, and cut there"))
    elif decoded.is_cut:
        found.append(Note("not read", f"longer than {decoding.MAX_DURATION_S:.0f} s, the rest is not read"))
    if decoded.n_channels > 1:
        found.append(_mixed_down(decoded))
    if decoded.rate_hz != config.rate_hz:
        found.append(Note("resampled", f"resampled from {decoded.rate_hz} Hz"))
    return tuple(found)


def _mixed_down(decoded: Decoded) -> Note:
    """Return the note of a file with several channels."""
    only, is_stereo = decoded.only_channel, decoded.n_channels == 2
    what = "stereo" if is_stereo else f"{decoded.n_channels} channels"
    if only is None:
        return Note("mixed down", f"{what} mixed down to mono")
    which = f"the {_SIDES[only]} one" if is_stereo else f"channel {only + 1}"
    return Note("channels cancel", f"{what} whose channels cancel each other: {which} is used alone, as the loudest")


def duration_in_words(config: AudioConfig) -> str:
    """Return the length of a model's sounds in words: `0.51 s`."""
    return f"{config.n_samples / config.rate_hz:.2f} s"


def clipped_samples(samples: np.ndarray) -> int:
    """Return how many samples are clipped: those in runs of 4 or more equal ones at the peak, if that is full scale.

    This is a hint and no proof, because lossy formats round clipped peaks off, and 8-bit files have equal samples there
    by nature.

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
