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

import hashlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.signals import replaced

STRATEGIES = ("none", "mirrored", "multi-worker")
"""One device; all devices of this machine; all devices of several machines."""

SECONDS_FOR_SHARED_FOLDER = 60
"""What one machine writes into a shared folder may be seen by the others only after some seconds."""

MAX_REJOINS = 20
"""Times that a worker starts again after it lost another one."""

_EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:12345", "10.0.0.2:12345"]}, "task": {"type": "worker", "index": 0}}'
_BATCH = 16

_REJOINS = "AUDIO_VAE_REJOINS"


class WorkerLostError(UserError):
    """Another process of a multi-worker training is gone."""


@dataclass(frozen=True)
class Worker:
    """A process among those that train one model together.

    Attributes:
        index: 0 to n_workers − 1.
        n_workers: processes in the job.
    """

    index: int = 0
    n_workers: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that prepares the run folder and writes into it; the others read."""
        return self.index == 0


def this_worker(name: str) -> Worker:
    """Return who this process is under one of `STRATEGIES`.

    Raises:
        UserError: `multi-worker` without a TF_CONFIG that names the workers and this one's number.
    """
    if name != "multi-worker":
        return Worker()
    text = os.environ.get("TF_CONFIG", "")
    try:
        return _worker_of(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"cannot be used ({type(error).__name__}: {one_line(error)})" if text else "is not set"
        raise UserError(
            f"--distribute multi-worker: the environment variable TF_CONFIG {found}: "
            f"give every machine the same cluster and its own index, as in TF_CONFIG='{_EXAMPLE}'"
        ) from error


def _worker_of(tf_config: str) -> Worker:
    values = json.loads(tf_config or "{}")
    cluster, task = values["cluster"], values["task"]
    # TensorFlow takes the chief, where one is named, for the first worker.
    places = [(job, i) for job in ("chief", "worker") for i in range(len(cluster.get(job, ())))]
    addresses = [each for job in cluster for each in cluster[job]]
    if len(addresses) != len(places) or not all(re.fullmatch(r"\S+:\d+", each) for each in addresses):
        raise ValueError("the cluster has to be lists of host:port under worker, and chief if there is one")
    place = (task["type"], int(task["index"]))
    if place not in places:
        raise ValueError(f"the cluster has no {place[0]} {place[1]}")
    return Worker(places.index(place), len(places))


@dataclass(frozen=True)
class Devices:
    """What one model is trained on.

    Attributes:
        strategy: the `tf.distribute.Strategy`; `None` for one device.
        worker: this process.
    """

    strategy: Any = None
    worker: Worker = Worker()

    @property
    def is_chief(self) -> bool:
        """Whether this process writes."""
        return self.worker.is_chief

    @property
    def are_remote(self) -> bool:
        """Whether some of them belong to other processes, which have to take part in what concerns all."""
        return self.worker.n_workers > 1

    def scope(self) -> AbstractContextManager:
        """Return the context in which a model for these devices is made or loaded."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def require_enough(self, batch_size: int) -> None:
        """Check that each replica gets a sound of a batch.

        Raises:
            UserError: there are more replicas than sounds in a batch.
        """
        n_replicas = self.strategy.num_replicas_in_sync if self.strategy else 1
        if batch_size < n_replicas:
            raise UserError(
                f"a batch of {batch_size} sounds cannot be shared by {n_replicas} devices: "
                f"give --batch-size {n_replicas} or more (with a new --run), or fewer devices"
            )

    def batches(self, make: Callable):
        """Return what `fit` takes: every step's batch, shared by the replicas.

        Args:
            make: `(n_replicas, replicas)` → `tf.data.Dataset` of the shards of these replicas (a `range`)
                in turn, step after step.
        """
        if self.strategy is None:
            return make(1, range(1))

        def make_local(context):
            n_local = context.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * n_local
            return make(context.num_replicas_in_sync, range(first, first + n_local))

        return self.strategy.distribute_datasets_from_function(make_local)

    def wait_for_all(self) -> None:
        """Return when every worker has called this.

        Raises:
            WorkerLostError: another worker is gone.
        """
        if self.are_remote:
            with _stopped_at_once():
                self._gather("")

    def require_same(self, describe: Callable[[], str], what: str) -> None:
        """Return when all workers describe something in the same way; all have to call this together.

        Args:
            describe: gives this worker's description.
            what: is described, for the error.

        Raises:
            UserError: they stay different for `SECONDS_FOR_SHARED_FOLDER`.
            WorkerLostError: another worker is gone.
        """
        if not self.are_remote:
            return
        for _ in range(SECONDS_FOR_SHARED_FOLDER):
            rows = self._gather(describe())
            if (rows == rows[:1]).all():
                return
            time.sleep(1)
        raise UserError(
            f"the workers do not have the same {what}: give all one --run, in a folder that their machines share"
        )

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Run steps of these devices.

        Raises:
            WorkerLostError: another worker is gone.
        """
        with _worker_losses() if self.are_remote else nullcontext():
            yield

    def _gather(self, description: str):
        """Return the digests of what each replica's worker says, `[n_replicas, 16]`."""
        import tensorflow as tf

        digest = hashlib.sha256(description.encode()).digest()[:16]
        row = tf.constant([list(digest)], tf.int32)
        with _worker_losses():
            rows = self.strategy.experimental_distribute_values_from_function(lambda _: row)
            return self.strategy.gather(rows, axis=0).numpy()


ONE_DEVICE = Devices()


def connect(name: str) -> Devices:
    """Return the devices of one of `STRATEGIES`.

    Under `multi-worker` this returns when all workers are there, and has to come before anything
    that initialises TensorFlow.

    Raises:
        UserError: TF_CONFIG is missing or wrong, or Keras does not run on TensorFlow.
        WorkerLostError: another worker came and is gone.
    """
    worker = this_worker(name)
    if name == "none":
        return ONE_DEVICE
    if not on_tensorflow():
        raise UserError("--distribute needs TensorFlow: set KERAS_BACKEND=tensorflow, or leave --distribute out")
    import tensorflow as tf

    # A cluster of one is one machine.
    if worker.n_workers > 1:
        with _worker_losses(), _stopped_at_once():
            return Devices(tf.distribute.MultiWorkerMirroredStrategy(), worker)
    # TensorFlow reads it for one machine too, and fails where it is empty.
    os.environ.pop("TF_CONFIG", None)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return Devices(tf.distribute.MirroredStrategy([each.name for each in devices]))


def wait_for_file(path: Path) -> None:
    """Return when a file is there that the chief has written into a folder that the workers share.

    Raises:
        UserError: it does not come.
    """
    for _ in range(SECONDS_FOR_SHARED_FOLDER):
        if path.is_file():
            return
        time.sleep(1)
    raise UserError(
        f"the chief prepared {path.parent}, but this worker does not see {path}: "
        "give all workers one --run, in a folder that their machines share"
    )


@contextmanager
def _stopped_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process while native code waits, in which Python's own handler would not run.

    SIGTERM is TensorFlow's own from the moment that it connects; the handler from before it is put back in the end.
    """
    with replaced((signal.SIGINT, signal.SIGTERM), signal.SIG_DFL):
        yield


@contextmanager
def _worker_losses() -> Iterator[None]:
    """Turn what TensorFlow raises when another worker is gone into one line."""
    from tensorflow import errors

    lost = (
        errors.UnavailableError,
        errors.AbortedError,
        errors.CancelledError,
        errors.DeadlineExceededError,
        errors.FailedPreconditionError,
        errors.InternalError,
    )
    try:
        yield
    except lost as error:
        raise WorkerLostError(
            f"the connection to another worker was lost ({_cause(error)}): start the same command again on the "
            "machines where it ended; training goes on from the last checkpoint"
        ) from error


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


def outputs(network, inputs):
    """Return what a network makes of NumPy inputs `[N, …]`, as its `predict` does, on one device.

    `predict` of a network that is spread over devices would wait for the other workers.
    """
    # Only Keras' TensorFlow models know of a strategy.
    strategy = getattr(network, "distribute_strategy", None)
    if strategy is None or strategy.num_replicas_in_sync == 1:
        return network.predict(inputs, batch_size=_BATCH, verbose=0)
    import keras
    import tensorflow as tf

    call = tf.function(lambda each: network(each, training=False))
    parts = [call(tf.constant(inputs[i : i + _BATCH])) for i in range(0, len(inputs), _BATCH)]
    return keras.tree.map_structure(lambda *each: tf.concat(each, 0).numpy(), *parts)


def _cause(error: Exception) -> str:
    """Return the line of TensorFlow's long message that says what happened."""
    text = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]", "", getattr(error, "message", None) or str(error))
    lines = [line.strip() for line in text.splitlines() if re.search(r"aborted|closed|reset|unhealthy|refused", line)]
    return (lines[0] if lines else one_line(UserError(text)))[:120]


def can_rejoin() -> bool:
    """Whether this process may start again to wait for a worker that it lost."""
    return int(os.environ.get(_REJOINS, 0)) < MAX_REJOINS


def rejoin() -> None:
    """Start this process's command again in its place: it waits for the others and goes on. Does not return.

    A process of TensorFlow cannot join a cluster twice, so the program begins anew.
    """
    os.environ[_REJOINS] = str(int(os.environ.get(_REJOINS, 0)) + 1)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
