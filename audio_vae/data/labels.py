"""Sounds in a folder become labelled sounds with a seeded split: what every data set of files shares.

Labels come from the folders right below the data folder, from a pattern in the file names, or from k-means over the
sounds' attacks. `audio-vae check` asks the same functions whether a training would be refused.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from audio_vae.audio import formats, io
from audio_vae.config import Config
from audio_vae.data.clusters import cluster
from audio_vae.data.dataset import Prepared
from audio_vae.data.nesting import INNERMOST, better_folder, repeated_folders
from audio_vae.data.reading import Item, Refusal, decoder_of, left_out, read_sounds
from audio_vae.data.shards import ShardStore
from audio_vae.data.sound_set import SoundSet, class_sizes
from audio_vae.data.split import stratified_split
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.names import composed

TEST_SHARE = 0.2
"""Share of each class that is in the test set."""

LEAST_SOUNDS = round(0.5 / TEST_SHARE + 0.5)
"""Number of sounds of a class with which one is in the test set: 3."""

FLAT = "(no folder)"
"""The only class of a folder without folders in it."""


@dataclass(frozen=True)
class LabelRules:
    """How a data set of files labels its sounds, and how its command line calls what an error tells users to change.

    Attributes:
        kind_of: name of a sound → the kind that its name tells, or `None`; k-means clusters are named after kinds.
        kmeans_option: the option that asks for k-means, such as `--labels kmeans`.
        clusters_option: the option that sets the number of clusters, such as `--clusters`.
        data_option: what names the folder of the sounds.
        pattern_option: the option that takes classes from names by a pattern, such as `--pattern`; empty for none.
        without_data: what users can do instead of naming a folder; empty for nothing.
        least_sounds: number of usable sounds that every class needs; one class needs `LEAST_SOUNDS` in any case.
        without_copies: whether exact copies of another sound are refused.
        group_of: name of a sound → what it shares with sounds that are to be on the same side of the split, such as one
            drum struck at several strengths; `None` splits sound by sound.
    """

    kind_of: Callable[[str], str | None]
    kmeans_option: str
    clusters_option: str
    data_option: str = "--data"
    pattern_option: str = ""
    without_data: str = ""
    least_sounds: int = 1
    without_copies: bool = False
    group_of: Callable[[str], str] | None = None


def find_items(data: Path, rules: LabelRules, others: Counter[str] | None = None) -> list[Item]:
    """Return the sound files below a folder, named by their path in it.

    Args:
        data: the folder.
        rules: what an error tells users to do.
        others: if given, counts files that are no sound files by their extension: extension → number of files.

    Raises:
        UserError: the folder is missing or holds no sound files.
    """
    if not data.is_dir():
        what = "is a file, not a folder" if data.exists() else "does not exist"
        raise UserError(f"the data folder {data} {what}: give a folder of sound files as {rules.data_option}")
    names: dict[str, Path] = {}
    for path in io.find_files(data, others):
        name = printable(path.relative_to(data).as_posix())
        # Two names that differ in unprintable letters, or in how accents are stored, stay two.
        while name in names:
            name += "'"
        names[name] = path
    if not names:
        known = ", ".join(sorted(extension[1:] for extension in formats.EXTENSIONS))
        instead = f", or {rules.without_data}" if rules.without_data else ""
        raise UserError(
            f"no sound files in {data} ({known}): give a folder of sound files as {rules.data_option}{instead}"
        )
    return [Item(names[name], name) for name in sorted(names)]


def printable(name: str) -> str:
    """Return a file's name as text that any terminal and file can hold: no line breaks, all of it UTF-8, composed."""
    text = composed(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def folder_of(name: str) -> str | None:
    """Return the folder right below the data folder in which a sound lies; `None` if it lies in none.

    Args:
        name: path inside the data folder, with `/`.
    """
    parts = PurePosixPath(name).parts
    return parts[0] if len(parts) > 1 else None


def labelled(items: Sequence[Item], config: Config) -> tuple[list[Item], list[Refusal]]:
    """Give items their class, as far as their names tell it, and refuse those without one.

    Args:
        items: the files, as `find_items` names them.
        config: where labels come from. `data["labels"]` is `folder`, `pattern` (with `data["pattern"]`), or `kmeans`,
            which finds classes later and refuses no item here.

    Raises:
        UserError: the pattern is no regular expression.
    """
    source = config.data["labels"]
    if source == "kmeans":
        return list(items), []
    if source == "folder":
        # A folder without folders is one class. It is refused as a whole and not file by file.
        is_flat = not any(folder_of(item.name) for item in items)
        class_of, reason = (lambda name: FLAT) if is_flat else folder_of, "not in a class folder"
    else:
        pattern = config.data["pattern"]
        class_of, reason = _by_pattern(pattern), f"its name does not fit --pattern {pattern}"
    named = [replace(item, class_name=class_of(item.name)) for item in items]
    kept = [item for item in named if item.class_name]
    return kept, [Refusal(item.name, reason) for item in named if not item.class_name]


def _by_pattern(pattern: str) -> Callable[[str], str | None]:
    """Return the function that finds the class in a name: the group `label` of the pattern, or else its first."""
    try:
        compiled = re.compile(composed(pattern))
    except re.error as error:
        raise UserError(f"--pattern {pattern} is no regular expression ({one_line(error)}): correct it") from error
    group = "label" if "label" in compiled.groupindex else min(1, compiled.groups)

    def class_of(name: str) -> str | None:
        match = compiled.search(PurePosixPath(name).name)
        # No file name holds a slash, so that such a pattern is meant for the path.
        if not match and "/" in pattern:
            match = compiled.search(name)
        return match[group] if match else None

    return class_of


def why_refused(
    sizes: Mapping[str | None, int], config: Config, rules: LabelRules, source: str, hint: str | None = None
) -> str | None:
    """Return why a training on these sounds would be refused, in the words of the error; `None` if it would not.

    Args:
        sizes: number of usable sounds of each class; under `None` where k-means is still to find the classes. After
            that they are called as `cluster_sizes` calls them.
        config: where labels come from, as for `labelled`.
        rules: how many sounds a class needs, and what an error tells users to do.
        source: where the sounds are from, for the message.
        hint: what `hint_for_nested` says of the sounds.
    """
    n_sounds = sum(sizes.values())
    labels = config.data["labels"]
    needed = f"{rules.least_sounds} or more are needed, one of them for the test"
    if not n_sounds:
        return f"no usable sound in {source}: add sounds, or choose another {rules.data_option}"
    small = [f"{name} has {n}" for name, n in sizes.items() if n < rules.least_sounds]
    if labels == "kmeans":
        n_clusters = config.data["n_clusters"]
        if n_sounds < n_clusters * rules.least_sounds:
            return (
                f"{n_sounds} usable sounds in {source} are too few for {n_clusters} clusters (of each, {needed}): "
                f"use a smaller {rules.clusters_option} or add sounds"
            )
        if small:
            return (
                f"k-means finds too few sounds of a class in {source} ({', '.join(small[:5])}; {needed}): use a "
                f"smaller {rules.clusters_option}, add sounds like these, or take these out"
            )
    elif len(sizes) < 2:
        what, instead = ("folder", f"{hint or 'sort the sounds into a folder for each class'}, or use")
        if labels == "pattern":
            what, instead = ("class", "use another --pattern, or in its place")
        return f"only one {what} with usable sounds in {source}, 2 or more are needed: {instead} {rules.kmeans_option}"
    elif small:
        return (
            f"too few usable sounds of a class in {source} ({', '.join(small[:5])}; {needed}): add sounds, or take the "
            "class out"
        )
    if None not in sizes and max(sizes.values()) < LEAST_SOUNDS:
        return (
            f"no class in {source} has {LEAST_SOUNDS} usable sounds, so that none would be in the test set: "
            "add sounds, or take fewer classes"
        )
    return None


def prepare_items(
    items: Sequence[Item],
    config: Config,
    rules: LabelRules,
    source: str,
    *,
    show_progress: bool = False,
    store: ShardStore | None = None,
) -> Prepared:
    """Read sounds, label them and split them, `TEST_SHARE` of each class for the test.

    A file that cannot be used is refused with a reason, and the others are used.

    Args:
        items: the sounds, named by their path in the data folder.
        config: sample rate, length, seed (of k-means and of the split), and where labels come from.
        rules: how the data set labels its sounds.
        source: where the sounds are from.
        show_progress: draw a progress bar.
        store: where to keep the samples; `None` keeps them in memory.

    Returns:
        The sounds in the order of `items`. The report also holds `data`, which is `source`, for k-means what
        `data.clusters.cluster` reports, and `hint`, if there is one (`hint_for_nested`).

    Raises:
        UserError: too few sounds are usable, or there are fewer than 2 classes.
    """
    items, outside = labelled(items, config)
    _, sounds, refusals = read_sounds(
        items, config.audio, without_copies=rules.without_copies, show_progress=show_progress, store=store
    )
    refusals = outside + refusals
    hint = hint_for_nested(source, [item.name for item in items], config, rules)
    where = f"{source}{left_out(refusals)}"
    _refuse(why_refused(_sizes(sounds), config, rules, where, hint))
    seed = config.training.seed
    if config.data["labels"] == "kmeans":
        kinds = [rules.kind_of(name) for name in sounds.names]
        sounds, report = cluster(sounds, config.data["n_clusters"], seed, kinds, rules.clusters_option)
        sizes = cluster_sizes([sounds.class_names[label] for label in sounds.labels], sounds.names)
        _refuse(why_refused(sizes, config, rules, where))
    else:
        report = {"source": "folder names" if config.data["labels"] == "folder" else "file names"}
        report |= {"hint": hint} if hint else {}
    sounds = replace(sounds, is_test=stratified_split(sounds.names, sounds.labels, seed, TEST_SHARE, rules.group_of))
    report = {"data": source, **report, "classes": class_sizes(sounds)}
    return Prepared(sounds, refusals, report, decoder_of(items))


def hint_for_nested(data: str, names: Sequence[str], config: Config, rules: LabelRules) -> str | None:
    """Return what users probably want whose sounds lie in folders within the class folders; `None` for others.

    Args:
        data: the data folder.
        names: paths of the sounds in it.
        config: where labels come from, as for `labelled`.
        rules: the options of the data set.
    """
    if config.data["labels"] != "folder":
        return None
    better = better_folder(data, names)
    if better:
        return f"give {better} as {rules.data_option}"
    repeated = repeated_folders(names)
    if repeated and rules.pattern_option:
        return f"use {rules.pattern_option} '{INNERMOST}' to make classes of the deeper folders ({repeated})"
    return None


def cluster_sizes(found: Sequence[str], names: Sequence[str]) -> Counter[str]:
    """Return the number of sounds of each cluster, called as `why_refused` calls it.

    Args:
        found: `[N]`, name of the cluster of each sound.
        names: `[N]`, names of the sounds.
    """
    first = dict(zip(reversed(found), reversed(names), strict=True))
    return Counter(f"{each} ({first[each]}, …)" for each in found)


def _refuse(problem: str | None) -> None:
    if problem:
        raise UserError(problem)


def _sizes(sounds: SoundSet) -> Counter[str | None]:
    """Return the number of sounds of each class; under `None` of those without one."""
    return Counter(sounds.class_names[label] if label >= 0 else None for label in sounds.labels)
