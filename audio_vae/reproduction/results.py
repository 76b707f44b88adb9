"""The folder of results: what is kept of each experiment, small enough to lie beside the code.

OUT/results/NAME/report.json   figures of the evaluation
OUT/results/NAME/result.json   the experiment, epochs, model's hash, wall time, scores of the drawn morph
OUT/results/NAME/config.json   the run's config, and the versions that trained it
OUT/results/NAME/history.csv   every loss term of every epoch
OUT/results/NAME/*.png         latents, training curves, morph
OUT/results/bounds.json        bounds of what a perfect decoder could reach
OUT/results/notes.md           comments on the figures, written by hand
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audio_vae.config import Config
from audio_vae.reproduction.experiment import Experiment
from audio_vae.runs.environment import environment
from audio_vae.runs.run import CONFIG_NAME, Run, read_history
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import read_json, write_json
from audio_vae.utils.folders import atomic_folder

BOUNDS_FILE = "bounds.json"
NOTES_FILE = "notes.md"

RESULTS_FOLDER = "results"
NO_RESULT = "no result"
"""Text in place of a result that is not there."""

NO_RESULT_LINE = f"*{NO_RESULT.capitalize()}.*"
"""Line in place of a table without results."""

MARKER = "report.json"
"""The file by which the folder of a result is recognised."""

# Name in the files of older versions → name of the same value in an `Experiment`.
_RENAMED = {"judges_morphs": "scores_morphs"}


@dataclass(frozen=True, eq=False)
class Result:
    """The result of an experiment.

    Attributes:
        path: the folder, named after the experiment.
        report: what report.json holds.
        config: the run's config.
        made_with: versions and commit of the training.
        experiment: the values of its `Experiment`.
        epochs: number of epochs that the experiment asks for.
        times: parts of the training, each with `epoch`, `seconds` and `machine`; empty where they were not noted.
        model_sha256: hash of the evaluated model.
        morph: ends and comparison of the drawn morph, or why it could not be drawn; `None` where none is asked for.
    """

    path: Path
    report: dict[str, Any]
    config: Config
    made_with: dict[str, Any]
    experiment: dict[str, Any]
    epochs: int
    times: list[dict[str, Any]]
    model_sha256: str
    morph: dict[str, Any] | None

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.path.name

    @property
    def epochs_done(self) -> int:
        """Number of epochs after which the model was evaluated."""
        return self.report["epochs"]

    @property
    def is_finished(self) -> bool:
        """Whether all epochs were done."""
        return self.epochs_done >= self.epochs

    @property
    def epochs_shown(self) -> str:
        """The number of epochs done, as text; of an unfinished training with the number of all."""
        return str(self.epochs_done) if self.is_finished else f"{self.epochs_done} of {self.epochs}"

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv."""
        return read_history(self.path / "history.csv")

    def picture(self, file_name: str) -> str | None:
        """Return the path of a picture relative to OUT; `None` where there is none."""
        return f"{self.path.parent.name}/{self.name}/{file_name}" if (self.path / file_name).is_file() else None


def of_test_sounds(report: Mapping[str, Any], figure: str) -> Any:
    """Return a report's figure of the test set; `None` where an older version or a silent model has none."""
    return (report.get(figure) or {}).get("test")


def load_results(folder: Path) -> dict[str, Result]:
    """Return the results in a folder by their names; empty where there is no folder.

    Raises:
        UserError: a result is damaged.
    """
    found = sorted(folder.glob(f"[!.]*/{MARKER}"))
    return {path.parent.name: load_result(path.parent) for path in found}


def load_result(path: Path) -> Result:
    """Return the result in a folder.

    Args:
        path: the folder of one experiment.

    Raises:
        UserError: the result is damaged or missing.
    """
    try:
        report, result, config = (read_json(path / name) for name in (MARKER, "result.json", CONFIG_NAME))
        result["experiment"] = {_RENAMED.get(key, key): value for key, value in result["experiment"].items()}
        return Result(path, report, Config.from_dict(config["config"]), config["made_with"], **result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"the result in {path} cannot be read ({one_line(error)}): remove it, or make it again with "
            f"audio-vae reproduce --only {shlex.quote(path.name)}"
        ) from error


def load_bounds(folder: Path) -> dict[str, dict[str, float]]:
    """Return speaker → bound → figure; empty where the bounds were not measured.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / BOUNDS_FILE
    if not path.is_file():
        return {}
    try:
        return read_json(path)["speakers"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({one_line(error)}): remove it, or measure again with "
            "audio-vae reproduce --only bounds"
        ) from error


def save_bounds(folder: Path, speakers: dict[str, dict[str, float]]) -> None:
    """Write the bounds, speaker → bound → figure, in place of the older ones."""
    write_json(folder / BOUNDS_FILE, {"speakers": speakers, "made_with": environment()})


def save_result(
    folder: Path,
    run: Run,
    experiment: Experiment,
    epochs: int,
    report: dict[str, Any],
    morph: dict[str, Any] | None,
    pictures: dict[str, Path],
) -> None:
    """Write a result, whole or not at all; an older one is replaced.

    Args:
        folder: the folder of all results.
        run: the evaluated run.
        experiment: the experiment of the run.
        epochs: number of epochs that the experiment asks for.
        report: what `evaluation.evaluate.evaluate` returned.
        morph: ends and comparison of the drawn morph; see `Result`.
        pictures: file name → PNG, of which a small copy is kept.
    """
    # Late, because importing Matplotlib takes a while.
    from audio_vae.plots.figure import save_small_copy

    with atomic_folder(folder / experiment.name, MARKER) as part:
        for name, source in pictures.items():
            save_small_copy(part / name, source)
        shutil.copyfile(run.config_path, part / CONFIG_NAME)
        if run.history_path.is_file():
            shutil.copyfile(run.history_path, part / "history.csv")
        result = {
            "experiment": asdict(experiment),
            "epochs": epochs,
            "times": run.epoch_times(),
            "model_sha256": run.model_sha256,
            "morph": morph,
        }
        write_json(part / "result.json", result)
        write_json(part / MARKER, report)
