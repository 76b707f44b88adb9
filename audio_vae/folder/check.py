"""A verdict on every file of a folder before anything is trained on it.

Files are judged by the same functions as in training (`dataset.judge_items`, `labels.why_refused`); here
the verdicts are kept, and not the sounds, so that memory hardly grows with the number of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_vae.config import AudioConfig, Config
from audio_vae.data import labels
from audio_vae.data.reading import Refusal, judge_items
from audio_vae.data.validation import Note
from audio_vae.folder import preprocess as folder_data
from audio_vae.utils.errors import UserError
from audio_vae.utils.tables import text_table

ADVICE = {
    "clipped": "clipped: record or export them again with less gain; the model learns the distortion",
    "dc offset": "DC offset: remove it in an audio editor (a high-pass at 20 Hz does)",
    "too long": "too long: cut and faded out at the model's length; a longer --seconds keeps more of them",
    "mixed down": "more than one channel: mixed down to mono, nothing to do",
    "resampled": "another sample rate: resampled, nothing to do",
}
"""Kind of note → what to do."""

_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a file.

    Attributes:
        name: its path in the folder.
        class_name: its class; `None` where it has none or k-means is to find it.
        reason: why it cannot be used; `None` if it can.
        notes: what happens to it, or is to be mended.
    """

    name: str
    class_name: str | None
    reason: str | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class FolderCheck:
    """What is to be said of a folder.

    Attributes:
        folder: the folder.
        audio: rate and length that a training would use.
        labels: where classes come from.
        verdicts: one a file, by name.
        others: extension → number of files that are no sounds by their name.
        problem: why a training would be refused; `None` if it would not.
    """

    folder: Path
    audio: AudioConfig
    labels: str
    verdicts: tuple[Verdict, ...]
    others: dict[str, int]
    problem: str | None

    @property
    def n_usable(self) -> int:
        """Number of usable files."""
        return sum(each.reason is None for each in self.verdicts)

    def classes(self) -> dict[str, dict[str, int]]:
        """Return class → `usable` and `refused` (numbers of files)."""
        found: dict[str, dict[str, int]] = {}
        for each in self.verdicts:
            if each.class_name is not None:
                counts = found.setdefault(each.class_name, {"usable": 0, "refused": 0})
                counts["usable" if each.reason is None else "refused"] += 1
        return found

    def notes(self) -> dict[str, list[tuple[str, str]]]:
        """Return kind of note → name and text of each usable file that has it."""
        found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in ADVICE}
        for each in self.verdicts:
            for note in each.notes:
                found[note.kind].append((each.name, note.text))
        return {kind: notes for kind, notes in found.items() if notes}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "folder": str(self.folder),
            "would_train": self.problem is None,
            "problem": self.problem,
            "usable": self.n_usable,
            "refused": len(self.verdicts) - self.n_usable,
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
                for each in self.verdicts
            ],
        }


def check_folder(folder: Path, config: Config, *, show_progress: bool = False) -> FolderCheck:
    """Judge every file of a folder and say what a training would make of it.

    Args:
        folder: the sounds.
        config: a config of `audio_vae.folder.make`; rate and length are chosen here.
        show_progress: draw a progress bar.

    Raises:
        UserError: the folder is missing or holds no sound files, or a pattern is no regular expression.
    """
    others: Counter[str] = Counter()
    items, outside = labels.labelled(folder_data.find_items(folder, others), config)
    audio = folder_data.choose_audio(items, config.data["rate_hz"], config.data["seconds"], config.audio)
    verdicts = [Verdict(each.name, None, each.reason) for each in outside]
    for item, got in judge_items(items, audio, without_copies=True, show_progress=show_progress):
        refused = isinstance(got, Refusal)
        verdicts.append(
            Verdict(item.name, item.class_name, got.reason if refused else None, () if refused else got.notes)
        )
    verdicts.sort(key=lambda each: each.name)
    sizes = Counter(each.class_name for each in verdicts if each.reason is None)
    problem = labels.why_refused(sizes, config, str(folder))
    return FolderCheck(folder, audio, config.data["labels"], tuple(verdicts), dict(sorted(others.items())), problem)


def report_lines(found: FolderCheck, *, every_file: bool = False) -> Iterator[str]:
    """Yield the check as text: refused files, notes, totals, the model's sounds, what to do.

    Args:
        found: the check.
        every_file: a line for each file instead of one for each refused file and for each kind of note.
    """
    shown = [each for each in found.verdicts if every_file or each.reason is not None]
    width = min(48, max((len(each.name) for each in shown), default=0))
    for each in shown:
        what = f"no   {each.reason}" if each.reason else f"yes  {'; '.join(note.text for note in each.notes)}"
        yield f"{each.name:{width}}  {what}".rstrip()
    if shown:
        yield ""
    rows = [["class", "usable", "refused"]]
    rows += [[name, str(each["usable"]), str(each["refused"])] for name, each in sorted(found.classes().items())]
    rows.append(["all", str(found.n_usable), str(len(found.verdicts) - found.n_usable)])
    yield from text_table(rows, numbers=True)
    yield ""
    yield f"A model of these sounds: {folder_data.describe(found.audio)}"
    if found.others:
        listed = ", ".join(f"{count} {extension}" for extension, count in found.others.items())
        yield f"Not looked at, no sound files by their names: {listed}"
    for kind, notes in found.notes().items():
        yield f"{_files(len(notes))} {ADVICE[kind]}"
        if not every_file and kind not in ("mixed down", "resampled"):
            for name, text in notes[:_MOST_EXAMPLES]:
                yield f"    {name}: {text}"
            if len(notes) > _MOST_EXAMPLES:
                yield f"    and {len(notes) - _MOST_EXAMPLES} more (--all shows every file)"


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def require_trainable(found: FolderCheck) -> None:
    """Raise the error that a training would end with.

    Raises:
        UserError: a training would be refused.
    """
    if found.problem:
        raise UserError(f"training would be refused: {found.problem.replace('--data', 'FOLDER')}")
