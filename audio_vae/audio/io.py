"""Sound files in and out: read any file to mono float32 at a rate, fit it to a length, write it.

Knows nothing of models or data sets. Levels are in full scale: 1.0 is the largest sample of a file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from audio_vae.audio.waveform import SILENCE, AudioError, peak, resample

MAX_DURATION_S = 60.0
"""At most this much of a file is read: what follows can never reach a model of one-shots."""

EXTENSIONS = frozenset({".wav", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".mp3", ".w64", ".au", ".caf"})
"""Names that count as sound files when a folder is walked."""

RATES_HZ = (1000, 768_000)
"""Lowest and highest rate of a file: what claims another is damaged, and resampling it could take any memory."""

# Values, not frames: a header may claim a thousand channels.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Sound:
    """A sound as its file holds it.

    Attributes:
        samples: mono float32 `[n]` at `rate_hz`, not normalised.
        rate_hz: sample rate of `samples`.
        file_rate_hz: sample rate of the file.
        n_channels: channels of the file, mixed down by their mean.
        is_cut: the file is longer than `MAX_DURATION_S` and was read up to there.
    """

    samples: np.ndarray
    rate_hz: int
    file_rate_hz: int
    n_channels: int
    is_cut: bool = False


class Decoded(NamedTuple):
    """A file's samples: mono float32 `[n]` at its own rate, its channels, and whether it went on."""

    samples: np.ndarray
    rate_hz: int
    n_channels: int
    is_cut: bool


Decoder = Callable[[str | os.PathLike], Decoded]


def read(path: str | os.PathLike, rate_hz: int, decode: Decoder | None = None) -> Sound:
    """Read a sound file that libsndfile knows (WAV, FLAC, AIFF, OGG, MP3, …).

    Channels are averaged; another rate is resampled by soxr (band-limited, no delay).

    Args:
        path: the file.
        rate_hz: the rate to return.
        decode: turns the file into `Decoded`; `decode_soundfile` unless given.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, or holds NaN or infinity.
    """
    decoded = decode_file(path, decode)
    samples = at_rate(decoded, rate_hz)
    return Sound(samples, rate_hz, decoded.rate_hz, decoded.n_channels, decoded.is_cut)


def decode_file(path: str | os.PathLike, decode: Decoder | None = None) -> Decoded:
    """Decode a file and refuse what is no sound; the samples keep the file's own rate.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, or holds NaN or infinity.
    """
    try:
        if os.path.isdir(path):
            # A folder that may be listed is walked, so one that gets here may be not, or is named like a sound.
            os.scandir(path).close()
            raise AudioError("not readable as sound (it is a folder)")
        if os.path.getsize(path) == 0:
            raise AudioError("the file is empty (0 bytes)")
        decoded = (decode or decode_soundfile)(path)
    # soundfile answers headerless formats (.raw) with a TypeError that asks for their rate.
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
        raise AudioError(f"not readable as sound ({reason.rstrip('.')})") from error
    if len(decoded.samples) == 0:
        raise AudioError("the file holds no samples")
    if not np.isfinite(decoded.samples).all():
        raise AudioError("the file holds NaN or infinite samples")
    if peak(decoded.samples) < SILENCE:
        raise AudioError("the file is silent")
    if not RATES_HZ[0] <= decoded.rate_hz <= RATES_HZ[1]:
        raise AudioError(f"the file claims a sample rate of {decoded.rate_hz} Hz")
    return decoded


def at_rate(decoded: Decoded, rate_hz: int) -> np.ndarray:
    """Return a file's samples at another rate, float32 `[n]`.

    Raises:
        AudioError: nothing of the sound is left at this rate, or its samples are too large to resample.
    """
    samples = resample(decoded.samples, decoded.rate_hz, rate_hz)
    if not np.isfinite(samples).all():
        raise AudioError("the file holds samples too large to resample")
    if peak(samples) < SILENCE:
        raise AudioError(f"nothing of the file is left at {rate_hz} Hz (too short or too high)")
    return samples


def decode_soundfile(path: str | os.PathLike) -> Decoded:
    """Decode the first `MAX_DURATION_S` of a file with libsndfile.

    Raises:
        soundfile.SoundFileError: libsndfile cannot read it.
        OSError: the system cannot.
    """
    with soundfile.SoundFile(_openable(path)) as file:
        samples = _read_blocks(file, int(min(file.samplerate, RATES_HZ[1]) * MAX_DURATION_S))
        return Decoded(samples, file.samplerate, file.channels, file.frames > len(samples) > 0)


def header(path: str | os.PathLike) -> tuple[int, float]:
    """Return the rate and the duration in seconds that a file's header claims, at most `MAX_DURATION_S`.

    Raises:
        AudioError: the file cannot be opened as sound.
    """
    try:
        about = soundfile.info(_openable(path))
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError) as error:
        raise AudioError(f"not readable as sound ({error})") from error
    return about.samplerate, min(about.frames / max(about.samplerate, 1), MAX_DURATION_S)


def _openable(path: str | os.PathLike) -> str | bytes:
    """Return a path as soundfile can open it: names that are not UTF-8 as the bytes they are."""
    return os.fspath(path) if os.name == "nt" else os.fsencode(path)


def _read_blocks(file: soundfile.SoundFile, n_most: int) -> np.ndarray:
    """Read and mix down up to `n_most` frames, so that memory follows the data and not the header's claim."""
    blocks = []
    n_read = 0
    while n_read < n_most:
        block = file.read(min(max(1, _BLOCK // file.channels), n_most - n_read), dtype="float32", always_2d=True)
        if not len(block):
            break
        # Infinite samples of opposite sign make NaN, which is refused later on.
        with np.errstate(invalid="ignore", over="ignore"):
            blocks.append(block.mean(axis=1))
        n_read += len(block)
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def write(path: str | os.PathLike, samples: np.ndarray, rate_hz: int) -> None:
    """Write mono float samples `[n]` as 16-bit WAV; what exceeds full scale is scaled down, never clipped.

    Raises:
        ValueError: the samples hold NaN or infinity.
    """
    if not np.isfinite(samples).all():
        raise ValueError(f"Expected finite samples to write to {path}, received NaN or infinity")
    samples = samples / max(1.0, peak(samples))
    soundfile.write(os.fspath(path), samples, rate_hz, format="WAV", subtype="PCM_16")


def find_files(folder: Path, others: Counter[str] | None = None) -> list[Path]:
    """Return the sound files below a folder, sorted; hidden ones and links that close a circle are left out.

    A folder that cannot be listed is returned as if it were a file: reading it tells why.

    Args:
        folder: where to look.
        others: if given, counts the files that are left out for their extension.
    """
    found = []
    seen = set()
    for here, folders, names in os.walk(
        folder, followlinks=True, onerror=lambda error: found.append(Path(error.filename))
    ):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            extension = os.path.splitext(name)[1].lower()
            if not name.startswith(".") and extension in EXTENSIONS:
                found.append(Path(here, name))
            elif not name.startswith(".") and others is not None:
                others[extension or "no extension"] += 1
    return found
