"""How long things take on a machine that may be busy with others: in turns, and the best counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import keras


def best(functions: Sequence[Callable], repeats: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Call functions in turn and return the shortest time of each, in seconds, after a call to warm up.

    Args:
        functions: what is called.
        repeats: how often each is.
        clock: what the time is read from; `time.process_time` leaves out what others take of a busy core, where all is
            computed on one.

    Raises:
        ValueError: there is not one repeat.
    """
    if repeats < 1:
        raise ValueError(f"Expected 1 repeat or more, received: {repeats}")
    times = []
    for _ in range(repeats + 1):
        times.append([])
        for function in functions:
            started_s = clock()
            function()
            times[-1].append(clock() - started_s)
    return [min(each) for each in zip(*times[1:], strict=True)]


def decoding(decoder: keras.Model, n_sounds: int) -> Callable[[], float]:
    """Return a function that decodes random latents, all at once, and waits for the last sample (TensorFlow).

    Args:
        decoder: latent `(B, d)` → audio `(B, T)`.
        n_sounds: B.
    """
    import tensorflow as tf

    latents = tf.random.normal((n_sounds, decoder.input_shape[1]))
    decode = tf.function(lambda latents: tf.reduce_sum(decoder(latents))).get_concrete_function(latents)
    return lambda: float(decode(latents))
