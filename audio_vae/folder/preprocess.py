"""Your own sounds: a folder becomes a data set, with a sample rate and a length chosen from its sounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from audio_vae.audio import waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig, Config
from audio_vae.data import labels
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item, map_ahead
from audio_vae.data.shards import ShardStore
from audio_vae.data.validation import decode_valid
from audio_vae.folder.config import HIGHEST_RATE_HZ, LEAST_SOUNDS, OTHER_HIGHEST_RATE_HZ
from audio_vae.model_config import LENGTH_STEP
from audio_vae.presets import with_audio
from audio_vae.utils.errors import UserError

RULES = labels.LabelRules(
    kind_of=labels.folder_of,
    kmeans_option="--labels kmeans:K",
    clusters_option="K in --labels kmeans:K",
    pattern_option="--pattern",
    least_sounds=LEAST_SOUNDS,
    without_copies=True,
)
"""How your own sounds get their classes."""

LONGEST_S = {"studio": 3.0}
"""Preset → the longest duration that is chosen, in seconds."""

OTHER_MOST_SAMPLES = 32768
"""The longest length that is chosen for the other presets: twice that of the paper's drums."""

LONG_ENOUGH = 0.9
"""The length is chosen so that this share of the sounds fits in whole."""

_MOST_MEASURED = 500


def choose(config: Config, data: Path | None) -> Config:
    """Return the config with a sample rate, a length and a number of classes chosen from the sounds.

    The sample rate is the most frequent one, at most 48 kHz (22.05 kHz for the paper's networks). The length is that
    into which 9 of 10 sounds fit whole, each from its onset to its end (`audio.waveform.extent`), at most 3 s (32768
    samples). At most 500 files are read for that, spread evenly over all.

    Args:
        config: a config of `folder.config.make`.
        data: the folder.

    Raises:
        UserError: there is no such folder, or no sound file in it.
    """
    items, _ = labels.labelled(find_items(data), config)
    audio = choose_audio(items, config)
    n_classes = config.data.get("n_clusters") or max(2, len({item.class_name for item in items}))
    # A preset without a classifier stays without one.
    n_classes = config.model.n_classes and n_classes
    return with_audio(config, audio, n_classes=n_classes, classifier_units=(n_classes or 2,))


def choose_audio(items: Sequence[Item], config: Config) -> AudioConfig:
    """Choose the sample rate and the length for files, as `choose` does, where the config's options do not give them.

    Args:
        items: the files.
        config: a config of `folder.config.make`.
    """
    rate_hz, seconds = config.data["rate_hz"], config.data["seconds"]
    highest_hz = HIGHEST_RATE_HZ.get(config.preset, OTHER_HIGHEST_RATE_HZ)
    if rate_hz is None or seconds is None:
        found = _measured(items, config.audio.onset_db)
        if rate_hz is None:
            counts = Counter(min(rate, highest_hz) for rate, _ in found)
            rate_hz = max(counts, key=lambda rate: (counts[rate], -rate), default=min(44100, highest_hz))
        if seconds is None:
            durations_s = [duration for _, duration in found] or [0.0]
            seconds = float(np.quantile(durations_s, LONG_ENOUGH, method="higher"))
            seconds = min(seconds, LONGEST_S.get(config.preset, OTHER_MOST_SAMPLES / rate_hz))
    n_samples = LENGTH_STEP * max(1, -(-int(seconds * rate_hz + 0.5) // LENGTH_STEP))
    return replace(config.audio, rate_hz=rate_hz, n_samples=n_samples)


def _measured(items: Sequence[Item], onset_db: float | None) -> list[tuple[int, float]]:
    """Return the sample rate of files and the duration of their sounds in seconds, without files that are refused."""

    def measure(item: Item) -> tuple[int, float] | None:
        try:
            decoded = decode_valid(item.path)
        except AudioError:
            return None
        start, end = waveform.extent(decoded.samples, decoded.rate_hz, onset_db)
        return decoded.rate_hz, (end - start) / decoded.rate_hz

    step = -(-len(items) // _MOST_MEASURED) or 1
    return [found for found in map_ahead(measure, items[::step]) if found is not None]


def prepare(
    config: Config, data: Path | None, *, show_progress: bool = False, store: ShardStore | None = None
) -> Prepared:
    """Read the sounds of a folder, label them and split them, 20 % of each class for the test.

    A file that cannot be used, or is an exact copy of another, is refused with a reason, and the others are used.

    Args:
        config: a config of `folder.config.make`, after `choose`.
        data: the folder.
        show_progress: draw a progress bar.
        store: where to keep the samples; `None` keeps them in memory.

    Raises:
        UserError: the folder is missing or holds no sound files, too few of them are usable, or there are
            fewer than 2 classes.
    """
    options = {"show_progress": show_progress, "store": store}
    prepared = labels.prepare_items(find_items(data), config, RULES, str(data), **options)
    return replace(prepared, labels_report={**prepared.labels_report, "model": describe(config.audio)})


def describe(audio: AudioConfig) -> str:
    """Return sample rate and length in words."""
    return f"{audio.rate_hz} Hz, {audio.n_samples} samples ({audio.n_samples / audio.rate_hz:.2f} s)"


def items_in(config: Config, data: Path | None, *, show_progress: bool = False) -> list[Item]:
    """Return the sound files that `prepare` reads or refuses, with the same arguments and errors."""
    return find_items(data)


def find_items(data: Path | None) -> list[Item]:
    """Return the sound files below a folder; see `data.labels.find_items`.

    Raises:
        UserError: no folder is given, it does not exist, or it holds no sound files.
    """
    if data is None:
        raise UserError("no folder of sounds is given: name it with --data")
    return labels.find_items(Path(data), RULES)
