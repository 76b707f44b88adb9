"""Trains and evaluates the experiments, and collects their results.

Each experiment has a run folder, whose training resumes where it stopped, and a folder of results. RESULTS.md is
written again each time an experiment is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_vae.config import Config
from audio_vae.data.dataset import Dataset
from audio_vae.presets import PRESETS
from audio_vae.reproduction.experiment import DATA_FOLDERS, Experiment
from audio_vae.reproduction.experiments import SPEAKERS
from audio_vae.reproduction.page import write_results_page
from audio_vae.reproduction.results import MARKER, RESULTS_FOLDER, load_result, save_bounds, save_result
from audio_vae.runs.create import require_free
from audio_vae.runs.environment import environment
from audio_vae.runs.prepare import prepare_run
from audio_vae.runs.run import Run, is_run, open_run, read_config
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.folders import require_writable_folder

_SPACING = "even"
"""Spacing of all morphs: it makes the steps of a path equally large, as a user would, which no plain mix can do."""


@dataclass(frozen=True)
class Folders:
    """The folders of a reproduction.

    Attributes:
        out: gets RESULTS.md and results/.
        runs: holds a run folder for each experiment.
        data: holds a folder for each data set (`experiment.DATA_FOLDERS`); `None` takes the data sets' own sounds.
    """

    out: Path
    runs: Path
    data: Path | None = None

    @property
    def results(self) -> Path:
        """The folder of results."""
        return self.out / RESULTS_FOLDER

    def sounds_of(self, folder: str) -> Path | None:
        """Return the folder of the sounds of some experiments (`experiment.Experiment.data_folder`).

        Raises:
            UserError: `data` holds no such folder.
        """
        if self.data is None:
            return None
        path = self.data / folder
        if not path.is_dir():
            is_own = folder in DATA_FOLDERS.values()
            raise UserError(
                f"there is no folder {path}: give the folder that holds {folder} with --data"
                + (", or leave --data out" if is_own else "")
            )
        return path


def config_of(experiment: Experiment, dataset: Dataset) -> Config:
    """Return the config with which an experiment trains."""
    return experiment.change(dataset.make_config(experiment.preset, **experiment.options))


def why_not(experiment: Experiment, folders: Folders, *, as_is: bool = False) -> str | None:
    """Return why an experiment cannot be run, `None` if it can.

    Args:
        experiment: the experiment.
        folders: the folders.
        as_is: whether its run folder is to be evaluated as it stands, which takes at least one finished epoch.

    Raises:
        UserError: the run folder is damaged.
    """
    if experiment.preset not in PRESETS:
        return f"this version has no preset {experiment.preset}"
    if experiment.folder and folders.data is None and not as_is:
        return f"name the folder that holds {experiment.folder} with --data"
    path = folders.runs / experiment.name
    if as_is and not (is_run(path) and Run(path, read_config(path)).epochs_done()):
        return f"nothing is trained in {path}"
    return None


def reproduce(
    experiment: Experiment,
    dataset: Dataset,
    folders: Folders,
    *,
    length: str,
    as_is: bool = False,
    show_progress: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Train an experiment or resume its training, evaluate it, collect the result and write RESULTS.md.

    Args:
        experiment: the experiment, for which `why_not` returns `None`.
        dataset: its data set.
        folders: the folders.
        length: length of the steps of its morphs, one of `morphing.options.LENGTHS`.
        as_is: evaluate the run folder as it stands and train nothing.
        show_progress: draw progress bars.
        say: receives lines for people.

    Raises:
        utils.signals.Stopped: SIGINT or SIGTERM ended the training, which is saved; no result was collected.
        UserError: the sounds or the run folder cannot be used, or the training failed.
    """
    config = config_of(experiment, dataset)
    path = folders.runs / experiment.name
    require_writable_folder(folders.results / experiment.name, MARKER)
    if as_is:
        require_free(path, config)
        run = open_run(path, dataset.name)
    else:
        run = _trained(path, config, dataset, folders.sounds_of(experiment.data_folder), show_progress, say)
    epochs = config.training.epochs
    if _is_collected(folders, run, experiment, epochs):
        say(f"{experiment.name}: its result is there already")
    else:
        _collect(folders, run, experiment, epochs, length, show_progress)
        say(f"{experiment.name}: result in {folders.results / experiment.name}")
    write_results_page(folders.out)


def _trained(
    path: Path, config: Config, dataset: Dataset, data: Path | None, show_progress: bool, say: Callable[[str], None]
) -> Run:
    from audio_vae.training.train import train

    run, found = prepare_run(dataset, path, config, data, show_progress=show_progress)
    if found["refused"]:
        say(f"{len(found['refused'])} files are left out, see {path / 'prepare.json'}")
    train(run, show_progress=show_progress, say=say)
    return run


def _is_collected(folders: Folders, run: Run, experiment: Experiment, epochs: int) -> bool:
    """Whether evaluating the run again would give the stored result: the same model, code and versions."""
    try:
        stored = load_result(folders.results / experiment.name)
    except UserError:
        return False
    return (
        stored.model_sha256 == run.model_sha256
        # Whatever the command was that asked for it.
        and {**stored.report["made_with"], "command": None} == {**environment(), "command": None}
        and (stored.epochs, stored.epochs_done) == (epochs, run.epochs_done())
        and ("morphs" in stored.report) == experiment.scores_morphs
        and (stored.morph is not None) == (experiment.morph is not None)
    )


def _collect(folders: Folders, run: Run, experiment: Experiment, epochs: int, length: str, show_progress: bool) -> None:
    from audio_vae.evaluation.evaluate import evaluate
    from audio_vae.morphing.options import PathOptions

    morphs = PathOptions(length=length, spacing=_SPACING, render="model") if experiment.scores_morphs else None
    report = evaluate(run, morphs=morphs, show_progress=show_progress)
    figures = run.path / "report" / "figures"
    pictures = {path.name: path for path in (figures / "latents.png", figures / "training.png") if path.is_file()}
    drawn, picture = _draw_morph(run, experiment.morph, length) if experiment.morph else (None, None)
    if picture:
        pictures["morph.png"] = picture
    save_result(folders.results, run, experiment, epochs, report, drawn, pictures)


def _draw_morph(run: Run, ends: tuple[str, str], length: str) -> tuple[dict[str, Any], Path | None]:
    """Draw a morph; a morph that fails does not spoil the rest of the result.

    Returns:
        JSON values: `start`, `end`, and either `comparison` and `warnings` or a `problem`; and the picture.
    """
    from audio_vae.morphing.morph import morph

    drawn: dict[str, Any] = {"start": ends[0], "end": ends[1]}
    try:
        made = morph(run, *ends, length=length, spacing=_SPACING, render="model")
    except UserError as error:
        return {**drawn, "problem": one_line(error)}, None
    drawn |= {"comparison": made.sidecar["scorecard"]["comparison"], "warnings": list(made.warnings)}
    return drawn, made.folder / "morph.png"


def measure_bounds(
    dataset: Dataset,
    folders: Folders,
    *,
    speakers: Sequence[str] = SPEAKERS,
    show_progress: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Measure the bounds of the deviation for some speakers of the digits, store them and write RESULTS.md.

    Args:
        dataset: the digits.
        folders: the folders.
        speakers: names of the speakers.
        show_progress: draw progress bars.
        say: receives lines for people.

    Raises:
        UserError: the recordings cannot be used.
    """
    from audio_vae.reproduction.bounds import bounds, cut_hard

    sounds = folders.sounds_of(DATA_FOLDERS[dataset.name])
    measured = {}
    for speaker in speakers:
        config = cut_hard(dataset.make_config(speakers=(speaker,)))
        measured[speaker] = bounds(dataset.prepare(config, sounds, show_progress=show_progress).sounds)
        say(f"bounds: {speaker} is measured")
    save_bounds(folders.results, measured)
    write_results_page(folders.out)
