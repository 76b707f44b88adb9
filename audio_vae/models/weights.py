"""Change the weights of a trained model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def rounded_to_float16(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Round weights to the nearest values that float16 can hold; their dtype stays.

    Args:
        weights: arrays of any shapes. Integers, such as the state of a seed generator, stay as they are.

    Returns:
        New arrays. A weight beyond ±65504 becomes infinite.
    """
    # Callers ask whether all is finite and say so in their own words.
    with np.errstate(over="ignore"):
        return [_rounded(np.asarray(each)) for each in weights]


def _rounded(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16).astype(values.dtype) if np.issubdtype(values.dtype, np.floating) else values
