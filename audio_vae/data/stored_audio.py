"""Sounds on disk that are indexed like an array: for sets of sounds that memory does not hold.

The samples are in shards, files of a few hundred sounds (`data.shards`). Reading restores the silence with which each
sound is padded, so that the rows are those of the array in memory, bit for bit.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audio_vae.utils.errors import UserError, explain
from audio_vae.utils.patience import Patience

HEADER_BYTES = 128
"""Length of the header of a shard, a `.npy` file of one dimension."""

SAMPLE = np.dtype("<f4")
"""How shards hold samples."""

_ROWS_AT_ONCE = 64


def shard_name(number: int) -> str:
    """Return the name of a shard's file."""
    return f"{number:05d}.npy"


class StoredAudio:
    """Float32 samples `[N, T]` that lie in shards, and are read when they are asked for.

    Indexing reads: `audio[3]` gives an array `[T]`, `audio[2:5]`, `audio[[7, 1]]` and `audio[mask]` give arrays
    `[n, T]`, and `audio[:]` reads everything. `take` chooses rows without reading them. Files are opened for each read,
    so that nothing is held open and several threads and processes may read at once.

    Args:
        folder: the folder of the shards.
        n_samples: T.
        shards: number of the shard of each sound, int `[N]`.
        starts: position of each sound's first sample in its shard, int `[N]`.
        stored: number of samples of each sound that are stored, int `[N]`; the others are 0.
        patience: reads the files; its `failure` says why reading was given up.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(
        self,
        folder: Path,
        n_samples: int,
        shards: np.ndarray,
        starts: np.ndarray,
        stored: np.ndarray,
        patience: Patience | None = None,
    ):
        self.folder = folder
        self.shards, self.starts, self.stored = shards, starts, stored
        self.patience = patience or Patience()
        self._n_samples = n_samples

    @property
    def shape(self) -> tuple[int, int]:
        """N and T."""
        return len(self.shards), self._n_samples

    def __len__(self) -> int:
        return len(self.shards)

    def __array__(self, *_arguments, **_options) -> np.ndarray:
        # NumPy would read all sounds without being asked to, row by row.
        raise TypeError("stored sounds are no array: index them, with [:] for all")

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield from self[start : start + _ROWS_AT_ONCE]

    def __getitem__(self, index) -> np.ndarray:
        """Read rows.

        Raises:
            UserError: a shard ends too early, or cannot be read, not even after a while.
        """
        chosen = np.arange(len(self))[index]
        return self._rows(np.atleast_1d(chosen)).reshape(*chosen.shape, self._n_samples)

    def take(self, index: np.ndarray) -> StoredAudio:
        """Return the sounds at these positions, without reading them."""
        places = (each[index] for each in (self.shards, self.starts, self.stored))
        return StoredAudio(self.folder, self._n_samples, *places, self.patience)

    def _rows(self, index: np.ndarray) -> np.ndarray:
        rows = np.zeros((len(index), self._n_samples), SAMPLE)
        # Each shard is opened once, and read in the order of its samples.
        order = np.lexsort((self.starts[index], self.shards[index]))
        for shard, numbers in itertools.groupby(order.tolist(), key=lambda number: self.shards[index[number]]):
            path = self.folder / shard_name(shard)
            try:
                self.patience(functools.partial(self._read, path, rows, index, list(numbers)), path)
            except OSError as error:
                self.patience.failure = UserError(explain(error))
                raise self.patience.failure from error
        return rows.astype(np.float32, copy=False)

    def _read(self, path: Path, rows: np.ndarray, index: np.ndarray, numbers: list[int]) -> None:
        """Read some of the rows from one shard."""
        with path.open("rb", buffering=0) as file:
            for number in numbers:
                sound = index[number]
                file.seek(HEADER_BYTES + SAMPLE.itemsize * int(self.starts[sound]))
                rest = memoryview(rows[number, : self.stored[sound]].view(np.uint8))
                while rest:
                    n_read = file.readinto(rest)
                    if not n_read:
                        self.patience.failure = UserError(
                            f"{path} is damaged (it ends too early): prepare the run again, "
                            "which reads its sounds anew from the data folder"
                        )
                        raise self.patience.failure
                    rest = rest[n_read:]
