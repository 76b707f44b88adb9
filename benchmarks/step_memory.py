"""Peak memory and time of one training step at a data set's full size.

    python benchmarks/step_memory.py drums dc

Each measurement needs a process of its own, since a process's peak never falls.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import time

import numpy as np
import tensorflow as tf

from audio_vae.models.vae import build_vae


def peak_gib() -> float:
    """Return the most memory that this process has held (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Run two steps on noise and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=["digits", "drums"])
    parser.add_argument("preset", choices=["cc", "dc", "dc-nonclass"])
    parser.add_argument("--batch-size", type=int, help="by default the config's")
    arguments = parser.parse_args()
    config = importlib.import_module(f"audio_vae.{arguments.dataset}.dataset").DATASET.make_config(arguments.preset)
    n_sounds = arguments.batch_size or config.training.batch_size
    model = build_vae(config.model, config.loss, config.training)
    rng = np.random.default_rng(0)
    audio = rng.uniform(-1, 1, (n_sounds, config.model.n_samples)).astype(np.float32)
    before_gib = peak_gib()
    step = tf.function(model.train_step)
    batch = (audio, np.zeros(n_sounds, np.int32))
    step(batch)
    started_s = time.perf_counter()
    step(batch)
    print(
        f"{arguments.dataset} {arguments.preset}, T = {config.model.n_samples}, batch {n_sounds}: "
        f"peak {peak_gib():.2f} GiB ({before_gib:.2f} before the first step), "
        f"step {time.perf_counter() - started_s:.2f} s"
    )


if __name__ == "__main__":
    main()
