"""The devices that a model is trained on: one, all of this machine, or those of several machines.

All devices hold the same weights. Each computes its shard of a batch (`replicas`), and the gradients are summed::

    none           mirrored                 multi-worker
    ┌───────────┐  ┌─────────────────────┐  ┌───────────┐ ┌───────────┐
    │ device    │  │ device 0   device 1 │  │ device 0  │ │ device 0  │
    └───────────┘  └─────────────────────┘  └ worker 0 ─┘ └ worker 1 ─┘
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.backend.workers import SECONDS_FOR_SHARED_FOLDER, Worker, stopped_at_once, this_worker, worker_losses
from audio_vae.utils.errors import UserError

STRATEGIES = ("none", "mirrored", "multi-worker")
"""One device; all devices of this machine; all devices of several machines."""


@dataclass(frozen=True)
class Devices:
    """The devices that one model is trained on.

    Attributes:
        strategy: the `tf.distribute.Strategy`; `None` for one device.
        worker: which of the processes this is.
    """

    strategy: Any = None
    worker: Worker = field(default_factory=Worker)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes into the run folder."""
        return self.worker.is_chief

    @property
    def are_remote(self) -> bool:
        """Whether some devices belong to other processes, which then have to take part in each collective operation."""
        return self.worker.n_workers > 1

    def scope(self) -> AbstractContextManager:
        """Return the context in which a model for these devices is built or loaded."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def require_enough(self, batch_size: int) -> None:
        """Check that each replica gets at least one sound of a batch.

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
        """Return the batches for Keras' `fit`, each split between the replicas.

        Args:
            make: function from the number of all replicas and a `range` of some of them to a `tf.data.Dataset` with
                the shards of these replicas in turn, step after step.
        """
        if self.strategy is None:
            return make(1, range(1))

        def make_local(context):
            n_local = context.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * n_local
            return make(context.num_replicas_in_sync, range(first, first + n_local))

        return self.strategy.distribute_datasets_from_function(make_local)

    def wait_for_all(self) -> None:
        """Wait until every worker has called this.

        Raises:
            WorkerLostError: another worker was lost.
        """
        if self.are_remote:
            with stopped_at_once():
                self._gather("")

    def require_same(self, describe: Callable[[], str], what: str) -> None:
        """Wait until all workers describe something in the same way; all have to call this together.

        Args:
            describe: returns this worker's description.
            what: name of the described thing, for the error.

        Raises:
            UserError: the descriptions still differ after `SECONDS_FOR_SHARED_FOLDER`.
            WorkerLostError: another worker was lost.
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
        """Watch over the block, in which these devices take training steps.

        Raises:
            WorkerLostError: another worker was lost.
        """
        with worker_losses() if self.are_remote else nullcontext():
            yield

    def _gather(self, description: str):
        """Return a digest of each replica's description: int `[n_replicas, 16]`."""
        import tensorflow as tf

        digest = hashlib.sha256(description.encode()).digest()[:16]
        row = tf.constant([list(digest)], tf.int32)
        with worker_losses():
            rows = self.strategy.experimental_distribute_values_from_function(lambda _: row)
            return self.strategy.gather(rows, axis=0).numpy()


ONE_DEVICE = Devices()


def connect(name: str) -> Devices:
    """Return the devices of one of `STRATEGIES`.

    With `multi-worker` this waits until all workers are connected. It has to be called before anything initialises
    TensorFlow.

    Raises:
        UserError: TF_CONFIG is missing or wrong, or Keras does not run on TensorFlow.
        WorkerLostError: another worker was lost after it had connected.
    """
    worker = this_worker(name)
    if name == "none":
        return ONE_DEVICE
    if not on_tensorflow():
        raise UserError("--distribute needs TensorFlow: set KERAS_BACKEND=tensorflow, or leave --distribute out")
    import tensorflow as tf

    # A cluster with one worker is trained like a single machine.
    if worker.n_workers > 1:
        with worker_losses(), stopped_at_once():
            return Devices(tf.distribute.MultiWorkerMirroredStrategy(), worker)
    # TensorFlow reads the variable on a single machine too, and fails if it is empty.
    os.environ.pop("TF_CONFIG", None)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return Devices(tf.distribute.MirroredStrategy([each.name for each in devices]))


def outputs(network, inputs):
    """Return a network's outputs for NumPy inputs `[N, …]`, computed on one device.

    The network's own `predict` would wait for the other workers if it is spread over devices.
    """
    # NumPy stays out of what the help of a command imports.
    from audio_vae.backend.prediction import BATCH_SIZE

    # Only Keras' TensorFlow models have a strategy.
    strategy = getattr(network, "distribute_strategy", None)
    if strategy is None or strategy.num_replicas_in_sync == 1:
        return network.predict(inputs, batch_size=BATCH_SIZE, verbose=0)
    import keras
    import tensorflow as tf

    call = tf.function(lambda each: network(each, training=False))
    parts = [call(tf.constant(inputs[i : i + BATCH_SIZE])) for i in range(0, len(inputs), BATCH_SIZE)]
    return keras.tree.map_structure(lambda *each: tf.concat(each, 0).numpy(), *parts)
