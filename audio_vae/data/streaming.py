"""A tf.data pipeline that reads sound files while it is iterated, for sets of sounds that memory does not hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_vae.audio import decoding
from audio_vae.config import AudioConfig
from audio_vae.data.reading import Item, valid_sound


def stream(items: Sequence[Item], config: AudioConfig, labels: Sequence[int]):
    """Return a `tf.data.Dataset` of `(audio [T], label)` that reads each file when it is asked for.

    The samples are those of `data.reading.read_sounds`.

    Args:
        items: files or sounds in memory, each of them usable (`data.reading.read_sounds` says which are).
        config: sample rate and length to bring them to.
        labels: `[N]`, the class number of each.

    Raises:
        tf.errors.UnknownError: while iterating, if a file has become unusable.
    """
    import tensorflow as tf

    decode = decoding.best_decoder()

    def load(position, label):
        samples = tf.py_function(lambda at: valid_sound(items[int(at)], config, decode).fitted, [position], tf.float32)
        return tf.ensure_shape(samples, (config.n_samples,)), label

    positions = tf.data.Dataset.from_tensor_slices((np.arange(len(items)), np.asarray(labels, np.int32)))
    return positions.map(load, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
