"""Where the time of a `dc` training step goes: operations and bytes of each kind, and what a fused kernel would give.

    taskset -c 0 python benchmarks/roofline.py         one core, as each sound of a step has it

A layer of the dilation block, forward and backward, is taken apart into kinds of operations. Each is measured alone, on
the tensors of one sound (T = 4096, 32 filters), in the same run as what it is compared with (Williams, Waterman and
Patterson 2009): the core's matrix product, and an addition of long arrays, which gives the speed of its memory. Kinds
whose arrays stay in the cache are faster than memory. A kernel that computes a whole layer without writing anything
down in between cannot be faster than its products, nor than memory gives what it reads and takes what it writes. The
last lines measure the whole block and the whole step of one sound. Times are of the processor, so that others on the
machine matter little; the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

N_SAMPLES, FILTERS = 4096, 32
"""Length of a digit, and filters of `dc`."""

DILATIONS = (32, 4)
"""Dilations of the layer that is measured: the copies are as long for all."""

LONGEST = 512
"""The longest dilation of `dc`: the number of samples that a layer's input is padded by."""

N_BLOCKS = 3
"""Times that a step goes through a dilation block, forward and backward: encoder, decoder, and encoder again."""

_N_LAYERS = 20
_FLOAT = 4


@dataclass(frozen=True)
class Kind:
    """A kind of operations in a layer.

    Attributes:
        name: its name.
        shapes: shapes of the tensors that it reads, in units of (T, F).
        function: tensors → tensors.
        operations: multiplications and additions of its products.
        rows: arrays `[T, F]` that it reads and writes, counted as often as they pass through the processor.
    """

    name: str
    shapes: Sequence[tuple[int, ...]]
    function: Callable
    operations: int
    rows: float

    @property
    def n_bytes(self) -> float:
        """Bytes that it reads and writes."""
        return self.rows * N_SAMPLES * FILTERS * _FLOAT


def kinds() -> tuple[list[Kind], list[Kind]]:
    """Return the kinds of a layer's forward and of its backward pass, as `layers.dilation_block` computes them."""
    import tensorflow as tf

    from audio_vae.layers.dilation_block import _gate_gradient

    t, f = N_SAMPLES, FILTERS
    row, padded = (t, f), (t + LONGEST, f)
    silence, ones = tf.zeros((LONGEST, f)), tf.ones((1, t))
    product = 2 * t * f * f

    def taps(around):
        now = around[LONGEST:]
        return [tf.concat([around[LONGEST - each :][:t], now], axis=-1) for each in DILATIONS]

    def products(first, second, weights, bias):
        return (
            tf.tanh(tf.nn.bias_add(first @ weights, bias)),
            tf.sigmoid(tf.nn.bias_add(second @ weights, bias)),
        )

    def shifts(first, second):
        return [
            tf.concat([each[dilation:], silence[:dilation]], axis=0)
            for each, dilation in zip((first, second), DILATIONS, strict=True)
        ]

    padding = LONGEST / t
    forward = [
        Kind("padding of the input", [row], lambda x: tf.concat([silence, x], axis=0), 0, 2 + padding),
        Kind("taps side by side", [padded], taps, 0, 8),
        Kind("products, bias, tanh and sigmoid", [(t, 2 * f)] * 2 + [(2 * f, f), (f,)], products, 4 * product, 6),
        Kind("gate and sum", [row] * 3, lambda first, second, x: x + first * second, 0, 6),
    ]
    backward = [
        Kind(
            "gradient of the gate",
            [row] * 3,
            lambda following, *gate: _gate_gradient(following, *gate, "tanh_sigmoid"),
            0,
            12,
        ),
        Kind("shifts", [row] * 2, shifts, 0, 4),
        Kind("four gradients side by side", [row] * 4, lambda *each: tf.concat(each, axis=-1), 0, 8),
        Kind("product for the kernels", [row, (t, 4 * f)], lambda x, four: tf.transpose(x) @ four, 4 * product, 5),
        Kind("product for the input", [(t, 4 * f), (4 * f, f)], lambda four, kernel: four @ kernel, 4 * product, 5),
        Kind(
            "sums for biases and input",
            [row] * 4,
            lambda first, second, following, x: (ones @ first, ones @ second, following + x),
            0,
            5,
        ),
    ]
    return forward, backward


FUSED_ROWS = {"forward": 4, "backward": 5}
"""Arrays that a kernel of a whole layer has to read or write.

Forward: the input, both factors of the gate for the gradient, and the next input. Backward: the input, both factors,
and the gradients of the next input and of the input.
"""


def alone(kind: Kind) -> Callable[[], None]:
    """Return a function that computes a kind once for each layer, on tensors that lie in the cache as in the block."""
    import tensorflow as tf

    tensors = [tf.random.normal(shape) for shape in kind.shapes]

    def once(i, end, *tensors):
        made = kind.function(*tensors)
        # Nothing of the results but a number stays, so that their memory is used again.
        return i + 1, end + tf.add_n([tf.reshape(result, [-1])[0] for result in tf.nest.flatten(made)]), *tensors

    @tf.function
    def run(*tensors):
        # The passes of a loop are not merged, as the same operations in a row would be.
        return tf.while_loop(lambda i, *_: i < _N_LAYERS, once, (0, 0.0, *tensors), parallel_iterations=1)[1]

    compiled = run.get_concrete_function(*tensors)
    return lambda: compiled(*tensors)


def whole_block(backward: bool) -> Callable[[], None]:
    """Return a function that computes a block of as many layers, with or without its gradient."""
    import tensorflow as tf

    from audio_vae.layers.dilation_block import DilationBlock

    block = DilationBlock(_N_LAYERS, FILTERS, 10, 5)
    x = tf.random.normal((1, N_SAMPLES, FILTERS))
    block.build(x.shape)
    variables = [each.value for each in block.trainable_variables]

    @tf.function
    def run(x):
        if not backward:
            return block(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(block(x) ** 2)
        return tape.gradient(loss, [x, *variables])

    compiled = run.get_concrete_function(x)
    return lambda: compiled(x)


def whole_step() -> tuple[Callable[[], None], int]:
    """Return a function that takes a training step of one sound of `dc`, and the operations of the step."""
    import tensorflow as tf

    from audio_vae.digits.dataset import DATASET
    from audio_vae.models.vae import VAE, build_vae
    from benchmarks.operations import step_operations

    config = DATASET.make_config("dc")
    model = build_vae(config.model, config.loss, config.training, config.augmentation, config.audio.rate_hz)
    batch = (tf.random.normal((1, config.model.n_samples)) * 0.2, tf.zeros(1, tf.int32))
    step = tf.function(model.train_step)
    return lambda: float(step(batch)["likelihood"]), step_operations(VAE(config.model, config.loss))


@dataclass(frozen=True)
class Roof:
    """What a core can do at best.

    Attributes:
        peak: operations a second.
        memory: bytes a second.
    """

    peak: float
    memory: float

    def line(self, name: str, operations: float, n_bytes: float, time_s: float) -> str:
        """Return a line of the table: operations and bytes, what they take at best, and the measured time."""
        return (
            f"{name:34}{operations / 1e6:8.1f}{n_bytes / 2**20:8.1f}{1e6 * operations / self.peak:9.0f}"
            f"{1e6 * n_bytes / self.memory:10.0f}{1e6 * time_s:10.0f}"
        )


HEAD = f"{'microseconds of a layer, one sound':34}   MFLOP     MiB     peak    memory  measured"


def part(name: str, each: Sequence[Kind], times_s: Sequence[float], in_block_s: float, roof: Roof) -> list[str]:
    """Return the lines of a pass through a layer.

    Args:
        name: `forward` or `backward`.
        each: its kinds of operations.
        times_s: the measured time of each.
        in_block_s: the measured time of all in the block.
        roof: what the core can do.
    """
    lines = [roof.line(kind.name, kind.operations, kind.n_bytes, s) for kind, s in zip(each, times_s, strict=True)]
    operations, n_bytes = sum(kind.operations for kind in each), sum(kind.n_bytes for kind in each)
    lines.append(roof.line(f"{name}, sum of these", operations, n_bytes, sum(times_s)))
    lines.append(roof.line(f"{name}, in the block", operations, n_bytes, in_block_s))
    least_bytes = FUSED_ROWS[name] * N_SAMPLES * FILTERS * _FLOAT
    at_best_s = max(operations / roof.peak, least_bytes / roof.memory)
    return [*lines, roof.line(f"{name}, one kernel at best", operations, least_bytes, at_best_s)]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import tensorflow as tf

    from audio_vae.backend.keras_backend import machine_name, run_operations_side_by_side
    from benchmarks.timing import best

    keep_freed_memory()
    run_operations_side_by_side()
    tf.config.threading.set_inter_op_parallelism_threads(1)
    matrix = tf.random.normal((2048, 2048))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    long = tf.random.normal((2, 2**24))
    both = tf.function(lambda: tf.reduce_sum((long[0] + long[1])[:1]))
    step, step_operations = whole_step()
    forward, backward = kinds()
    layers = [whole_block(False), whole_block(True)]
    whole = [lambda: float(product()), lambda: float(both()), step, *layers]
    times_s = best([*whole, *map(alone, [*forward, *backward])], options.repeats, time.process_time)
    product_s, sum_s, step_s, block_s, gradient_s, *rest = times_s
    peak = 2 * 2048**3 / product_s
    roof = Roof(peak, 3 * 2**24 * _FLOAT / sum_s)
    print(machine_name())
    print(f"matrix product {peak / 1e9:.0f} GFLOP/s, memory {roof.memory / 1e9:.0f} GB/s")
    print(HEAD)
    times_s = [each / _N_LAYERS for each in rest]
    n = len(forward)
    print(*part("forward", forward, times_s[:n], block_s / _N_LAYERS, roof), sep="\n")
    print(*part("backward", backward, times_s[n:], (gradient_s - block_s) / _N_LAYERS, roof), sep="\n")
    share = operations_share(forward + backward, gradient_s / _N_LAYERS, peak)
    print(f"\nblock, forward and backward: {share:.2f} of the peak")
    print(f"step of one sound: {1e3 * step_s:.0f} ms, {step_operations / step_s / peak:.2f} of the peak")


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, where it is glibc: a kind alone would otherwise pay for page faults."""
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(-1, 2**30)
        library.mallopt(-3, 2**25)


def operations_share(each: Sequence[Kind], time_s: float, peak: float) -> float:
    """Return the share of the peak at which kinds are computed that take a time together."""
    return sum(kind.operations for kind in each) / time_s / peak


if __name__ == "__main__":
    main()
