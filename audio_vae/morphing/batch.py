"""Many morphs by a list, with the model loaded once: a failed line does not end the others.

A list is a CSV file with a heading, or a JSON file with a list of objects. Their fields are `start` and `end`, and
where a line differs from the defaults those of `FIELDS`. In a CSV file several values of a field are separated by
semicolons.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from audio_vae.kits.write import KitOptions
from audio_vae.morphing.morph import morph
from audio_vae.morphing.options import usual_options
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, explain, one_line
from audio_vae.utils.files import folder_name, read_json, safe_name
from audio_vae.utils.folders import MadeFolder
from audio_vae.utils.progress import Progress

_LISTS = ("via", "kit", "between")
_TEXTS = ("length", "shape", "spacing", "render", "level", "subtype")
FIELDS = ("start", "end", "via", "steps", *_TEXTS, "between", "kit", "map", "out")
"""What a line may hold."""


class Line(NamedTuple):
    """A line of a list: its number (of the file, or of the entry, from 1 on), and its fields that are not empty."""

    number: int
    values: dict[str, Any]


class Failure(NamedTuple):
    """A line that failed, and why."""

    number: int
    reason: str


@dataclass(frozen=True)
class BatchResult:
    """What `run_batch` made.

    Attributes:
        made: number of a line → its morph.
        failures: the lines that failed.
    """

    made: dict[int, MadeFolder]
    failures: tuple[Failure, ...]


def read_list(path: Path) -> list[Line]:
    """Read a list of morphs.

    Raises:
        UserError: it cannot be read, or holds no lines.
    """
    try:
        lines = _read_json(path) if path.suffix.lower() == ".json" else _read_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise UserError(f"{path} cannot be read as a list of morphs ({reason}): give a CSV or JSON file") from error
    if not lines:
        raise UserError(f"{path} holds no morphs: give a line with start and end for each")
    return lines


def run_batch(
    run: Run,
    lines: Sequence[Line],
    out: Path | None = None,
    *,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> BatchResult:
    """Make the morphs of a list, one after the other.

    Args:
        run: a trained run.
        lines: what `read_list` returns.
        out: the folder of the morphs that name none; by default `RUN/morphs`, and `morphs` for a pretrained model.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.
    """
    made: dict[int, MadeFolder] = {}
    failures: list[Failure] = []
    taken: dict[str, int] = {}
    with Progress(len(lines), "batch", "morphs", show_bar=show_progress, say=say) as progress:
        for line in lines:
            try:
                made[line.number] = _morph_of(run, line, out, taken)
            except Exception as error:
                failures.append(Failure(line.number, explain(error)))
            progress.update()
    return BatchResult(made, tuple(failures))


def _morph_of(run: Run, line: Line, out: Path | None, taken: dict[str, int]) -> MadeFolder:
    values = line.values
    unknown = sorted(values.keys() - set(FIELDS))
    if unknown:
        raise UserError(f"unknown field {unknown[0]!r}: choose from {', '.join(FIELDS)}")
    missing = [name for name in ("start", "end") if name not in values]
    if missing:
        raise UserError(f"no {missing[0]}: give a class, CLASS:N or a sound file")
    start, end, via = str(values["start"]), str(values["end"]), [str(each) for each in values.get("via", ())]
    folder = Path(out or run.results_path / "morphs") / folder_name([_part(each) for each in (start, *via, end)])
    folder = Path(str(values["out"])) if "out" in values else folder
    real = os.path.realpath(folder)
    if real in taken:
        raise UserError(f"line {taken[real]} writes into {folder}, too: give one of them another out")
    taken[real] = line.number
    options = {name: str(values[name]) for name in _TEXTS if name in values}
    if "steps" in values:
        options["steps"] = _number(values["steps"], int, "steps")
    if "between" in values:
        between = tuple(_number(each, float, "between") for each in values["between"])
        if len(between) != 2:
            raise UserError(f"between holds {len(between)} positions: give two, such as 0 and 1")
        options["between"] = between
    if "map" in values and "kit" not in values:
        raise UserError("map is for kit: name a format in kit, or leave map out")
    kit = KitOptions(tuple(str(each) for each in values.get("kit", ())), str(values.get("map", "keys")))
    return morph(run, start, end, folder, via=via, kit=kit, **usual_options(run.config.audio, **options))


def _part(end: str) -> str:
    """Return an end as part of the name of a folder."""
    return safe_name(end if os.path.exists(end) else end.replace("/", "_"))


def _number(value: Any, kind: type, name: str):
    try:
        number = kind(value)
        # JSON has truth values, which are numbers in Python, and 9.7 steps are not 9.
        if isinstance(value, bool) or (isinstance(value, float) and number != value):
            raise ValueError("of another kind")
        return number
    except (TypeError, ValueError, OverflowError) as error:
        words = "a whole number" if kind is int else "a number"
        raise UserError(f"{name} {value!r} is not {words}: give one, such as 1") from error


def _read_csv(path: Path) -> list[Line]:
    # A byte order mark is what spreadsheets write before UTF-8.
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
    lines = []
    for row in rows:
        if None in row:
            raise ValueError(f"line {rows.line_num} has more fields than the heading")
        values = {name.strip(): text.strip() for name, text in row.items() if text and text.strip()}
        for name in _LISTS:
            if name in values:
                values[name] = [each.strip() for each in values[name].split(";") if each.strip()]
        if values:
            lines.append(Line(rows.line_num, values))
    return lines


def _read_json(path: Path) -> list[Line]:
    entries = read_json(path)
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError("it holds no list of objects")
    lines = []
    for number, entry in enumerate(entries, 1):
        values = {name: value for name, value in entry.items() if value is not None}
        for name in _LISTS:
            if name in values and not isinstance(values[name], list):
                values[name] = [values[name]]
        lines.append(Line(number, values))
    return lines
