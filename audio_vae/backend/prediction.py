"""Networks applied to arrays, in batches of one size."""

from __future__ import annotations

import numpy as np

BATCH_SIZE = 16
"""Size of all batches but those of single rows."""


def predict(network, values: np.ndarray):
    """Return what a network computes for each row, as `network.predict` does.

    `network.predict` sets up a data pipeline in each call, which takes 0.1 s, and a morph makes eight calls. Keras
    compiles a network anew for each size of a batch, and TensorFlow warns of that. The last batch is therefore filled
    up with copies of its last row, and what is computed for these is dropped. A single row stays a batch of its own,
    because the paper's networks take a second for each eight rows.

    Args:
        network: a Keras model with one input.
        values: `[N, …]`, N of 1 or more: an array, or what gives arrays for slices of rows.

    Returns:
        Its outputs, each `[N, …]`.
    """
    made = []
    for start in range(0, len(values), BATCH_SIZE):
        batch = values[start : start + BATCH_SIZE]
        if len(values) > 1:
            batch = np.concatenate([batch, np.repeat(batch[-1:], BATCH_SIZE - len(batch), axis=0)])
        made.append(network.predict_on_batch(batch))
    if isinstance(made[0], list | tuple):
        return [np.concatenate(each)[: len(values)] for each in zip(*made, strict=True)]
    return np.concatenate(made)[: len(values)]
