"""Batches for training, in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.backend.replicas import shards
from audio_vae.data.sound_set import SoundSet


def epoch_order(n_sounds: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the sounds in an epoch: int64 `[n_sounds]`, a permutation of `range(n_sounds)`.

    It depends on nothing but the seed and the epoch, so that a resumed training sees what an uninterrupted one would.
    """
    return np.random.default_rng((seed, epoch)).permutation(n_sounds)


def steps_per_epoch(n_sounds: int, batch_size: int) -> int:
    """Return the number of batches in an epoch. The last may be smaller; no sound is dropped."""
    return -(-n_sounds // batch_size)


def training_batches(
    sounds: SoundSet,
    batch_size: int,
    seed: int,
    epochs: range,
    n_replicas: int = 1,
    replicas: range = range(1),
    first_step: int = 0,
):
    """Return the batches of several epochs, one after the other: `(audio [B, T], labels [B])`.

    Args:
        sounds: the training sounds.
        batch_size: number of sounds in a batch.
        seed: seed of the order.
        epochs: which epochs, counted from 0.
        n_replicas: number of replicas that share each batch.
        replicas: which of them to return the shares of.
        first_step: the step with which the first epoch begins, counted from 0.

    Returns:
        On TensorFlow a `tf.data.Dataset`, on another backend an iterator over NumPy arrays. For several replicas its
        elements are the shards of `replicas` in turn, `(audio [b, T], labels [b], counted [b], n_sounds)`; see
        `backend.replicas.shards`.
    """
    if not on_tensorflow():
        return _numpy_batches(sounds, batch_size, seed, epochs, first_step)
    import tensorflow as tf

    audio, labels = tf.constant(sounds.audio), tf.constant(sounds.labels)
    orders = np.stack([epoch_order(len(sounds), seed, epoch) for epoch in epochs])
    batches = (
        tf.data.Dataset.from_tensor_slices(orders)
        .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch_size))
        .skip(first_step)
    )
    if n_replicas > 1:
        batches = batches.flat_map(lambda index: shards(index, n_replicas, replicas))
    return batches.map(lambda index, *shard: (tf.gather(audio, index), tf.gather(labels, index), *shard)).prefetch(2)


def _numpy_batches(
    sounds: SoundSet, batch_size: int, seed: int, epochs: range, first_step: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of `training_batches` as NumPy arrays."""
    for epoch in epochs:
        order = epoch_order(len(sounds), seed, epoch)
        for start in range(first_step * batch_size, len(sounds), batch_size):
            index = order[start : start + batch_size]
            yield sounds.audio[index], sounds.labels[index]
        first_step = 0
