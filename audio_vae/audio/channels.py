"""Channels mixed down to mono by their mean, unless they cancel each other: then the loudest stands for all."""

from __future__ import annotations

import numpy as np

# The energy of a mix, as a share of what it would be if the channels had nothing in common. It is 1 for independent
# channels and where a single one is not silent, 2 for two equal ones, 0.1 for two whose correlation is −0.9, 5e-5 for
# left = −0.99 · right, and 0 for left = −right.
_CANCELLED = 0.1


def mixed_down(frames: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Mix a whole sound down.

    Args:
        frames: float32 `[n, channels]`.

    Returns:
        Mono float32 `[n]`, which shares no memory with the frames, and the number of the channel that it is where the
        channels cancel each other, else `None`.
    """
    mixdown = Mixdown(frames.shape[1])
    mono, only = mixdown.mix(frames), mixdown.loudest()
    return mono if only is None else frames[:, only].copy(), only


class Mixdown:
    """Mixes the blocks of a file down, and finds out whether its channels cancel each other.

    Example:
        mixdown = Mixdown(2)
        mono = np.concatenate([mixdown.mix(block) for block in blocks])
        if mixdown.loudest() is not None:
            mono = np.concatenate([block[:, mixdown.loudest()] for block in blocks])

    Args:
        n_channels: number of channels.
    """

    def __init__(self, n_channels: int):
        self._n_frames = 0
        # Of each channel, and last of their mean.
        self._sums = np.zeros(n_channels + 1)
        self._squares = np.zeros(n_channels + 1)

    def mix(self, block: np.ndarray) -> np.ndarray:
        """Return the mean of the channels, float32 `[n, channels]` → `[n]`."""
        if block.shape[1] == 1:
            return block[:, 0].copy()
        # Row by row, the sums take a third of the time.
        channels = np.ascontiguousarray(block.T)
        # Infinite samples of opposite sign make NaN, which is refused later on.
        with np.errstate(invalid="ignore", over="ignore"):
            mono = channels.mean(axis=0, dtype=np.float32)
            self._n_frames += len(block)
            self._sums += [each.sum() for each in (*channels, mono)]
            self._squares += [np.dot(each, each) for each in (*channels, mono)]
        return mono

    def loudest(self) -> int | None:
        """Return the number of the loudest channel if the channels cancel each other in the blocks so far, else `None`.

        A constant level counts for nothing.
        """
        n_channels = len(self._sums) - 1
        if not self._n_frames:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            energies = self._squares - np.square(self._sums) / self._n_frames
            *of_channels, of_mix = np.maximum(energies, 0)
            if of_mix < _CANCELLED * sum(of_channels) / n_channels**2:
                return int(np.argmax(of_channels))
        return None
