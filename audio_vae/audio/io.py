"""Sound files in and out: find them, read them to mono float32 at a sample rate, write them.

Levels are in full scale: 1.0 is the largest sample that a file can hold.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from audio_vae.audio import decoding, waveform
from audio_vae.audio.decoding import Decoded, Decoder
from audio_vae.audio.waveform import AudioError

EXTENSIONS = frozenset({".wav", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".mp3", ".w64", ".au", ".caf"})
"""Names that count as sound files when a folder is walked."""


@dataclass(frozen=True)
class Sound:
    """A sound as its file holds it.

    Attributes:
        samples: mono float32 `[n]` at `rate_hz`, not normalised.
        rate_hz: sample rate of `samples`.
        file_rate_hz: sample rate of the file.
        n_channels: channels of the file, mixed down by their mean.
        is_cut: the file is longer than `decoding.MAX_DURATION_S` and was read up to there.
    """

    samples: np.ndarray
    rate_hz: int
    file_rate_hz: int
    n_channels: int
    is_cut: bool = False


def read(path: str | os.PathLike, rate_hz: int, decode: Decoder | None = None) -> Sound:
    """Read a sound file that libsndfile knows (WAV, FLAC, AIFF, OGG, MP3, …).

    Channels are averaged. A file at another rate is resampled by `waveform.resample`.

    Args:
        path: the file.
        rate_hz: the sample rate to return.
        decode: what decodes the file; `decoding.decode_soundfile` unless given.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, or holds NaN or infinity.
    """
    decoded = decode_file(path, decode)
    samples = at_rate(decoded, rate_hz)
    return Sound(samples, rate_hz, decoded.rate_hz, decoded.n_channels, decoded.is_cut)


def decode_file(path: str | os.PathLike, decode: Decoder | None = None) -> Decoded:
    """Decode a file at its own rate, and refuse what is no sound.

    Args:
        path: the file.
        decode: what decodes it; `decoding.decode_soundfile` unless given.

    Raises:
        AudioError: the file is missing, unreadable, empty, silent, holds NaN or infinity, or claims an impossible
            sample rate.
    """
    try:
        if os.path.isdir(path):
            # A folder that gets here is named like a sound file, or could not be listed: then this raises the reason.
            os.scandir(path).close()
            raise AudioError("not readable as sound (it is a folder)")
        if os.path.getsize(path) == 0:
            raise AudioError("the file is empty (0 bytes)")
        decoded = (decode or decoding.decode_soundfile)(path)
    # soundfile answers headerless formats (.raw) with a TypeError that asks for their rate.
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
        raise AudioError(f"not readable as sound ({reason.rstrip('.')})") from error
    if len(decoded.samples) == 0:
        raise AudioError("the file holds no samples")
    if not np.isfinite(decoded.samples).all():
        raise AudioError("the file holds NaN or infinite samples")
    if waveform.peak(decoded.samples) < waveform.SILENCE:
        raise AudioError("the file is silent")
    if not decoding.RATES_HZ[0] <= decoded.rate_hz <= decoding.RATES_HZ[1]:
        raise AudioError(f"the file claims a sample rate of {decoded.rate_hz} Hz")
    return decoded


def at_rate(decoded: Decoded, rate_hz: int) -> np.ndarray:
    """Return the samples of a file at another sample rate, float32 `[n]`.

    Raises:
        AudioError: nothing of the sound is left at this rate, or its samples are too large to resample.
    """
    samples = waveform.resample(decoded.samples, decoded.rate_hz, rate_hz)
    if not np.isfinite(samples).all():
        raise AudioError("the file holds samples too large to resample")
    if waveform.peak(samples) < waveform.SILENCE:
        raise AudioError(f"nothing of the file is left at {rate_hz} Hz (too short or too high)")
    return samples


def header(path: str | os.PathLike) -> tuple[int, float]:
    """Return the rate and the duration in seconds that a file's header claims, at most `decoding.MAX_DURATION_S`.

    Raises:
        AudioError: the file cannot be opened as sound.
    """
    try:
        about = soundfile.info(decoding.openable(path))
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError) as error:
        raise AudioError(f"not readable as sound ({error})") from error
    return about.samplerate, min(about.frames / max(about.samplerate, 1), decoding.MAX_DURATION_S)


def write(path: str | os.PathLike, samples: np.ndarray, rate_hz: int) -> None:
    """Write a sound as a 16-bit WAV file; a peak above full scale is scaled down and not clipped.

    Args:
        path: the file.
        samples: mono float `[n]`.
        rate_hz: sample rate.

    Raises:
        ValueError: the samples hold NaN or infinity.
    """
    if not np.isfinite(samples).all():
        raise ValueError(f"Expected finite samples to write to {path}, received NaN or infinity")
    samples = samples / max(1.0, waveform.peak(samples))
    soundfile.write(os.fspath(path), samples, rate_hz, format="WAV", subtype="PCM_16")


def find_files(folder: Path, others: Counter[str] | None = None) -> list[Path]:
    """Return the sound files below a folder, sorted. Hidden files and links that close a circle are left out.

    A folder that cannot be listed is returned as if it were a file, so that reading it gives the reason.

    Args:
        folder: where to look.
        others: if given, counts files that are no sound files by their extension: extension → number of files.
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
