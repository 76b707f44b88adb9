"""`audio-vae reproduce`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audio_vae.backend.keras_backend import muted_start_up
from audio_vae.cli import common
from audio_vae.reproduction import experiments
from audio_vae.reproduction.experiment import DATA_FOLDERS
from audio_vae.utils.signals import Stopped, postponed

_EPILOG = (
    "\b\nExamples:\n"
    "  audio-vae reproduce --only cc --only bounds   one of the paper's models, and what bounds it\n"
    "  audio-vae reproduce --only paper              all of the paper's models; dc is for a GPU, or for patience\n"
    "  audio-vae reproduce --as-is                   take in what is trained so far\n"
    "  audio-vae reproduce --render                  write the page again"
    "\n\nNames for --only: "
    + ", ".join([experiments.BOUNDS, *(each.name for each in experiments.EXPERIMENTS)])
    + ".\n\nGroups of them: "
    + ", ".join(dict.fromkeys(each.group for each in experiments.EXPERIMENTS))
    + "."
)


def _check_experiments(_context, _parameter, values):
    unknown = [value for value in values if value not in experiments.names()]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is none of {', '.join(experiments.names())}.")
    return values


@click.command("reproduce", epilog=_EPILOG)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    callback=_check_experiments,
    help="An experiment or a group of them, see below; may be given more than once.  [default: all]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Folder that holds {' and '.join(f'{folder}/' for folder in DATA_FOLDERS.values())}.  "
    "[default: the recordings are downloaded, the drums synthesised]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("."),
    show_default=True,
    metavar="DIR",
    help="Gets RESULTS.md and results/.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Holds the run folders; what is in them goes on.  [default: runs/reproduce in --out]",
)
@click.option("--as-is", is_flag=True, help="Train nothing: evaluate the run folders as they stand.")
@click.option("--render", is_flag=True, help="Train and evaluate nothing: write RESULTS.md from results/ again.")
@common.quiet_option
@common.debug_option
def command(only, data, out, runs, as_is, render, quiet):
    """Train and evaluate the paper's models, and write RESULTS.md.

    Every experiment goes on where its run folder is, and when it is done its report, history and pictures are kept in
    results/NAME. RESULTS.md shows everything that lies in results/, wherever and whenever it was made. Ctrl-C finishes
    the step and saves.
    """
    if render and (only or as_is):
        raise click.UsageError("--render takes all results as they are: leave --only and --as-is out.")
    with muted_start_up():
        from audio_vae.reproduction import processes, reproduce
        from audio_vae.reproduction.page import write_results_page

    if render:
        click.echo(f"Results: {write_results_page(out)}")
        return
    say = common.echo_unless(quiet)
    folders = reproduce.Folders(out, runs or out / "runs" / "reproduce", data)
    chosen = []
    for each in experiments.choose(only):
        problem = reproduce.why_not(each, folders, as_is=as_is)
        if problem:
            say(f"{each.name}: left out, {problem}")
        else:
            chosen.append(each)
    names = [each.name for each in chosen]
    if experiments.BOUNDS in only or not (only or as_is):
        names.insert(0, experiments.BOUNDS)
    if len(names) > 1:
        arguments = _arguments(folders, as_is, quiet)
        code = processes.run_one_by_one({name: [*arguments, "--only", name] for name in names}, say)
        if code:
            raise click.exceptions.Exit(code)
    elif names == [experiments.BOUNDS]:
        dataset = common.dataset_module("digits", "dataset").DATASET
        reproduce.measure_bounds(dataset, folders, show_progress=common.shows_progress(quiet), say=say)
    elif names:
        _reproduce_one(chosen[0], folders, as_is, quiet)
    click.echo(f"Results: {write_results_page(out)}")


def _arguments(folders, as_is: bool, quiet: bool) -> list[str]:
    """Return the command line that reproduces with the same options, for `--only` to be added."""
    given = {"--data": folders.data, "--out": folders.out, "--runs": folders.runs}
    options = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    flags = {"--as-is": as_is, "--quiet": quiet, "--debug": click.get_current_context().find_root().meta.get("debug")}
    return [sys.executable, "-m", "audio_vae", "reproduce", *options, *(name for name in flags if flags[name])]


def _reproduce_one(experiment, folders, as_is: bool, quiet: bool) -> None:
    with common.loading_keras():
        from audio_vae.evaluation import evaluate  # noqa: F401
        from audio_vae.models import vae  # noqa: F401
        from audio_vae.reproduction.reproduce import reproduce
        from audio_vae.training import train  # noqa: F401

    say = common.echo_unless(quiet)
    say(f"{experiment.name}: {experiment.shows}")
    try:
        reproduce(
            experiment,
            common.dataset_module(experiment.dataset, "dataset").DATASET,
            folders,
            length=common.dataset_module(experiment.dataset, "morph").MORPHS.length,
            as_is=as_is,
            show_progress=common.shows_progress(quiet),
            say=say,
        )
    except Stopped as stopped:
        with postponed():
            common.warn(f"{stopped}, or the same audio-vae reproduce")
            raise click.exceptions.Exit(128 + stopped.signal) from None
