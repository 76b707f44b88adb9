"""What a replica of a distributed training computes: its shard of each batch, and its part of losses and means.

N replicas together take the step that one device would take on the same batch. Each gets a shard of the batch, all of
the same size. If the batch does not divide evenly, the last shards are filled up with sounds of weight 0::

    batch of 5, 2 replicas      replica 0   a b c
                                replica 1   d e ·

The loss of a replica is the sum over its own sounds, divided by the number of sounds in the whole batch, because
optimizers sum the gradients of the replicas.
"""

from __future__ import annotations

from audio_vae.backend.keras_backend import on_tensorflow


def shards(index, n_replicas: int, replicas: range):
    """Return the shards of some replicas as a `tf.data.Dataset`.

    Args:
        index: numbers of the batch's sounds, int `[B]` or, several for a sound, `[B, n]`.
        n_replicas: number of replicas that share the batch; each gets b = ⌈B / n_replicas⌉ sounds.
        replicas: the replicas whose shards are returned.

    Returns:
        One element per replica: its sounds, int `[b]` or `[b, n]`; float32 `[b]`, 1 for a sound of the batch and 0 for
        one that fills up the shard; B, float32.
    """
    import tensorflow as tf

    n_sounds = tf.shape(index)[0]
    size = -(-n_sounds // n_replicas)
    n_fill = size * n_replicas - n_sounds
    # The first sound of the batch fills up shards, so that no replica gets an empty one.
    filled = tf.concat([index, tf.repeat(index[:1], n_fill, axis=0)], 0)
    counted = tf.concat([tf.ones(n_sounds), tf.zeros(n_fill)], 0)
    mine = slice(replicas.start, replicas.stop)
    n_sounds = tf.repeat(tf.cast(n_sounds, tf.float32), len(replicas))
    by_replica = (tf.reshape(each, (n_replicas, size, *each.shape[1:]))[mine] for each in (filled, counted))
    return tf.data.Dataset.from_tensor_slices((*by_replica, n_sounds))


def replica_id():
    """Return the number of the replica that runs this code; `None` if there is only one."""
    if not on_tensorflow():
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return context.replica_id_in_sync_group


def loss_weights(counted, n_sounds):
    """Return the weights with which the means over all replicas' shards add up to the mean over the batch.

    Args:
        counted: `[b]`, 1 for a sound of the batch and 0 for one that fills up the shard.
        n_sounds: number of sounds in the batch.

    Returns:
        `[b]`.
    """
    import tensorflow as tf

    return counted * (tf.cast(tf.size(counted), counted.dtype) / n_sounds)


def update_mean(mean, values, counted, n_sounds) -> None:
    """Add a replica's shard of a batch to a running mean.

    Each replica counts the same share of the batch instead of its own sounds. Then both the mean of the replicas'
    results (as in Keras' logs) and the summed totals divided by the summed counts (as at the end of an epoch) are the
    mean over all sounds.

    Args:
        mean: the `keras.metrics.Mean`.
        values: values of the shard's sounds, `[b]`.
        counted: `[b]`, see `loss_weights`.
        n_sounds: number of sounds in the batch.
    """
    import tensorflow as tf

    n_replicas = tf.distribute.get_strategy().num_replicas_in_sync
    mean.total.assign_add(tf.reduce_sum(values * counted))
    mean.count.assign_add(n_sounds / n_replicas)


def as_logs(values: dict) -> dict:
    """Return the scalars that a training step reports, in the shape that Keras' `fit` needs.

    With several workers Keras averages each value over its first axis, which a scalar does not have
    (https://github.com/keras-team/keras/issues/20585).
    """
    if not on_tensorflow():
        return values
    import tensorflow as tf

    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, (1,)) for name, value in values.items()}
    return values
