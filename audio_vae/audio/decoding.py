"""Sound files decoded to samples, by libsndfile or by tensorflow-io.

Where tensorflow-io is installed and its native operations load (the `[tfio]` extra, TensorFlow 2.16 and 2.17), it
decodes intact WAV files. libsndfile decodes all others. The samples are the same to 1e-7 either way.
"""

from __future__ import annotations

import importlib.util
import os
import struct
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from audio_vae.audio.channels import Mixdown, mixed_down
from audio_vae.audio.waveform import SILENCE
from audio_vae.backend.keras_backend import muted_start_up

MAX_DURATION_S = 60.0
"""At most this much of a file is read, not counting silence before it: what follows can never reach a model of
one-shots."""

MAX_SILENCE_S = 600.0
"""A sound is looked for in this much of a file."""

RATES_HZ = (1000, 768_000)
"""Lowest and highest rate of a file: what claims another is damaged, and resampling it could take any memory."""

# Values, not frames: a header may claim a thousand channels.
_BLOCK = 1 << 16

# What tensorflow-io 0.37 reads as libsndfile does: subtype of a WAV file → type of its samples. It takes 32-bit
# integers for floats. It also knows FLAC, OGG and MP3, but there are damaged FLAC files that it never returns from.
_TFIO_TYPES = {"PCM_U8": "uint8", "PCM_16": "int16", "PCM_24": "int32", "FLOAT": "float32"}

# A larger file is left to libsndfile, which reads block by block.
_MOST_BYTES = 1 << 26

# A WAV file of two samples, which any working tensorflow-io decodes.
_PROBE = (
    b"RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00"
    b"data\x04\x00\x00\x00\x00\x00\x01\x00"
)


class Decoded(NamedTuple):
    """The samples of a file.

    Attributes:
        samples: mono float32 `[n]` at the file's own rate, the mean of its channels. Of silence before the sound there
            is at most `MAX_DURATION_S`.
        rate_hz: sample rate.
        n_channels: number of channels of the file.
        is_cut: the file goes on after what was read: `MAX_DURATION_S` of sound, or `MAX_SILENCE_S` of silence.
        only_channel: the channel that `samples` are, from 0, where the channels cancel each other; else `None`.
    """

    samples: np.ndarray
    rate_hz: int
    n_channels: int
    is_cut: bool
    only_channel: int | None = None


Decoder = Callable[[str | os.PathLike], Decoded]
"""Decodes a file; raises `soundfile.SoundFileError` or `OSError` where it cannot."""


def best_decoder() -> Decoder:
    """Return the decoder that training reads files with: tensorflow-io's where it works, else libsndfile's."""
    return decode_tfio if tfio_works() else decode_soundfile


def decoder_name(paths: Iterable[Path]) -> str:
    """Return the name of what `best_decoder` decodes files with.

    That is `tensorflow-io` where it works and any of the files is a WAV file, else `libsndfile`.
    """
    is_wav = any(path.suffix.lower() == ".wav" for path in paths)
    return "tensorflow-io" if is_wav and tfio_works() else "libsndfile"


def tfio_is_installed() -> bool:
    """Return whether tensorflow-io is installed. Nothing is imported to find out."""
    return importlib.util.find_spec("tensorflow_io") is not None


@cache
def tfio_works() -> bool:
    """Return whether tensorflow-io's native operations run beside this TensorFlow.

    TensorFlow is imported only where tensorflow-io is installed. The import of tensorflow-io succeeds beside versions
    of TensorFlow that its operations do not load with, so one of them is called.
    """
    if not tfio_is_installed():
        return False
    try:
        with muted_start_up():
            import tensorflow as tf
            import tensorflow_io as tfio

            tfio.audio.decode_wav(_PROBE, dtype=tf.int16)
    except Exception:
        return False
    return True


def decode_tfio(path: str | os.PathLike) -> Decoded:
    """Decode a file with tensorflow-io if it is an intact WAV file of at most `MAX_DURATION_S`, else with libsndfile.

    tensorflow-io trusts headers: it allocates what they claim, and divides by zero where they say so, which ends the
    process. Of damaged files libsndfile reads what is there or says what is wrong.

    Raises:
        soundfile.SoundFileError: libsndfile cannot read it either.
        OSError: the system cannot read it.
    """
    import tensorflow as tf
    import tensorflow_io as tfio

    about = soundfile.info(openable(path))
    dtype = _TFIO_TYPES.get(about.subtype) if about.format == "WAV" else None
    is_short = 0 < about.frames <= about.samplerate * MAX_DURATION_S
    if dtype is None or not is_short or os.path.getsize(path) > _MOST_BYTES:
        return decode_soundfile(path)
    content = Path(os.fsdecode(path)).read_bytes()
    if not _is_consistent(content, about):
        return decode_soundfile(path)
    try:
        raw = tfio.audio.decode_wav(content, dtype=tf.as_dtype(dtype)).numpy()
    except (tf.errors.OpError, ValueError):
        return decode_soundfile(path)
    if raw.shape != (about.frames, about.channels):
        return decode_soundfile(path)
    samples, only = mixed_down(_full_scale(raw))
    return Decoded(samples, about.samplerate, about.channels, False, only)


def _is_consistent(wav: bytes, about) -> bool:
    """Return whether the chunks of a WAV file fill it, and agree with what libsndfile reads in its header."""
    chunks, at = {}, 12
    while at + 8 <= len(wav):
        size = int.from_bytes(wav[at + 4 : at + 8], "little")
        chunks[wav[at : at + 4]] = wav[at + 8 : at + 8 + size]
        # A chunk of odd size is padded.
        at += 8 + size + size % 2
    header, sound = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if wav[:4] != b"RIFF" or at not in (len(wav), len(wav) + 1) or len(header) < 16:
        return False
    n_channels, rate_hz, bytes_per_s, frame_bytes, bits = struct.unpack("<HIIHH", header[2:16])
    return (n_channels, rate_hz, bytes_per_s, 8 * frame_bytes, len(sound)) == (
        about.channels,
        about.samplerate,
        rate_hz * frame_bytes,
        n_channels * bits,
        about.frames * frame_bytes,
    )


def _full_scale(raw: np.ndarray) -> np.ndarray:
    """Return the integers or floats of a file `[n, channels]` as float32 with a full scale of 1."""
    if raw.dtype == np.uint8:
        return (raw.astype(np.float32) - 128) / 128
    if np.issubdtype(raw.dtype, np.integer):
        return raw.astype(np.float32) / np.float32(2 ** (8 * raw.dtype.itemsize - 1))
    return raw.astype(np.float32)


def decode_soundfile(path: str | os.PathLike) -> Decoded:
    """Decode the first `MAX_DURATION_S` of the sound in a file with libsndfile.

    Raises:
        soundfile.SoundFileError: libsndfile cannot read it.
        OSError: the system cannot read it.
    """
    with soundfile.SoundFile(openable(path)) as file:
        mixdown = Mixdown(file.channels)
        samples, is_cut = _read_blocks(file, mixdown.mix)
        rate_hz, n_channels = file.samplerate, file.channels
    only = mixdown.loudest()
    if only is not None:
        # Read again, because not all formats can be wound back, and few files need it.
        with soundfile.SoundFile(openable(path)) as file:
            samples, is_cut = _read_blocks(file, lambda block: block[:, only].copy())
    return Decoded(samples, rate_hz, n_channels, is_cut, only)


def decode_array(samples: np.ndarray, rate_hz: int) -> Decoded:
    """Take samples as if they had been read from a file.

    Args:
        samples: float `[n]` or `[n, channels]`; of more than `MAX_DURATION_S`, the rest is left out.
        rate_hz: their sample rate.
    """
    frames = as_columns(samples)
    n_most = int(np.clip(rate_hz, *RATES_HZ) * MAX_DURATION_S)
    frames, is_cut = frames[:n_most], len(frames) > n_most
    mono, only = mixed_down(frames)
    return Decoded(mono, int(rate_hz), frames.shape[1], is_cut, only)


def as_columns(samples: np.ndarray) -> np.ndarray:
    """Return samples `[n]` or `[n, channels]` as float32 `[n, channels]`."""
    samples = np.asarray(samples, np.float32)
    return samples[:, np.newaxis] if samples.ndim == 1 else samples


def openable(path: str | os.PathLike) -> str | bytes:
    """Return a path as soundfile can open it: names that are not UTF-8 as the bytes that they are."""
    return os.fspath(path) if os.name == "nt" else os.fsencode(path)


def _read_blocks(file: soundfile.SoundFile, to_mono: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, bool]:
    """Read a file block by block, so that memory follows the data and not the header's claim.

    Args:
        file: an open file.
        to_mono: makes a block mono, float32 `[n, channels]` → `[n]`.

    Returns:
        The samples, and whether the file goes on after them.
    """
    rate_hz = min(file.samplerate, RATES_HZ[1])
    n_most, n_most_silent = int(rate_hz * MAX_DURATION_S), int(rate_hz * MAX_SILENCE_S)
    n_in_block = max(1, _BLOCK // file.channels)
    blocks: deque[np.ndarray] = deque()
    n_read = n_silent = n_sound = n_kept_silent = 0
    while n_sound < n_most and n_silent < n_most_silent:
        block = file.read(min(n_in_block, n_most - n_sound), dtype="float32", always_2d=True)
        if not len(block):
            return _joined(blocks), False
        n_read += len(block)
        blocks.append(to_mono(block))
        # NaN is no silence: it is refused later on.
        if n_sound or not np.max(np.abs(block)) < SILENCE:
            n_sound += len(block) - (0 if n_sound else _n_silent_before(block))
            continue
        n_silent += len(block)
        n_kept_silent += len(block)
        while n_kept_silent - len(blocks[0]) >= n_most:
            n_kept_silent -= len(blocks.popleft())
    return _joined(blocks), file.frames > n_read


def _n_silent_before(block: np.ndarray) -> int:
    return int(np.argmax(~(np.abs(block).max(axis=1) < SILENCE)))


def _joined(blocks: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *blocks])
