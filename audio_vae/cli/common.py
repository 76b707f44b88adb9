"""What several commands share: options, and how progress is shown."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import click

from audio_vae.backend.keras_backend import load_keras, muted_start_up

data_option = click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR", help="The folder that holds the sounds."
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder that the results are written to."
)
quiet_option = click.option("--quiet", is_flag=True, help="Show no progress and no summary.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
model_option = click.option(
    "--model",
    metavar="NAME",
    help="Use a pretrained model that comes with audio-vae (see audio-vae models) instead of a run.",
)


def run_option(dataset: str) -> Callable:
    """Return the option that names the run folder of a data set."""
    return click.option(
        "--run",
        "run_path",
        type=click.Path(path_type=Path),
        default=Path("runs", dataset),
        show_default=True,
        metavar="DIR",
        help="The run folder.",
    )


def _remember_debug(context: click.Context, _parameter, value: bool) -> None:
    if value:
        context.find_root().meta["debug"] = True


debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_remember_debug,
    help="Show the traceback of an error.",
)


def with_options(options: Sequence[Callable]) -> Callable:
    """Return a decorator that adds options to a command, in their order."""

    def decorate(function):
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def is_given(option: str) -> bool:
    """Return whether an option of the running command was given on the command line."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


def given_options(options: dict) -> dict:
    """Return those of a command's options that were given on the command line."""
    return {name: value for name, value in options.items() if is_given(name)}


def given_words(options: dict) -> list[str]:
    """Return the words of a command line that give those of a command's options that were given."""
    words = {each.name: each.opts[0] for each in click.get_current_context().command.params}
    return [word for name, value in given_options(options).items() for word in (words[name], str(value))]


def shows_progress(quiet: bool) -> bool:
    """Return whether progress bars are drawn: on a terminal, unless `--quiet` forbids them."""
    return not quiet and sys.stderr.isatty()


def echo_unless(quiet: bool) -> Callable[[str], None]:
    """Return what prints a line for the user, or does nothing under `--quiet`."""
    return (lambda line: None) if quiet else click.echo


def warn(line: str) -> None:
    """Print a line to standard error."""
    click.echo(line, err=True)


def say_kit(folder: Path, kit: dict | None, place: str = "kits") -> None:
    """Name the files that a sampler opens."""
    for file in kit["files"] if kit else ():
        click.echo(f"Kit: {folder / place / file}")


@contextmanager
def loading_keras() -> Iterator[None]:
    """Load Keras, and whatever the block imports, without what TensorFlow prints at that time."""
    with muted_start_up():
        load_keras()
        yield


DEFAULT_MODEL = "drums"
"""The pretrained model of commands that take a model of any data set."""

ANY_RUN_OPTIONS = (
    click.option("--run", "run_path", type=click.Path(path_type=Path), metavar="DIR", help="The run folder."),
    click.option(
        "--model",
        metavar="NAME",
        help="Use a pretrained model that comes with audio-vae (see audio-vae models).  "
        f"[default: {DEFAULT_MODEL}, unless --run is given]",
    ),
)
"""The options that name a run or a pretrained model of any data set, for `named_model`."""


def named_model(run_path: Path | None, model: str | None) -> Path | str:
    """Return the run folder or the pretrained model that `ANY_RUN_OPTIONS` name."""
    _require_one_model(run_path is not None, model)
    return run_path or model or DEFAULT_MODEL


def _require_one_model(run_is_given: bool, model: str | None) -> None:
    if run_is_given and model is not None:
        raise click.UsageError("--run and --model name two models: give one of them.")


def chosen_run(dataset: str, run_path: Path, model: str | None):
    """Open the run or the pretrained model that `--run` and `--model` name; see `catalog.open_trained`."""
    from audio_vae.pretrained.catalog import open_trained

    run_is_given = is_given("run_path")
    _require_one_model(run_is_given, model)
    return open_trained(dataset, run_path if run_is_given else None, model, warn)


def sounds_of(dataset: str, run, data: Path | None, **options):
    """Return the sounds of a run, or of the folder that `--data` names, for a `with`; see `prepare.sounds_of_run`."""
    from audio_vae.runs.prepare import sounds_of_run

    return sounds_of_run(dataset_module(dataset, "dataset").DATASET, run, data, **options)


def dataset_module(dataset: str, name: str) -> ModuleType:
    """Import a module of a data set's package, such as `train` of `digits`."""
    return importlib.import_module(f"audio_vae.{dataset}.{name}")
