"""Sounds in a folder become labelled sounds with a seeded split: what every data set of files shares.

Labels come from the folders right below the data folder, from a pattern in the file names, or from
k-means over the sounds' attacks. `audio-vae check` asks the same functions what a training would refuse.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.config import Config
from audio_vae.data.clusters import cluster
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item, Refusal, left_out, read_sounds
from audio_vae.data.sound_set import SoundSet, class_sizes
from audio_vae.utils.errors import UserError, one_line

TEST_SHARE = 0.2

FLAT = "(no folder)"
"""The one class of a folder without folders in it."""


def find_items(data: Path, otherwise: str = "", others: Counter[str] | None = None) -> list[Item]:
    """Return the sound files below a folder, named by their path in it.

    Args:
        data: the folder.
        otherwise: what else than `--data` helps where there are none.
        others: if given, counts files that are left out for their extension.

    Raises:
        UserError: the folder is missing or holds no sound files.
    """
    if not data.is_dir():
        what = "is a file, not a folder" if data.exists() else "does not exist"
        raise UserError(f"the data folder {data} {what}: give a folder of sound files with --data")
    names: dict[str, Path] = {}
    for path in audio_files.find_files(data, others):
        name = printable(path.relative_to(data).as_posix())
        while name in names:
            name += "'"
        names[name] = path
    if not names:
        known = ", ".join(sorted(extension[1:] for extension in audio_files.EXTENSIONS))
        raise UserError(f"no sound files in {data} ({known}): give a folder of sound files with --data{otherwise}")
    return [Item(names[name], name) for name in sorted(names)]


def printable(name: str) -> str:
    """Return a file's name as text that any terminal and file can hold: no line breaks, all of it UTF-8."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def folder_of(item: Item) -> str | None:
    """Return the folder right below the data folder that an item lies in; `None` for none."""
    parts = PurePosixPath(item.name).parts
    return parts[0] if len(parts) > 1 else None


def labelled(items: Sequence[Item], config: Config) -> tuple[list[Item], list[Refusal]]:
    """Give items their class, as far as names tell it, and refuse those without one.

    Args:
        items: the files, as `find_items` names them.
        config: `data["labels"]` is `folder`, `pattern` (with `data["pattern"]`) or `kmeans`, which needs
            no class and refuses none.

    Raises:
        UserError: the pattern is no regular expression.
    """
    source = config.data["labels"]
    if source == "kmeans":
        return list(items), []
    if source == "folder":
        # A flat folder is one class, which is refused as such and not file by file.
        is_flat = not any(folder_of(item) for item in items)
        class_of, reason = (lambda item: FLAT) if is_flat else folder_of, "not in a class folder"
    else:
        class_of, reason = (
            _by_pattern(config.data["pattern"]),
            f"its name does not fit --pattern {config.data['pattern']}",
        )
    named = [replace(item, class_name=class_of(item)) for item in items]
    kept = [item for item in named if item.class_name]
    return kept, [Refusal(item.name, reason) for item in named if not item.class_name]


def _by_pattern(pattern: str) -> Callable[[Item], str | None]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"--pattern {pattern} is no regular expression ({one_line(error)}): mend it") from error
    group = "label" if "label" in compiled.groupindex else min(1, compiled.groups)

    def class_of(item: Item) -> str | None:
        match = compiled.search(PurePosixPath(item.name).name)
        return match[group] if match else None

    return class_of


def why_refused(sizes: Mapping[str | None, int], config: Config, source: str) -> str | None:
    """Return why a training on these sounds would be refused, in the words of the error; `None` if it would not.

    Args:
        sizes: number of usable sounds of each class; of `None` where classes are still to be found.
        config: where labels come from (`labelled`), and `data["least"]`, sounds that a class needs (1 if absent).
        source: what the sounds are from, for the message.
    """
    n_sounds = sum(sizes.values())
    if not n_sounds:
        return f"no usable sound in {source}: add sounds, or choose another --data"
    if config.data["labels"] == "kmeans":
        n_clusters = config.data["n_clusters"]
        if n_sounds < n_clusters:
            option = "--clusters" if "least" not in config.data else "K in --labels kmeans:K"
            return (
                f"{n_sounds} usable sounds in {source}, fewer than {n_clusters} clusters: "
                f"use a smaller {option} or add sounds"
            )
        return None
    if len(sizes) < 2:
        kmeans = "kmeans:K" if "least" in config.data else "kmeans"
        what = "folder" if config.data["labels"] == "folder" else "class"
        return (
            f"only one {what} with usable sounds in {source}, 2 or more are needed: "
            f"sort the sounds into a folder for each class, or use --labels {kmeans}"
        )
    least = config.data.get("least", 1)
    small = [f"{name} has {n}" for name, n in sizes.items() if n < least]
    if small:
        return (
            f"too few usable sounds of a class in {source} ({', '.join(small[:5])}; {least} or more are needed, "
            "one of them for the test): add sounds, or take the class out"
        )
    return None


def prepare_items(
    items: Sequence[Item],
    config: Config,
    source: str,
    kind_of: Callable[[str], str | None],
    *,
    without_copies: bool = False,
    show_progress: bool = False,
) -> Prepared:
    """Read sounds, label them and split them, 20 % of each class for the test.

    A file that cannot be used is refused with a reason and the rest go on.

    Args:
        items: the sounds, named by their path in the data folder.
        config: rate, length, seed (of k-means and of the split), and where labels come from.
        source: what the sounds are from.
        kind_of: name of a sound → what it tells of its kind, which k-means clusters are named after.
        without_copies: refuse exact copies.
        show_progress: draw a progress bar.

    Returns:
        Sounds by name; the report also holds `data`, and for k-means what `audio_vae.data.clusters.cluster`
        reports.

    Raises:
        UserError: no or too few sounds are usable, or there are fewer than 2 classes.
    """
    items, outside = labelled(items, config)
    _, sounds, refusals = read_sounds(items, config.audio, without_copies=without_copies, show_progress=show_progress)
    refusals = outside + refusals
    problem = why_refused(_sizes(sounds), config, f"{source}{left_out(refusals)}")
    if problem:
        raise UserError(problem)
    if config.data["labels"] == "kmeans":
        kinds = [kind_of(name) for name in sounds.names]
        sounds, report = cluster(sounds, config.data["n_clusters"], config.training.seed, kinds)
    else:
        report = {"source": "folder names" if config.data["labels"] == "folder" else "file names"}
    is_test = stratified_split(sounds.names, sounds.labels, config.training.seed, TEST_SHARE)
    sounds = replace(sounds, is_test=is_test)
    return Prepared(sounds, refusals, {"data": source, **report, "classes": class_sizes(sounds)})


def _sizes(sounds: SoundSet) -> Counter[str | None]:
    return Counter(sounds.class_names[label] if label >= 0 else None for label in sounds.labels)


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
