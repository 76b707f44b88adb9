"""Read sound files into a set of sounds; what cannot be used is refused with a reason."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from audio_vae.audio import io as audio_files
from audio_vae.audio import waveform
from audio_vae.config import AudioConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.validation import Judged, as_judged, judge

# Decoding and resampling run outside Python's lock, the rest within. Measured on 10,000 files of 0.2 to 0.7 s and
# two busy cores: 28 s with one reader, 22 s with two, 22 to 29 s with more.
_N_READERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Item:
    """A sound that a data set offers, as a file or as samples in memory.

    Attributes:
        path: the file; `None` for samples in memory.
        name: what it is called in results; unique in the data set.
        class_name: its class, or `None` where clusters are still to be found.
        is_test: whether it belongs to the test set.
        samples: mono float32 `[n]` in memory.
        rate_hz: sample rate of `samples`.
        group: who or what it is by across classes (a speaker, a kit); empty where nothing tells.
    """

    path: Path | None
    name: str
    class_name: str | None = None
    is_test: bool = False
    samples: np.ndarray | None = field(default=None, repr=False, compare=False)
    rate_hz: int | None = None
    group: str = ""


@dataclass(frozen=True)
class Refusal:
    """A file that was left out, and why."""

    name: str
    reason: str


def left_out(refusals: Sequence[Refusal]) -> str:
    """Return how many files were left out and why the first was, to follow a name in an error; empty for none."""
    return f" ({len(refusals)} left out, {refusals[0].name}: {refusals[0].reason})" if refusals else ""


def judge_items(
    items: Sequence[Item], config: AudioConfig, *, without_copies: bool = False, show_progress: bool = False
) -> Iterator[tuple[Item, Judged | Refusal]]:
    """Read the items one after the other, several at a time, and yield what is to be said of each.

    Nothing is kept of an item that was yielded but the digest of its samples.

    Args:
        items: the sounds.
        config: rate and length to bring them to.
        without_copies: refuse a sound whose samples are exactly those of an earlier one, which would be
            learnt twice and could lie on both sides of the split.
        show_progress: draw a progress bar.
    """
    first: dict[bytes, str] = {}
    with (
        ThreadPoolExecutor(_N_READERS) as pool,
        tqdm(total=len(items), desc="reading", unit=" sounds", disable=not show_progress) as bar,
    ):
        for item, got in zip(items, _map_ahead(pool, lambda item: _judge_item(item, config), items), strict=True):
            if without_copies and isinstance(got, Judged):
                original = first.setdefault(got.digest, item.name)
                if original != item.name:
                    got = Refusal(item.name, f"exact duplicate of {original}")
            bar.update()
            yield item, got


def _map_ahead(pool: ThreadPoolExecutor, function: Callable, values: Sequence) -> Iterator:
    """Map in order like `pool.map`, but only so far ahead that memory does not grow with the number of values."""
    waiting: deque = deque()
    for value in values:
        waiting.append(pool.submit(function, value))
        if len(waiting) >= 8 * _N_READERS:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def read_sounds(
    items: Sequence[Item], config: AudioConfig, *, without_copies: bool = False, show_progress: bool = False
) -> tuple[list[Item], SoundSet, list[Refusal]]:
    """Read and fit every item; what cannot be used is refused with a reason and the rest go on.

    Args:
        items: the files.
        config: rate and length to bring them to.
        without_copies: refuse exact copies of an earlier item.
        show_progress: draw a progress bar.

    Returns:
        The items that could be used, their sounds in the same order (class names sorted as they first
        appear; label −1 where an item has no class), and the refusals.
    """
    outcomes = list(judge_items(items, config, without_copies=without_copies, show_progress=show_progress))
    used = [(item, got) for item, got in outcomes if isinstance(got, Judged)]
    kept = [item for item, _ in used]
    class_names = tuple(dict.fromkeys(item.class_name for item in kept if item.class_name is not None))
    number = {name: label for label, name in enumerate(class_names)}
    sounds = SoundSet(
        names=tuple(item.name for item in kept),
        audio=np.stack([got.fitted for _, got in used]) if used else np.zeros((0, config.n_samples), np.float32),
        labels=np.array([number.get(item.class_name, -1) for item in kept], np.int32),
        is_test=np.array([item.is_test for item in kept], bool),
        class_names=class_names,
        peaks=np.array([got.peak for _, got in used], np.float32),
        lengths=np.array([got.length for _, got in used], np.int32),
        rate_hz=config.rate_hz,
        groups=tuple(item.group for item in kept) if any(item.group for item in kept) else (),
    )
    return kept, sounds, [got for _, got in outcomes if isinstance(got, Refusal)]


def _judge_item(item: Item, config: AudioConfig) -> Judged | Refusal:
    try:
        if item.samples is None:
            return judge(item.path, config)
        samples = waveform.resample(item.samples, item.rate_hz, config.rate_hz)
        return as_judged(audio_files.Decoded(item.samples, item.rate_hz, 1, False), samples, config)
    except waveform.AudioError as error:
        return Refusal(item.name, str(error))
