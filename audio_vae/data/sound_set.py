"""Sounds with labels and a split, in memory and as batches for training."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from audio_vae.audio import io as audio_files
from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.backend.replicas import shards
from audio_vae.config import AudioConfig
from audio_vae.data.validation import Judged, as_judged, judge
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import atomic_file

# Decoding and resampling run outside Python's lock, the rest within. Measured on 10,000 files of 0.2 to 0.7 s and
# two busy cores: 28 s with one reader, 22 s with two, 22 to 29 s with more.
_N_READERS = min(4, os.cpu_count() or 1)

_INT16_PEAK = np.float32(32767)


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


@dataclass(frozen=True, eq=False)
class SoundSet:
    """Sounds that a model is trained on or judged by, in a fixed order.

    Attributes:
        names: `[N]`.
        audio: float32 `[N, T]`, each with peak 1.
        labels: int32 `[N]`, numbers into `class_names`.
        is_test: bool `[N]`.
        class_names: one a class.
        peaks: float32 `[N]`, peak of each sound before it was normalised.
        lengths: int32 `[N]`, samples before padding.
        rate_hz: sample rate of `audio`.
        groups: `[N]`, who or what each sound is by across classes (its speaker), empty where nothing tells;
            `()` where no sound has one.
    """

    names: tuple[str, ...]
    audio: np.ndarray
    labels: np.ndarray
    is_test: np.ndarray
    class_names: tuple[str, ...]
    peaks: np.ndarray
    lengths: np.ndarray
    rate_hz: int
    groups: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def train(self) -> SoundSet:
        """The training sounds."""
        return self.take(np.flatnonzero(~self.is_test))

    @property
    def test(self) -> SoundSet:
        """The test sounds."""
        return self.take(np.flatnonzero(self.is_test))

    def take(self, index: np.ndarray) -> SoundSet:
        """Return the sounds at these positions."""
        return replace(
            self,
            names=tuple(self.names[i] for i in index),
            groups=tuple(self.groups[i] for i in index) if self.groups else (),
            **{name: getattr(self, name)[index] for name in ("audio", "labels", "is_test", "peaks", "lengths")},
        )

    def of_class(self, label: int, group: str | None = None) -> np.ndarray:
        """Return the positions of a class's sounds, or of those that a group has of it."""
        of_class = self.labels == label
        if group is not None:
            of_class = of_class & (np.array(self.groups or [""] * len(self)) == group)
        return np.flatnonzero(of_class)

    def centre_members(self, label: int, group: str | None = None) -> np.ndarray:
        """Return the positions of the sounds that make the centre of a class: the training sounds, or else all."""
        members = self.of_class(label, group)
        training = members[~self.is_test[members]]
        return training if len(training) else members

    def save(self, path: Path, *, as_int16: bool = False) -> None:
        """Write the sounds as one compressed npz file, atomically.

        Args:
            path: the file.
            as_int16: store the audio in half the bytes, which is what most sound files have.
        """
        values = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        if as_int16:
            values["audio"] = np.round(values["audio"] * _INT16_PEAK).astype(np.int16)
        with atomic_file(path) as part, part.open("wb") as file:
            np.savez_compressed(file, **values)

    @classmethod
    def load(cls, path: Path) -> SoundSet:
        """Read what `save` wrote.

        Raises:
            UserError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                # Runs from before there were groups lack them.
                values = {
                    each.name: stored[each.name]
                    for each in fields(cls)
                    if each.name in stored or each.default is MISSING
                }
        except Exception as error:
            raise UserError(f"{path} cannot be read ({one_line(error)}): train again into a new --run") from error
        if values["audio"].dtype == np.int16:
            values["audio"] = values["audio"].astype(np.float32) / _INT16_PEAK
        for name in {"names", "class_names", "groups"} & values.keys():
            values[name] = tuple(values[name].tolist())
        return cls(**values | {"rate_hz": int(values["rate_hz"])})


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a data set hands to training.

    Attributes:
        sounds: the usable sounds, labelled and split.
        refusals: the files that were left out, and why.
        labels_report: how the labels were found, as JSON values: at least `source` and `classes`,
            class name → `size`, `train` and `test` (numbers of sounds).
    """

    sounds: SoundSet
    refusals: list[Refusal]
    labels_report: dict[str, Any]


def left_out(refusals: Sequence[Refusal]) -> str:
    """Return how many files were left out and why the first was, to follow a name in an error; empty for none."""
    return f" ({len(refusals)} left out, {refusals[0].name}: {refusals[0].reason})" if refusals else ""


def class_sizes(sounds: SoundSet) -> dict[str, dict[str, int]]:
    """Return the number of sounds in each class and in its part of the split: `size`, `train`, `test`."""
    sizes = {}
    for label, name in enumerate(sounds.class_names):
        is_test = sounds.is_test[sounds.of_class(label)]
        sizes[name] = {"size": len(is_test), "train": int((~is_test).sum()), "test": int(is_test.sum())}
    return sizes


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
        samples = audio_files.resample(item.samples, item.rate_hz, config.rate_hz)
        return as_judged(audio_files.Decoded(item.samples, item.rate_hz, 1, False), samples, config)
    except audio_files.AudioError as error:
        return Refusal(item.name, str(error))


def stratified_split(names: Sequence[str], labels: np.ndarray, seed: int, test_share: float) -> np.ndarray:
    """Draw a share of each class for the test set; at least one sound of each stays for training.

    The draw depends on the seed, the class's number and the names in it, not on their order.

    Args:
        names: `[N]`.
        labels: int `[N]`.
        seed: of the draw.
        test_share: 0 to 1; the number of test sounds of a class is rounded.

    Returns:
        bool `[N]`, true for the test set.
    """
    is_test = np.zeros(len(names), bool)
    for label in np.unique(labels):
        members = sorted(np.flatnonzero(labels == label), key=lambda i: names[i])
        n_test = min(round(test_share * len(members)), len(members) - 1)
        drawn = np.random.default_rng((seed, int(label))).permutation(len(members))[:n_test]
        is_test[[members[i] for i in drawn]] = True
    return is_test


def spread(n_sounds: int, most: int) -> np.ndarray:
    """Return positions of at most so many sounds, evenly over all of them."""
    return np.unique(np.linspace(0, n_sounds - 1, min(n_sounds, most)).round().astype(int))


def epoch_order(n_sounds: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the sounds in an epoch, a permutation of `range(n_sounds)`.

    It depends on nothing but seed and epoch, so a resumed training sees what an uninterrupted one would.
    """
    return np.random.default_rng((seed, epoch)).permutation(n_sounds)


def steps_per_epoch(n_sounds: int, batch_size: int) -> int:
    """Batches in an epoch; the last may be smaller, no sound is dropped."""
    return -(-n_sounds // batch_size)


def training_batches(
    sounds: SoundSet,
    batch_size: int,
    seed: int,
    epochs: range,
    n_replicas: int = 1,
    replicas: range = range(1),
    first_step: int = 0,
):
    """Return batches `(audio [B, T], labels [B])` over several epochs, one after the other.

    The first epoch begins with its step `first_step`, counted from 0. On TensorFlow this is a `tf.data.Dataset`, on
    another backend an iterator over NumPy arrays.

    Where replicas share the batches, its elements are the shards of `replicas` in turn,
    `(audio [b, T], labels [b], counted [b], n_sounds)` (`distribute.shards`).
    """
    if not on_tensorflow():
        return _numpy_batches(sounds, batch_size, seed, epochs, first_step)
    import tensorflow as tf

    audio, labels = tf.constant(sounds.audio), tf.constant(sounds.labels)
    orders = np.stack([epoch_order(len(sounds), seed, epoch) for epoch in epochs])
    batches = (
        tf.data.Dataset.from_tensor_slices(orders)
        .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch_size))
        .skip(first_step)
    )
    if n_replicas > 1:
        batches = batches.flat_map(lambda index: shards(index, n_replicas, replicas))
    return batches.map(lambda index, *shard: (tf.gather(audio, index), tf.gather(labels, index), *shard)).prefetch(2)


def _numpy_batches(
    sounds: SoundSet, batch_size: int, seed: int, epochs: range, first_step: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for epoch in epochs:
        order = epoch_order(len(sounds), seed, epoch)
        for start in range(first_step * batch_size, len(sounds), batch_size):
            index = order[start : start + batch_size]
            yield sounds.audio[index], sounds.labels[index]
        first_step = 0
