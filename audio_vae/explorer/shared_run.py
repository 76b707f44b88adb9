"""A run that several threads use, and that remembers what it computed last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from audio_vae.backend.prediction import BATCH_SIZE
from audio_vae.runs.run import Run

_MOST_DECODED = 64


class Remembered:
    """The latest of what was made, for several threads.

    Args:
        most: number of things that are remembered.
    """

    def __init__(self, most: int):
        self._most = most
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made under a key, or make it."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        self.put(key, made)
        return made

    def put(self, key: Hashable, made: Any) -> None:
        """Remember what was made, and forget what was not used for the longest time."""
        with self._lock:
            self._made[key] = made
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._made


class SharedRun(Run):
    """A run whose model computes for one thread at a time, because Keras keeps its settings for the whole process.

    Sounds that were decoded lately are not decoded again: between two steps of a morph, its ends are known.
    """

    _lock = threading.RLock()

    def encode(self, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Run.encode`."""
        with self._lock:
            return super().encode(audio)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """See `Run.decode`."""
        latents = np.asarray(latents, np.float32)
        # Batch by batch, so that a single sound does not wait for hundreds.
        return np.concatenate(
            [self._decode(latents[start : start + BATCH_SIZE]) for start in range(0, len(latents), BATCH_SIZE)]
        )

    def _decode(self, latents: np.ndarray) -> np.ndarray:
        keys = [row.tobytes() for row in latents]
        with self._lock:
            known = self.__dict__.setdefault("_decoded", Remembered(_MOST_DECODED))
            found = {key: known.get(key, lambda: None) for key in keys if key in known}
            missing = [number for number, key in enumerate(keys) if key not in found]
            if missing:
                for number, sound in zip(missing, super().decode(latents[missing]), strict=True):
                    found[keys[number]] = sound
                    known.put(keys[number], sound)
        return np.stack([found[key] for key in keys])

    def class_probabilities(self, latents: np.ndarray) -> np.ndarray | None:
        """See `Run.class_probabilities`."""
        with self._lock:
            return super().class_probabilities(latents)
