"""List run folders and how far each one is; imports neither Keras nor TensorFlow."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from audio_vae.runs.lock import LOCK_NAME, holder
from audio_vae.runs.run import CONFIG_NAME, Run, is_run, read_config
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import read_json
from audio_vae.utils.tables import formatted, human_size, percent, text_table


@dataclass(frozen=True)
class Listed:
    """A run folder in a list; values that are not known are `None`.

    Attributes:
        path: the folder.
        size_bytes: size on disk; a file with two names counts once.
        changed: when a file in it was last written, ISO 8601, local time.
        in_use_by: the process that is training or preparing it, in words.
        dataset: `digits`, `drums`, ….
        preset: preset of the model.
        epochs_done: number of complete epochs.
        epochs: number of epochs that are planned.
        one_nn_accuracy: 1-NN accuracy of the last evaluation, 0 to 1.
        mfcc_dtw_deviation: MFCC-DTW deviation of the last evaluation, mean over the classes.
        problem: why it cannot be used.
    """

    path: str
    size_bytes: int
    changed: str
    in_use_by: str | None = None
    dataset: str | None = None
    preset: str | None = None
    epochs_done: int | None = None
    epochs: int | None = None
    one_nn_accuracy: float | None = None
    mfcc_dtw_deviation: float | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def list_runs(folder: Path) -> list[Listed]:
    """Return the run folders in a folder, at any depth, or the folder itself if it is a run.

    Args:
        folder: where to look.

    Returns:
        The runs in the order of their paths. Damaged ones have a `problem`.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UserError(
            f"{folder} {what}: name the folder that holds your run folders, or train first "
            "(audio-vae digits train makes runs/digits)"
        )
    found = []
    for place, below, files in os.walk(folder):
        if CONFIG_NAME in files or "sounds.npz" in files:
            found.append(Path(place))
            # No other run is looked for inside a run.
            below.clear()
    return [_look_at(path) for path in sorted(found)]


def _look_at(path: Path) -> Listed:
    size_bytes, changed = _size_and_time(path)
    known: dict[str, Any] = {
        "size_bytes": size_bytes,
        "changed": datetime.fromtimestamp(changed).isoformat(" ", "seconds"),
        "in_use_by": holder(path),
    }
    try:
        if not is_run(path):
            raise UserError("its preparation was not finished: prepare it again")
        config = read_config(path)
        known |= {"dataset": config.dataset, "preset": config.preset, "epochs": config.training.epochs}
        known["epochs_done"] = Run(path, config).epochs_done()
        known |= _figures(path / "report" / "report.json")
    except UserError as error:
        known["problem"] = one_line(error)
    return Listed(str(path), **known)


def _figures(path: Path) -> dict[str, float | None]:
    """Return the figures of a report.json; none if there is no such file."""
    if not path.is_file():
        return {}
    try:
        report = read_json(path)
        figures = {
            "one_nn_accuracy": report["one_nn_accuracy"],
            "mfcc_dtw_deviation": report["mfcc_dtw_deviation"]["average"]["mean"],
        }
        # Figures that are not finite are stored as null.
        return {name: None if value is None else float(value) for name, value in figures.items()}
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(f"{path} cannot be read ({one_line(error)}): evaluate it again") from error


def _size_and_time(path: Path) -> tuple[int, float]:
    """Return the size of a folder in bytes and the time of its newest file, in seconds since 1970."""
    sizes: dict[tuple[int, int], int] = {}
    changed = path.stat().st_mtime
    for place, _, names in os.walk(path):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                # A running training removes files at any time.
                continue
            sizes[status.st_dev, status.st_ino] = status.st_size
            if name != LOCK_NAME:
                changed = max(changed, status.st_mtime)
    return sum(sizes.values()), changed


def table_lines(runs: list[Listed]) -> list[str]:
    """Return a table of the runs, line by line; the problem of a run is on a line of its own below it."""
    rows = [["run", "data", "preset", "epochs", "1-NN", "deviation", "size", "last change", ""]]
    for each in runs:
        rows.append(
            [
                each.path,
                each.dataset or "?",
                each.preset or "?",
                f"{_or_unknown(each.epochs_done)}/{_or_unknown(each.epochs)}",
                percent(each.one_nn_accuracy, 1),
                formatted(each.mfcc_dtw_deviation, "{:.3f}"),
                human_size(each.size_bytes),
                each.changed,
                f"in use by {each.in_use_by}" if each.in_use_by else "",
            ]
        )
    lines = text_table(rows)
    for number in reversed(range(len(runs))):
        if runs[number].problem:
            lines.insert(number + 2, f"    {runs[number].problem}")
    return lines


def _or_unknown(value: int | None) -> str:
    return "?" if value is None else str(value)
