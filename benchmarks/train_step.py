"""The two-pass training step against the machine's own matrix product, and decoding in real time.

    python benchmarks/train_step.py                    every case below, a process each
    python benchmarks/train_step.py dc dc-obvious      some of them
    python benchmarks/train_step.py --precision bfloat16 dc cc
    python benchmarks/train_step.py --processor dc     on a machine that others keep busy

Each line is measured in one process, matrix products and steps in turn, so that ratios hold on a busy machine as
well; the best of the repeats counts. Digits, default batch size. With `--processor`, times are those of the processor,
all threads together, divided by the number of cores: what the step would take if it kept all cores busy.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

CASES = ("dc", "dc-obvious", "cc", "studio")
"""A preset; `-obvious`: with a Keras `Conv1D` a sub-layer and the whole batch at once."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, metavar="CASE", help=f"{', '.join(CASES)}")
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--processor", action="store_true", help="measure the time of the processor")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        measure(arguments.cases[0], arguments.repeats, arguments.precision, arguments.processor)
        return
    print("case        GFLOP/s   of the peak   sounds/s   peak memory   input   decoding, times real time: 1   64")
    for case in arguments.cases:
        options = ["--inside", "--repeats", str(arguments.repeats), "--precision", arguments.precision]
        options += ["--processor"] if arguments.processor else []
        subprocess.run([sys.executable, __file__, case, *options], check=True)


def measure(case: str, repeats: int, precision: str, on_processor: bool) -> None:
    """Print the line of one case."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import numpy as np
    import tensorflow as tf

    from audio_vae.backend.keras_backend import run_operations_side_by_side
    from audio_vae.data.batches import training_batches
    from audio_vae.data.sound_set import SoundSet
    from audio_vae.digits.dataset import DATASET
    from audio_vae.models import paper_networks, passes
    from audio_vae.models.vae import VAE, build_vae
    from benchmarks.obvious import ObviousBlock
    from benchmarks.operations import step_operations
    from benchmarks.timing import best, decoding

    preset = case.removesuffix("-obvious")
    config = DATASET.make_config(preset)
    training = dataclasses.replace(config.training, precision=precision)
    n_products = 1
    obvious = case.endswith("-obvious")
    if not obvious and passes.one_by_one(config.model, config.loss):
        run_operations_side_by_side()
        # Then a product runs on one core, and the machine's peak is that of one for each core.
        n_products = os.cpu_count() or 1
    operations = step_operations(VAE(config.model, config.loss)) * training.batch_size
    if obvious:
        paper_networks.DilationBlock = ObviousBlock
        passes.one_by_one = lambda *_: False
    model = build_vae(config.model, config.loss, training, config.augmentation, config.audio.rate_hz)

    rng = np.random.default_rng(0)
    n_sounds = 50 * training.batch_size
    sounds = SoundSet(
        names=tuple(map(str, range(n_sounds))),
        audio=rng.normal(0, 0.2, (n_sounds, config.model.n_samples)).astype(np.float32),
        labels=np.arange(n_sounds, dtype=np.int32) % 10,
        is_test=np.zeros(n_sounds, bool),
        class_names=tuple("0123456789"),
        peaks=np.ones(n_sounds, np.float32),
        lengths=np.full(n_sounds, config.model.n_samples, np.int32),
        rate_hz=config.audio.rate_hz,
    )
    batch = next(iter(training_batches(sounds, training, range(1))))
    step = tf.function(model.train_step)
    matrices = [tf.random.normal((2048, 2048)) for _ in range(n_products)]
    product = tf.function(lambda: tf.add_n([tf.reduce_sum(tf.matmul(each, each)) for each in matrices]))
    n_cores = len(os.sched_getaffinity(0)) if on_processor else 1
    clock = (lambda: time.process_time() / n_cores) if on_processor else time.perf_counter
    step_s, product_s = best([lambda: float(step(batch)["likelihood"]), lambda: float(product())], repeats, clock)

    peak = n_products * 2 * 2048**3 / product_s
    batches = iter(training_batches(sounds, training, range(20)))
    for _ in range(50):
        next(batches)
    started_s = time.perf_counter()
    n_batches = sum(1 for _ in batches)
    input_s = (time.perf_counter() - started_s) / n_batches

    duration_s = config.model.n_samples / config.audio.rate_hz
    real_time = []
    for n in (1, 64):
        (decode_s,) = best([decoding(model.decoder, n)], repeats, clock)
        real_time.append(n * duration_s / decode_s)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{case:10s}  {operations / step_s / 1e9:7.0f}   {operations / step_s / peak:11.2f}"
        f"   {training.batch_size / step_s:8.1f}   {memory:7.2f} GiB   {input_s / step_s:5.2%}"
        f"   {real_time[0]:27.1f} {real_time[1]:4.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
