"""Your own sounds: a folder of them is a data set, at a rate and length chosen from the sounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.audio import waveform
from audio_vae.config import AudioConfig, Config
from audio_vae.data import labels as labelling
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item
from audio_vae.folder.config import HIGHEST_RATE_HZ
from audio_vae.presets import with_audio
from audio_vae.utils.errors import UserError

MOST_SAMPLES = 32768
"""At most this length is chosen: twice that of the paper's drums."""

LONG_ENOUGH = 0.9
"""Share of the sounds that the length is chosen to hold whole."""

_MOST_LOOKED_AT = 2000


def choose(config: Config, data: Path | None) -> Config:
    """Return the config with rate, length and number of classes as the sounds suggest.

    Only the files' headers are read, of at most 2000 files spread over all of them. The rate is the
    commonest, at most 22.05 kHz; the length holds 9 of 10 sounds, at most 32768 samples.

    Raises:
        UserError: there is no such folder, or no sound file in it.
    """
    items, _ = labelling.labelled(find_items(data), config)
    audio = choose_audio(items, config.data["rate_hz"], config.data["seconds"], config.audio)
    n_classes = config.data.get("n_clusters") or max(2, len({item.class_name for item in items}))
    # A preset without a classifier stays so.
    n_classes = config.model.n_classes and n_classes
    return with_audio(config, audio, n_classes=n_classes, classifier_units=(n_classes or 2,))


def choose_audio(items: Sequence[Item], rate_hz: int | None, seconds: float | None, start: AudioConfig) -> AudioConfig:
    """Return the rate and length for these files; see `choose`."""
    if rate_hz is None or seconds is None:
        found = _headers(items)
        if rate_hz is None:
            counts = Counter(min(rate, HIGHEST_RATE_HZ) for rate, _ in found)
            rate_hz = max(counts, key=lambda rate: (counts[rate], -rate), default=HIGHEST_RATE_HZ)
        if seconds is None:
            durations_s = [duration for _, duration in found] or [0.0]
            seconds = float(np.quantile(durations_s, LONG_ENOUGH, method="higher"))
            seconds = min(seconds, MOST_SAMPLES / rate_hz)
    n_samples = 32 * max(1, -(-int(seconds * rate_hz + 0.5) // 32))
    return replace(start, rate_hz=rate_hz, n_samples=n_samples)


def _headers(items: Sequence[Item]) -> list[tuple[int, float]]:
    """Return rate and duration that the files' headers claim, of those that can be opened."""
    found = []
    step = -(-len(items) // _MOST_LOOKED_AT) or 1
    for item in items[::step]:
        try:
            rate_hz, duration_s = audio_files.header(item.path)
        except waveform.AudioError:
            continue
        if audio_files.RATES_HZ[0] <= rate_hz <= audio_files.RATES_HZ[1] and duration_s > 0:
            found.append((rate_hz, duration_s))
    return found


def prepare(config: Config, data: Path | None, *, show_progress: bool = False) -> Prepared:
    """Read a folder's sounds, label them and split them, 20 % of each class for the test.

    A file that cannot be used, or is an exact copy of another, is refused with a reason and the rest go on.

    Args:
        config: a config of `make`, after `choose`.
        data: the folder.
        show_progress: draw a progress bar.

    Raises:
        UserError: the folder is missing or holds no sound files, too few of them are usable, or there are
            fewer than 2 classes.
    """
    prepared = labelling.prepare_items(
        find_items(data),
        config,
        str(data),
        lambda name: labelling.folder_of(Item(None, name)),
        without_copies=True,
        show_progress=show_progress,
    )
    return replace(prepared, labels_report={**prepared.labels_report, "model": describe(config.audio)})


def describe(audio: AudioConfig) -> str:
    """Return rate and length in words."""
    return f"{audio.rate_hz} Hz, {audio.n_samples} samples ({audio.n_samples / audio.rate_hz:.2f} s)"


def find_items(data: Path | None, others: Counter[str] | None = None) -> list[Item]:
    """Return the sound files below a folder; see `audio_vae.data.labels.find_items`.

    Raises:
        UserError: no folder is given, it does not exist, or it holds no sound files.
    """
    if data is None:
        raise UserError("no folder of sounds is given: name it with --data")
    return labelling.find_items(Path(data), others=others)
