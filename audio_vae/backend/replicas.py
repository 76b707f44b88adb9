"""Training on more than one device: who this process is, the strategy, and each replica's shard of a batch.

N replicas take the step that one device would take on the same batch. Each holds a shard of it,
all of the same size; where the batch does not divide evenly, the last shards are filled up with
sounds that count nothing::

    batch of 5, 2 replicas      replica 0   a b c
                                replica 1   d e ·

A replica's loss is the sum over its sounds that count, divided by the number of sounds in the whole
batch, because optimizers sum the gradients of the replicas.
"""

from __future__ import annotations

from audio_vae.backend.keras_backend import on_tensorflow


def shards(index, n_replicas: int, replicas: range):
    """Return a batch as a `tf.data.Dataset` of the shards of some replicas.

    Args:
        index: the batch's sounds, `[B]`.
        n_replicas: that share the batch, evenly: b = ⌈B / n_replicas⌉ sounds each.
        replicas: those to return.

    Returns:
        One element a replica: sounds `[b]`; float32 `[b]`, 1 for a sound of the batch and 0 for one
        that fills the shard up; B, float32.
    """
    import tensorflow as tf

    n_sounds = tf.shape(index)[0]
    size = -(-n_sounds // n_replicas)
    n_fill = size * n_replicas - n_sounds
    # The batch's first sound fills up, so that a replica never has to run on nothing.
    filled = tf.concat([index, tf.repeat(index[:1], n_fill)], 0)
    counted = tf.concat([tf.ones(n_sounds), tf.zeros(n_fill)], 0)
    mine = slice(replicas.start, replicas.stop)
    n_sounds = tf.repeat(tf.cast(n_sounds, tf.float32), len(replicas))
    by_replica = (tf.reshape(each, (n_replicas, size))[mine] for each in (filled, counted))
    return tf.data.Dataset.from_tensor_slices((*by_replica, n_sounds))


def replica_id():
    """Return the number of the replica that runs this code; `None` where there is but one."""
    if not on_tensorflow():
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return context.replica_id_in_sync_group


def loss_weights(counted, n_sounds):
    """Return the weights with which means over each replica's shard add up to the mean over the batch.

    Args:
        counted: `[b]`, 1 for a sound of the batch and 0 for one that fills the shard up.
        n_sounds: in the batch.

    Returns:
        `[b]`.
    """
    import tensorflow as tf

    return counted * (tf.cast(tf.size(counted), counted.dtype) / n_sounds)


def update_mean(mean, values, counted, n_sounds) -> None:
    """Take a replica's shard of a batch into a running mean.

    Every replica counts the same share of the batch, not its own sounds, so that both the mean of the
    replicas' results (Keras' logs) and the ratio of the summed totals and counts (its result at the end
    of an epoch) are the mean over all sounds.

    Args:
        mean: the `keras.metrics.Mean`.
        values: `[b]`.
        counted: `[b]`, see `loss_weights`.
        n_sounds: in the batch.
    """
    import tensorflow as tf

    n_replicas = tf.distribute.get_strategy().num_replicas_in_sync
    mean.total.assign_add(tf.reduce_sum(values * counted))
    mean.count.assign_add(n_sounds / n_replicas)


def as_logs(values: dict) -> dict:
    """Return the scalars that a step reports in the shape that Keras' `fit` takes.

    With several workers it averages every log over its first axis, which a scalar does not have
    (https://github.com/keras-team/keras/issues/20585).
    """
    if not on_tensorflow():
        return values
    import tensorflow as tf

    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, (1,)) for name, value in values.items()}
    return values
