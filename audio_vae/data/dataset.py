"""The declaration of a data set: its configs, how its sounds are read, and what its models may be trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_vae.config import Config
from audio_vae.data.reading import Item, Refusal
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.sources import Source


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a data set hands to training.

    Attributes:
        sounds: the usable sounds, labelled and split.
        refusals: the files that were left out, and the reasons.
        labels_report: how the labels were found, as JSON values: at least `source` and `classes`,
            class name → `size`, `train` and `test` (numbers of sounds).
        decoder: what decoded the files (`data.reading.decoder_of`); `None` if no sound came from a file.
    """

    sounds: SoundSet
    refusals: list[Refusal]
    labels_report: dict[str, Any]
    decoder: str | None = None


@dataclass(frozen=True)
class Dataset:
    """The declaration of a data set: what commands and trainings have to know of it.

    Attributes:
        name: its name in the command line and in config.json.
        make_config: `(preset, **options)` → `Config`.
        prepare: `(config, data folder or None, show_progress, store)` → `Prepared`; its samples are kept in the
            `data.shards.ShardStore`, or in memory if that is `None`.
        find: `(config, data folder or None, show_progress)` → the `Item`s that `prepare` would read.
        choose: `(config, data folder or None)` → the config with what the sounds decide (sample rate, length); `None`
            if they decide nothing.
        options: `Config` → the options of `make_config` that it was made with.
        sources: what pretrained models may be trained on; empty if the licence of the sounds is not known.
    """

    name: str
    make_config: Callable[..., Config]
    prepare: Callable[..., Prepared]
    find: Callable[..., list[Item]]
    choose: Callable[[Config, Path | None], Config] | None = None
    options: Callable[[Config], dict[str, Any]] = lambda config: {}
    sources: tuple[Source, ...] = ()
