"""Validate every file of a folder before anything is trained on it.

Files are validated by the same functions as in training (`data.reading.validate_items`, `data.labels.why_refused`). Of
each file only what was found is kept, and not its samples, so that memory hardly grows with the number of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.config import AudioConfig, Config
from audio_vae.data import labels
from audio_vae.data.clusters import attack_feature, find_clusters
from audio_vae.data.reading import Refusal, validate_items
from audio_vae.data.validation import Note
from audio_vae.folder import preprocess
from audio_vae.utils.errors import UserError
from audio_vae.utils.tables import text_table

ADVICE = {
    "clipped": "clipped: record or export them again with less gain; the model learns the distortion",
    "dc offset": "DC offset: remove it in an audio editor (a high-pass at 20 Hz does)",
    "too long": "too long: cut and faded out at the model's length; a longer --seconds keeps more of them",
    "not read": "very long: only the beginning is read; cut recordings of several sounds into a file for each",
    "channels cancel": "channels that cancel each other: the loudest is used alone; turn the polarity of one around",
    "mixed down": "more than one channel: mixed down to mono, nothing to do",
    "resampled": "another sample rate: resampled, nothing to do",
}
"""Kind of note → what it means for the sound, and what to do."""

RULES = replace(preprocess.RULES, data_option="FOLDER")
"""The rules of a training on your own sounds; this command takes the folder as an argument."""

_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class FileCheck:
    """What was found in a file.

    Attributes:
        name: its path in the folder.
        class_name: its class; `None` if it has none, or if k-means is to find it.
        reason: why it cannot be used; `None` if it can.
        notes: what happens to it on its way to the model, or should be mended.
    """

    name: str
    class_name: str | None
    reason: str | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class FolderCheck:
    """What was found in a folder.

    Attributes:
        folder: the folder.
        audio: sample rate and length that a training would use.
        labels: where the classes come from.
        files: what was found in each file, sorted by name.
        others: extension → number of files that are no sound files by their extension.
        problem: why a training would be refused; `None` if it would not.
        hint: what the user probably wants instead, if the sounds lie in folders within the class folders.
    """

    folder: Path
    audio: AudioConfig
    labels: str
    files: tuple[FileCheck, ...]
    others: dict[str, int]
    problem: str | None
    hint: str | None

    @property
    def n_usable(self) -> int:
        """Number of usable files."""
        return sum(each.reason is None for each in self.files)

    def classes(self) -> dict[str, dict[str, int]]:
        """Return class → `usable` and `refused` (numbers of files)."""
        found: dict[str, dict[str, int]] = {}
        for each in self.files:
            if each.class_name is not None:
                counts = found.setdefault(each.class_name, {"usable": 0, "refused": 0})
                counts["usable" if each.reason is None else "refused"] += 1
        return found

    def notes(self) -> dict[str, list[tuple[str, str]]]:
        """Return kind of note → name and text of each usable file that has it."""
        found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in ADVICE}
        for each in self.files:
            for note in each.notes:
                found[note.kind].append((each.name, note.text))
        return {kind: notes for kind, notes in found.items() if notes}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "folder": str(self.folder),
            "would_train": self.problem is None,
            "problem": self.problem,
            "hint": self.hint,
            "usable": self.n_usable,
            "refused": len(self.files) - self.n_usable,
            "labels": self.labels,
            "classes": self.classes(),
            "model": {
                "rate_hz": self.audio.rate_hz,
                "n_samples": self.audio.n_samples,
                "seconds": self.audio.n_samples / self.audio.rate_hz,
            },
            "other_files": self.others,
            "files": [
                {
                    "name": each.name,
                    "class": each.class_name,
                    "usable": each.reason is None,
                    "reason": each.reason,
                    "notes": [{"kind": note.kind, "text": note.text} for note in each.notes],
                }
                for each in self.files
            ],
        }


def check_folder(folder: Path, config: Config, *, show_progress: bool = False) -> FolderCheck:
    """Validate every file of a folder and find out whether a training would be refused.

    Args:
        folder: the folder of the sounds.
        config: a config of `folder.config.make`; its sample rate and length are chosen here.
        show_progress: draw a progress bar.

    Raises:
        UserError: the folder is missing or holds no sound files, or a pattern is no regular expression.
    """
    others: Counter[str] = Counter()
    items, outside = labels.labelled(labels.find_items(folder, RULES, others), config)
    audio = preprocess.choose_audio(items, config)
    files = [FileCheck(each.name, None, each.reason) for each in outside]
    is_clustered = config.data["labels"] == "kmeans"
    features: dict[str, np.ndarray] = {}
    for item, outcome in validate_items(items, audio, without_copies=RULES.without_copies, show_progress=show_progress):
        if isinstance(outcome, Refusal):
            files.append(FileCheck(item.name, item.class_name, outcome.reason))
        else:
            files.append(FileCheck(item.name, item.class_name, None, outcome.notes))
            if is_clustered:
                features[item.name] = attack_feature(outcome.fitted, audio.rate_hz)
    files.sort(key=lambda each: each.name)
    sizes = Counter(each.class_name for each in files if each.reason is None)
    hint = labels.hint_for_nested(str(folder), [item.name for item in items], config, RULES)
    problem = labels.why_refused(sizes, config, RULES, str(folder), hint)
    if is_clustered and not problem:
        problem = _why_clusters_are_refused(features, config, str(folder))
    return FolderCheck(folder, audio, config.data["labels"], tuple(files), dict(sorted(others.items())), problem, hint)


def _why_clusters_are_refused(features: dict[str, np.ndarray], config: Config, source: str) -> str | None:
    """Return why a training on k-means clusters of usable sounds would be refused; `features` are those of attacks."""
    kinds = [RULES.kind_of(name) for name in features]
    n_clusters, seed = config.data["n_clusters"], config.training.seed
    try:
        found, names, _ = find_clusters(
            np.stack(list(features.values())), n_clusters, seed, kinds, RULES.clusters_option
        )
    except UserError as error:
        return str(error)
    sizes = labels.cluster_sizes([names[label] for label in found], list(features))
    return labels.why_refused(sizes, config, RULES, source)


def report_lines(found: FolderCheck, *, every_file: bool = False) -> Iterator[str]:
    """Yield the check as text: refused files, notes, totals, sample rate and length of the model, what to do.

    Args:
        found: the check.
        every_file: yield a line for each file, not only for the refused ones, and no examples of the notes.
    """
    shown = [each for each in found.files if every_file or each.reason is not None]
    width = min(48, max((len(each.name) for each in shown), default=0))
    for each in shown:
        what = f"no   {each.reason}" if each.reason else f"yes  {'; '.join(note.text for note in each.notes)}"
        yield f"{each.name:{width}}  {what}".rstrip()
    if shown:
        yield ""
    rows = [["class", "usable", "refused"]]
    rows += [[name, str(each["usable"]), str(each["refused"])] for name, each in sorted(found.classes().items())]
    rows.append(["all", str(found.n_usable), str(len(found.files) - found.n_usable)])
    yield from text_table(rows, numbers=True)
    yield ""
    yield f"A model of these sounds: {preprocess.describe(found.audio)}"
    if found.others:
        listed = ", ".join(f"{count} {extension}" for extension, count in found.others.items())
        yield f"Not looked at, because their extensions are not those of sound files: {listed}"
    if found.hint and not found.problem:
        yield f"The classes are the folders in {found.folder}; {found.hint}"
    for kind, notes in found.notes().items():
        yield f"{_files(len(notes))} {ADVICE[kind]}"
        if not every_file and Note(kind, "").is_warning:
            for name, text in notes[:_MOST_EXAMPLES]:
                yield f"    {name}: {text}"
            if len(notes) > _MOST_EXAMPLES:
                yield f"    and {len(notes) - _MOST_EXAMPLES} more (--all shows every file)"


def _files(count: int) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count} file{'s' if count != 1 else ''}"


def require_trainable(found: FolderCheck) -> None:
    """Raise the error with which a training would end.

    Args:
        found: the check.

    Raises:
        UserError: a training would be refused.
    """
    if found.problem:
        raise UserError(f"training would be refused: {found.problem}")
