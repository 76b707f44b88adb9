"""Batches for training, in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.backend.replicas import shards
from audio_vae.config import TrainingConfig
from audio_vae.data.averages import averages, training_pairs
from audio_vae.data.sound_set import SoundSet

_N_READERS = 4
"""Batches of stored sounds that are read at once: drives in a network answer late."""


def epoch_order(n_sounds: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the sounds in an epoch: int64 `[n_sounds]`, a permutation of `range(n_sounds)`.

    It depends on nothing but the seed and the epoch, so that a resumed training sees what an uninterrupted one would.
    """
    return np.random.default_rng((seed, epoch)).permutation(n_sounds)


def steps_per_epoch(n_sounds: int, batch_size: int) -> int:
    """Return the number of batches in an epoch. The last may be smaller; no sound is dropped."""
    return -(-n_sounds // batch_size)


def sounds_to_train_on(sounds: SoundSet, training: TrainingConfig) -> SoundSet:
    """Return the sounds of a run that its model is trained on: the training sounds or, if the config says so, all."""
    return sounds if training.sounds == "all" else sounds.train


def ordered_pairs(labels: np.ndarray, training: TrainingConfig, epoch: int) -> np.ndarray:
    """Return what an epoch shows, in its order: int32 `[N, 2]`, the two sounds that each shown sound averages.

    Args:
        labels: classes of the sounds, int `[n_sounds]`.
        training: averages, seed and shuffling.
        epoch: number of the epoch, from 0.
    """
    pairs = training_pairs(labels, training, epoch)
    return pairs[epoch_order(len(pairs), training.seed, 0 if training.shuffle == "once" else epoch)]


def training_batches(
    sounds: SoundSet,
    training: TrainingConfig,
    epochs: range,
    n_replicas: int = 1,
    replicas: range = range(1),
    first_step: int = 0,
):
    """Return the batches of several epochs, one after the other: `(audio [B, T], labels [B])`.

    Args:
        sounds: the sounds that are trained on.
        training: averages, size of a batch, seed and shuffling.
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
        return _numpy_batches(sounds, training, epochs, first_step)
    import tensorflow as tf

    def order(epoch):
        pairs = tf.numpy_function(
            lambda number: ordered_pairs(sounds.labels, training, int(number)), [epoch], tf.int32, stateful=False
        )
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(pairs, (None, 2))).batch(training.batch_size)

    # The order of one epoch at a time: of many epochs of a large library it would take more memory than a batch.
    batches = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(order).skip(first_step)
    if n_replicas > 1:
        batches = batches.flat_map(lambda pairs: shards(pairs, n_replicas, replicas))
    labels, averaged = tf.constant(sounds.labels), _averages(sounds)

    def sounds_of(pairs, *shard):
        return averaged(pairs), tf.gather(labels, pairs[:, 0]), *shard

    at_once = {"num_parallel_calls": _N_READERS, "deterministic": True} if sounds.is_stored else {}
    return batches.map(sounds_of, **at_once).prefetch(2)


def _averages(sounds: SoundSet) -> Callable:
    """Return the function that makes the tensor of the averages of pairs of sounds: int `[B, 2]` → `[B, T]`."""
    import tensorflow as tf

    if sounds.is_stored:

        def read(pairs):
            audio = tf.numpy_function(lambda values: averages(sounds.audio, values), [pairs], tf.float32)
            return tf.ensure_shape(audio, (None, sounds.audio.shape[1]))

        return read
    audio = tf.constant(sounds.audio)
    # The average of a sound with itself is that sound, bit for bit.
    return lambda pairs: (tf.gather(audio, pairs[:, 0]) + tf.gather(audio, pairs[:, 1])) / 2


def _numpy_batches(
    sounds: SoundSet, training: TrainingConfig, epochs: range, first_step: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of `training_batches` as NumPy arrays."""
    for epoch in epochs:
        pairs = ordered_pairs(sounds.labels, training, epoch)
        for start in range(first_step * training.batch_size, len(pairs), training.batch_size):
            chosen = pairs[start : start + training.batch_size]
            yield averages(sounds.audio, chosen), sounds.labels[chosen[:, 0]]
        first_step = 0
