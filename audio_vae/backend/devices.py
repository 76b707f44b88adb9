"""The devices that a model is trained on: one, all of a machine, or those of several machines."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.backend.workers import SECONDS_FOR_SHARED_FOLDER, Worker, _stopped_at_once, _worker_losses, this_worker
from audio_vae.utils.errors import UserError

STRATEGIES = ("none", "mirrored", "multi-worker")
"""One device; all devices of this machine; all devices of several machines."""


_BATCH = 16


@dataclass(frozen=True)
class Devices:
    """What one model is trained on.

    Attributes:
        strategy: the `tf.distribute.Strategy`; `None` for one device.
        worker: this process.
    """

    strategy: Any = None
    worker: Worker = field(default_factory=Worker)

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
