"""Read sound files into a set of sounds. A file that cannot be used is refused with a reason."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from audio_vae.audio import decoding, waveform
from audio_vae.audio.decoding import Decoded, Decoder
from audio_vae.config import AudioConfig
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.validation import ValidSound, validate_file, validate_samples

if TYPE_CHECKING:
    from audio_vae.data.shards import ShardStore

# Decoding and resampling release Python's global lock, the rest does not. Measured on 10,000 files of 0.2 to 0.7 s and
# two busy cores: 28 s with one thread, 22 s with two, 22 to 29 s with more.
_N_THREADS = min(4, os.cpu_count() or 1)


# With slots, because a large library has many of them.
@dataclass(frozen=True, slots=True)
class Item:
    """A sound that a data set offers, as a file or as samples in memory.

    Attributes:
        path: the file; `None` for samples in memory.
        name: its name in results; unique in the data set.
        class_name: its class; `None` where k-means is still to find it.
        is_test: whether it belongs to the test set.
        samples: mono float32 `[n]` of a sound in memory.
        rate_hz: sample rate of `samples`.
        group: the speaker or kit that it belongs to, across classes; empty if that is not known.
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
    """The name of a file that was left out, and the reason."""

    name: str
    reason: str


def left_out(refusals: Sequence[Refusal]) -> str:
    """Return how many files were left out and why the first was, in brackets for an error; empty if none was."""
    return f" ({len(refusals)} left out, {refusals[0].name}: {refusals[0].reason})" if refusals else ""


def decoder_of(items: Sequence[Item]) -> str | None:
    """Return the name of what decodes the items' files (`audio.decoding.decoder_name`); `None` if none is a file."""
    paths = [item.path for item in items if item.path is not None]
    return decoding.decoder_name(paths) if paths else None


def validate_items(
    items: Sequence[Item], config: AudioConfig, *, without_copies: bool = False, show_progress: bool = False
) -> Iterator[tuple[Item, ValidSound | Refusal]]:
    """Read and validate the items, several at a time, and yield them in order.

    Of an item that was yielded nothing stays in memory but the digest of its samples.

    Args:
        items: the sounds.
        config: sample rate and length to bring them to.
        without_copies: refuse a sound whose samples are exactly those of an earlier one: it would be learnt twice, and
            could be in the training and in the test set.
        show_progress: draw a progress bar.
    """
    # Chosen before the threads start: it may import TensorFlow.
    decode = decoding.best_decoder() if any(item.path is not None for item in items) else None
    with tqdm(total=len(items), desc="reading", unit=" sounds", disable=not show_progress) as bar:
        outcomes = zip(items, map_ahead(lambda item: _validate_item(item, config, decode), items), strict=True)
        for each in _without_copies(outcomes) if without_copies else outcomes:
            bar.update()
            yield each


def _without_copies(outcomes: Iterable[tuple[Item, Any]]) -> Iterator[tuple[Item, Any]]:
    """Refuse each sound that has the digest of an earlier one."""
    first: dict[Any, str] = {}
    for item, outcome in outcomes:
        original = item.name if isinstance(outcome, Refusal) else first.setdefault(outcome.digest, item.name)
        yield item, outcome if original == item.name else Refusal(item.name, f"exact duplicate of {original}")


def map_ahead(function: Callable, values: Sequence, n_threads: int = _N_THREADS) -> Iterator:
    """Map in order, several at a time, but only a few values ahead, so that memory does not grow with their number.

    If the iteration ends early, what has not begun is not done.
    """
    pool = ThreadPoolExecutor(n_threads)
    try:
        waiting: deque = deque()
        for value in values:
            waiting.append(pool.submit(function, value))
            if len(waiting) >= 8 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_sounds(
    items: Sequence[Item],
    config: AudioConfig,
    *,
    without_copies: bool = False,
    show_progress: bool = False,
    store: ShardStore | None = None,
) -> tuple[list[Item], SoundSet, list[Refusal]]:
    """Read all items and leave out those that cannot be used.

    Args:
        items: the sounds.
        config: sample rate and length to bring them to.
        without_copies: refuse exact copies of an earlier item.
        show_progress: draw a progress bar.
        store: where to keep the samples; `None` keeps them in memory.

    Returns:
        The usable items, their sounds in the same order (class names in the order in which they first appear; label −1
        for an item without a class), and the refusals.
    """
    if store is None:
        read = validate_items(items, config, without_copies=without_copies, show_progress=show_progress)
    else:
        read = store.write(items, config, show_progress=show_progress)
        read = _without_copies(read) if without_copies else read
    outcomes = list(read)
    valid = [sound for _, sound in outcomes if not isinstance(sound, Refusal)]
    kept = [item for item, sound in outcomes if not isinstance(sound, Refusal)]
    if store is not None:
        audio = store.audio(valid, config.n_samples)
    else:
        audio = np.stack([sound.fitted for sound in valid]) if valid else np.zeros((0, config.n_samples), np.float32)
    class_names = tuple(dict.fromkeys(item.class_name for item in kept if item.class_name is not None))
    number = {name: label for label, name in enumerate(class_names)}
    sounds = SoundSet(
        names=tuple(item.name for item in kept),
        audio=audio,
        labels=np.array([number.get(item.class_name, -1) for item in kept], np.int32),
        is_test=np.array([item.is_test for item in kept], bool),
        class_names=class_names,
        peaks=np.array([sound.peak for sound in valid], np.float32),
        lengths=np.array([sound.length for sound in valid], np.int32),
        rate_hz=config.rate_hz,
        groups=tuple(item.group for item in kept) if any(item.group for item in kept) else (),
    )
    return kept, sounds, [refusal for _, refusal in outcomes if isinstance(refusal, Refusal)]


def valid_sound(item: Item, config: AudioConfig, decode: Decoder | None = None) -> ValidSound:
    """Read and validate one item.

    Args:
        item: the sound.
        config: sample rate and length to bring it to.
        decode: what decodes a file; `audio.decoding.decode_soundfile` unless given.

    Raises:
        AudioError: it cannot be used.
    """
    if item.samples is None:
        return validate_file(item.path, config, decode)
    samples = waveform.resample(item.samples, item.rate_hz, config.rate_hz)
    return validate_samples(Decoded(item.samples, item.rate_hz, 1, False), samples, config)


def _validate_item(item: Item, config: AudioConfig, decode: Decoder | None) -> ValidSound | Refusal:
    try:
        return valid_sound(item, config, decode)
    except waveform.AudioError as error:
        return Refusal(item.name, str(error))
