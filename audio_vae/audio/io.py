"""Sound files in and out: find them, read them to mono float32 at a sample rate, write them.

Levels are in full scale: 1.0 is the largest sample that a file can hold.
"""

from __future__ import annotations

import os
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from audio_vae.audio import decoding, formats, waveform
from audio_vae.audio.decoding import Decoded, Decoder
from audio_vae.audio.waveform import AudioError
from audio_vae.utils.errors import raise_system_problem, shortage


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
        raise_system_problem(error, shortage)
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
        hint = formats.how_to_convert(path) if isinstance(error, soundfile.SoundFileError) else None
        raise AudioError(hint or f"not readable as sound ({reason.rstrip('.')})") from error
    require_sound(decoded)
    return decoded


def require_sound(decoded: Decoded) -> None:
    """Refuse samples that are no sound.

    Raises:
        AudioError: there are none, they are silent, hold NaN or infinity, or have an impossible sample rate.
    """
    if len(decoded.samples) == 0:
        raise AudioError("the file holds no samples")
    if not np.isfinite(decoded.samples).all():
        raise AudioError("the file holds NaN or infinite samples")
    if waveform.peak(decoded.samples) < waveform.SILENCE:
        until = f" for its first {decoding.MAX_SILENCE_S:.0f} s, and no more of it is read" if decoded.is_cut else ""
        raise AudioError(f"the file is silent{until}")
    if not decoding.RATES_HZ[0] <= decoded.rate_hz <= decoding.RATES_HZ[1]:
        raise AudioError(f"the file claims a sample rate of {decoded.rate_hz} Hz")


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


SUBTYPES = ("PCM_16", "PCM_24", "FLOAT")
"""How a WAV file holds samples: integers of 16 or 24 bits, or floats of 32 bits."""

_BITS = {"PCM_16": 16, "PCM_24": 24}


def write(path: str | os.PathLike, samples: np.ndarray, rate_hz: int, subtype: str = "PCM_16") -> None:
    """Write a sound as a WAV file; the arguments are those of `wav_bytes`.

    Raises:
        ValueError: the samples hold NaN or infinity.
        OSError: the file cannot be written.
    """
    Path(path).write_bytes(wav_bytes(samples, rate_hz, subtype))


def wav_bytes(samples: np.ndarray, rate_hz: int, subtype: str = "PCM_16") -> bytes:
    """Return a sound as a WAV file; a peak above full scale is scaled down and not clipped, unless floats can hold it.

    Args:
        samples: float `[n]` or `[n, channels]`.
        rate_hz: sample rate.
        subtype: one of `SUBTYPES`.

    Raises:
        ValueError: the samples hold NaN or infinity.
    """
    if not np.isfinite(samples).all():
        raise ValueError("Expected finite samples to write, received NaN or infinity")
    if subtype in _BITS:
        # Rounded here, because libsndfile rounds downwards, which is a constant level of half a step.
        full_scale = 2.0 ** (_BITS[subtype] - 1)
        steps = np.round(np.asarray(samples, np.float64) / max(1.0, waveform.peak(samples)) * full_scale)
        samples = np.minimum(steps, full_scale - 1) / full_scale
    # Written to memory first: where libsndfile cannot write, it does not say why.
    encoded = BytesIO()
    soundfile.write(encoded, samples, rate_hz, format="WAV", subtype=subtype)
    return encoded.getvalue()


def find_files(folder: Path, others: Counter[str] | None = None) -> list[Path]:
    """Return the sound files below a folder by their names (`audio.formats`), sorted.

    Hidden files and links that close a circle are left out.

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
            if name.startswith("."):
                continue
            if formats.is_sound(name):
                found.append(Path(here, name))
            elif others is not None:
                others[formats.extension_of(name) or "no extension"] += 1
    return found
