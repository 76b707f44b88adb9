"""A tf.data pipeline straight from sound files, for sets that memory does not hold.

Decoding goes through tensorflow-io where it works (`[tfio]` extra, TensorFlow 2.16 and 2.17) and
through libsndfile elsewhere; what follows (mix-down, resampling, fitting) is the same code as
everywhere, so the samples are the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

import numpy as np
import soundfile

from audio_vae.audio import io as audio
from audio_vae.audio import waveform
from audio_vae.config import AudioConfig
from audio_vae.data.reading import Item

# What tensorflow-io 0.37 reads as libsndfile does: format and subtype of a file → operation and type of
# its samples. It knows no AIFF, and takes 32-bit integers for floats.
_TFIO_OPERATIONS = {
    ("WAV", "PCM_U8"): ("decode_wav", "uint8"),
    ("WAV", "PCM_16"): ("decode_wav", "int16"),
    ("WAV", "PCM_24"): ("decode_wav", "int32"),
    ("WAV", "FLOAT"): ("decode_wav", "float32"),
    ("FLAC", "PCM_16"): ("decode_flac", "int16"),
    ("FLAC", "PCM_24"): ("decode_flac", "int32"),
    ("OGG", "VORBIS"): ("decode_vorbis", None),
    ("MP3", "MPEG_LAYER_III"): ("decode_mp3", None),
}


@cache
def tfio_works() -> bool:
    """Say whether tensorflow-io's native operations run beside this TensorFlow.

    Its import succeeds beside versions that its operations do not load with, so one is called.
    """
    try:
        import tensorflow as tf
        import tensorflow_io as tfio

        header = (
            b"RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00"
        )
        tfio.audio.decode_wav(header + b"data\x04\x00\x00\x00\x00\x00\x01\x00", dtype=tf.int16)
    except Exception:
        return False
    return True


def decode_tfio(path: str | os.PathLike) -> audio.Decoded:
    """Decode a file with tensorflow-io; formats that it does not read, with libsndfile.

    Raises:
        soundfile.SoundFileError: the file cannot be read.
        OSError: the system cannot read it.
    """
    import tensorflow as tf
    import tensorflow_io as tfio

    about = soundfile.info(os.fspath(path))
    operation, dtype = _TFIO_OPERATIONS.get((about.format, about.subtype), (None, None))
    if operation is None:
        return audio.decode_soundfile(path)
    try:
        content = tf.io.read_file(os.fsdecode(path))
        raw = getattr(tfio.audio, operation)(content, **({"dtype": tf.as_dtype(dtype)} if dtype else {}))
        raw = raw[: int(about.samplerate * audio.MAX_DURATION_S)].numpy()
    except (tf.errors.OpError, ValueError) as error:
        raise soundfile.SoundFileError(str(error)) from error
    samples = _to_float(raw).mean(axis=1, dtype=np.float32)
    return audio.Decoded(samples, about.samplerate, about.channels, about.frames > len(samples) > 0)


def _to_float(raw: np.ndarray) -> np.ndarray:
    """Bring the integers of a file to full scale 1."""
    if raw.dtype == np.uint8:
        return (raw.astype(np.float32) - 128) / 128
    if np.issubdtype(raw.dtype, np.integer):
        return raw.astype(np.float32) / np.float32(2 ** (8 * raw.dtype.itemsize - 1))
    return raw.astype(np.float32)


def stream(items: Sequence[Item], config: AudioConfig, labels: Sequence[int]):
    """Return a `tf.data.Dataset` of `(audio [T], label)` that reads each file when it is asked for.

    Args:
        items: files or sounds in memory, each usable (`dataset.read_sounds` tells which are).
        config: rate and length to bring them to.
        labels: class number of each.

    Raises:
        tf.errors.UnknownError: while iterating, a file has become unusable.
    """
    import tensorflow as tf

    decode = decode_tfio if tfio_works() else audio.decode_soundfile

    def fitted(position):
        item = items[int(position)]
        if item.path is None:
            return waveform.fit(waveform.resample(item.samples, item.rate_hz, config.rate_hz), config)[0]
        return waveform.fit(audio.read(item.path, config.rate_hz, decode).samples, config)[0]

    def load(position, label):
        samples = tf.py_function(fitted, [position], tf.float32)
        return tf.ensure_shape(samples, (config.n_samples,)), label

    positions = tf.data.Dataset.from_tensor_slices((np.arange(len(items)), np.asarray(labels, np.int32)))
    return positions.map(load, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
