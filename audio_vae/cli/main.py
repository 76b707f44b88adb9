"""The command line. Commands are thin; TensorFlow and the like are imported inside them, so help is instant."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from audio_vae import __version__
from audio_vae.backend.replicas import (
    STRATEGIES,
    Devices,
    WorkerLostError,
    can_rejoin,
    connect,
    rejoin,
    this_worker,
    wait_for_file,
)
from audio_vae.config import DEFAULT_PRESET, PRECISIONS, PRESETS, TrainingConfig
from audio_vae.reproduction import experiments
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.signals import handling, postponed

DATASETS = {
    "digits": "spoken digits (FSDD, 8 kHz, 4096 samples)",
    "drums": "drum one-shots (22.05 kHz, 16384 samples)",
    "folder": "your own sounds, DIR/<class>/*",
}
"""Data set → what it is; each is declared in `audio_vae.<name>`."""

EXAMPLE_ENDS = {"digits": ("3", "7"), "drums": ("hihat", "tom"), "folder": ("cat", "dog")}


def _check_labels(_context, _parameter, value):
    if not re.fullmatch(r"folder|kmeans:([2-9]|[1-9][0-9]{1,3})", value):
        raise click.BadParameter(f"{value!r} is not folder or kmeans:K with a K of 2 or more, e.g. kmeans:5.")
    return value


def _check_pattern(_context, _parameter, value):
    try:
        re.compile(value or "")
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}.") from error
    return value


FOLDER_OPTIONS = [
    click.option(
        "--labels",
        default="folder",
        show_default=True,
        callback=_check_labels,
        metavar="folder|kmeans:K",
        help="Classes from the names of the folders in DIR, or K clusters found in the sounds.",
    ),
    click.option(
        "--pattern",
        metavar="REGEX",
        callback=_check_pattern,
        help="Classes from file names: the first group, or the one called label.",
    ),
    click.option(
        "--rate", "rate_hz", type=click.IntRange(1000, 192000), help="Sample rate.  [default: from the sounds]"
    ),
    click.option(
        "--seconds", type=click.FloatRange(0.01, 60), help="Length of the model's sounds.  [default: from the sounds]"
    ),
]

DATASET_OPTIONS = {
    "digits": [
        click.option(
            "--speaker",
            "speakers",
            multiple=True,
            metavar="NAME",
            help="Speaker to train on; may be given more than once.  [default: jackson]",
        )
    ],
    "drums": [
        click.option(
            "--labels",
            type=click.Choice(["kmeans", "folder"]),
            default="kmeans",
            show_default=True,
            help="Classes from k-means on the attack's MFCCs, or from folder names.",
        ),
        click.option(
            "--clusters",
            "n_clusters",
            type=click.IntRange(2),
            default=5,
            show_default=True,
            help="The k of k-means.",
        ),
    ],
    "folder": [
        *FOLDER_OPTIONS,
        click.option(
            "--latent-dim", type=click.IntRange(1, 1024), help="Dimensions of the latent space.  [default: 20]"
        ),
    ],
}
"""What a data set's `config.make` takes besides preset and training."""

COMMON = {
    "data": click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder with the sounds."),
    "out": click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the results go."),
    "quiet": click.option("--quiet", is_flag=True, help="No progress, no summary."),
}


def _remember_debug(context, _parameter, value):
    if value:
        context.find_root().meta["debug"] = True


_debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_remember_debug,
    help="Show where an error comes from.",
)


def _with_options(options):
    def decorate(function):
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.group(
    epilog="Start with:  audio-vae drums morph hihat tom     and with models of your own:  audio-vae drums train"
)
@click.version_option(__version__, prog_name="audio-vae")
@_debug_option
def cli():
    """Morph sounds with a variational autoencoder on raw audio that you train yourself."""


def _dataset_group(name: str, about: str) -> click.Group:
    """Make the commands of a data set; they differ by its declaration and its own options alone."""
    start, end = EXAMPLE_ENDS[name]
    length = _morph_length(name)
    model_option = click.option(
        "--model", metavar="NAME", help="A model that comes with audio-vae (audio-vae models), instead of a run."
    )
    run_option = click.option(
        "--run",
        "run_path",
        type=click.Path(path_type=Path),
        default=Path("runs", name),
        show_default=True,
        metavar="DIR",
        help="The run folder.",
    )

    @click.group(name, help=f"Train on and morph {about}.")
    def group():
        pass

    def command(*options, **settings):
        def register(function):
            function = _with_options([*options, COMMON["quiet"], _debug_option])(function)
            return group.command(**settings)(function)

        return register

    training_options = [
        COMMON["data"],
        run_option,
        click.option("--preset", type=click.Choice(sorted(PRESETS)), help=f"The model.  [default: {DEFAULT_PRESET}]"),
        click.option(
            "--seed",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Of weights, order and noise.",
        ),
        click.option(
            "--epochs",
            type=click.IntRange(1),
            help="Passes over the sounds.  [default: "
            f"{PRESETS[DEFAULT_PRESET]['training']['epochs']}, dc and cc: {TrainingConfig.epochs}]",
        ),
        click.option("--batch-size", type=click.IntRange(1), help="Sounds in a step."),
        click.option(
            "--precision", type=click.Choice(PRECISIONS), help="What the networks compute in.  [default: float32]"
        ),
        *DATASET_OPTIONS[name],
    ]

    def config_of(run_path, **settings):
        # A run goes on with its own settings; what is given must agree with them, what is left out need not.
        given = {key: value for key, value in settings.items() if _is_given(key)}
        return _dataset(name).config(run_path, **given)

    def prepared_run(data, run_path, quiet, **settings):
        dataset = _dataset(name)
        config = config_of(run_path, **settings)
        run, found = dataset.prepare_run(run_path, config, data, show_progress=_shows_progress(quiet))
        if not quiet:
            _say_found(found)
        return run

    def chiefs_run(data, run_path, **settings):
        """Open the run folder that another process has prepared."""
        wait_for_file(run_path / "config.json")
        config_of(run_path, **settings)
        return _dataset(name).open(run_path)

    def trained_run(run_path, model):
        """Open the run or the model that was asked for, or else the one that comes with the package."""
        from audio_vae.pretrained import catalog as models

        if model is not None:
            if _is_given("run_path"):
                raise click.UsageError("--run and --model name two models: give one of them.")
        elif not _is_given("run_path") and not (run_path / "config.json").is_file():
            model = models.default_name(name)
            if model is not None:
                click.echo(
                    f"no run in {run_path}: playing the model that comes with audio-vae (audio-vae models); "
                    f"train your own: audio-vae {name} train",
                    err=True,
                )
        return _dataset(name).open(run_path if model is None else models.path_of(model))

    @command(*training_options, epilog=f"Example:  audio-vae {name} prepare --data sounds/")
    def prepare(**options):
        """Read the sounds into the run folder and say what was found."""
        run = prepared_run(**options)
        click.echo(f"Prepared {len(run.sounds)} sounds in {run.path}; next: audio-vae {name} train --run {run.path}")

    @command(
        *training_options,
        click.option(
            "--distribute",
            type=click.Choice(STRATEGIES),
            default="none",
            show_default=True,
            help="Share each batch: by all GPUs of this machine, or by the machines that TF_CONFIG names.",
        ),
        epilog=f"Example:  audio-vae {name} train --preset cc --epochs 30 --run runs/{name}",
    )
    def train(distribute, quiet, **options):
        """Train a model; with the --run of an interrupted training, go on with it.

        A run keeps its settings, so --run is enough to go on; a higher --epochs extends it. Ctrl-C finishes the
        step and saves.
        """
        say = (lambda line: None) if quiet else click.echo
        with _rejoining():
            devices = _connected(distribute, say)
            run = prepared_run(quiet=quiet, **options) if devices.is_chief else None
            devices.wait_for_all()
            run = run or chiefs_run(**options)
            with _muted_start_up():
                from audio_vae.training import train as training

            # Whoever stops a training may do so twice; what is said of how to go on is said all the same.
            with postponed():
                try:
                    training.train(run, devices=devices, show_progress=_shows_progress(quiet), say=say)
                except training.Stopped as stopped:
                    click.echo(str(stopped), err=True)
                    raise click.exceptions.Exit(128 + stopped.signal) from None
        if devices.is_chief:
            click.echo(f"Trained {run.epochs_done()} epochs: {run.model_path}")

    @command(
        COMMON["data"],
        run_option,
        model_option,
        COMMON["out"],
        click.option(
            "--morphs", is_flag=True, help="Judge morphs between all pairs of classes too, beside plain cross-fades."
        ),
        epilog=f"Example:  audio-vae {name} evaluate --run runs/{name}  writes runs/{name}/report/report.html",
    )
    def evaluate(data, run_path, model, out, morphs, quiet):
        """Judge the model: 1-NN accuracy, MFCC-DTW deviation, pictures and sounds."""
        dataset = _dataset(name)
        run = trained_run(run_path, model)
        with _muted_start_up():
            from audio_vae.evaluation import evaluate as report
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing import steps as tracks

        progress = _shows_progress(quiet)
        result = report.evaluate(
            run,
            dataset.sounds(run, data, show_progress=progress),
            out,
            morphs=tracks.PathOptions(length=length) if morphs else None,
            show_progress=progress,
        )
        if not quiet:
            click.echo("\n".join(report.summary_lines(result)))
        click.echo(f"Report: {(out or run.results_path / 'report') / 'report.html'}")

    @command(
        click.argument("start", metavar="A"),
        click.argument("end", metavar="B"),
        COMMON["data"],
        run_option,
        model_option,
        COMMON["out"],
        click.option("--steps", type=click.IntRange(2), default=9, show_default=True, help="Sounds from A to B."),
        click.option(
            "--length",
            type=click.Choice(["A", "B", "interpolate", "full"]),
            default=length,
            show_default=True,
            help="Length of the steps: A's, B's, from A's to B's, or all that the model makes.",
        ),
        click.option(
            "--via",
            multiple=True,
            metavar="POINT",
            help="Lead the path through a point, named like A and B; may be given more than once.",
        ),
        click.option(
            "--path",
            "shape",
            type=click.Choice(["linear", "spherical"]),
            default="linear",
            show_default=True,
            help="Straight, or on the great circle between the points' directions.",
        ),
        click.option(
            "--spacing",
            type=click.Choice(["latent", "even"]),
            default="latent",
            show_default=True,
            help="Steps of one size in the latent space, or of one perceptual distance.",
        ),
        click.option(
            "--range",
            "between",
            type=float,
            nargs=2,
            default=(0.0, 1.0),
            metavar="FROM TO",
            help="Where the steps begin and end; 0 is A, 1 is B, and -0.25 1.25 goes on beyond them.  [default: 0 1]",
        ),
        epilog=f"Examples:  audio-vae {name} morph {start} {end}     audio-vae {name} morph {start}:0 my-sound.wav     "
        f"audio-vae {name} morph {start} {end} --spacing even --steps 15",
    )
    def morph(start, end, data, run_path, model, out, via, quiet, **options):
        """Turn sound A into sound B.

        A and B are each a class (its centre), GROUP/CLASS (as one speaker has it, in a run of several),
        CLASS:N (the N-th sound of it, from 0) or a sound file.
        """
        dataset = _dataset(name)
        run = trained_run(run_path, model)
        with _muted_start_up():
            from audio_vae.evaluation import html as report_page
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing import morph as morphing

        sounds = dataset.sounds(run, data) if data else None
        made = morphing.morph(run, start, end, out, via=via, sounds=sounds, **options)
        for warning in made.warnings:
            click.echo(f"Warning: {warning}", err=True)
        if not quiet:
            click.echo("\n".join(report_page.comparison_lines(made.sidecar["scorecard"]["comparison"])))
        click.echo(
            f"Morph: {made.folder}  (listen to {made.folder / 'morph.wav'}, look at {made.folder / 'morph.png'})"
        )

    @command(
        click.argument("parts", nargs=-1, required=True, metavar="NAME=WEIGHT..."),
        COMMON["data"],
        run_option,
        model_option,
        COMMON["out"],
        click.option(
            "--length",
            type=click.Choice(["interpolate", "full"]),
            default=length,
            show_default=True,
            help="Length of the blend: between the parts', or all that the model makes.",
        ),
        epilog=f"Example:  audio-vae {name} blend {start}=0.7 {end}=0.3",
    )
    def blend(parts, data, run_path, model, out, length, quiet):
        """Make one sound out of several, of each as much as its weight.

        A NAME is one as for morph: a class, GROUP/CLASS, CLASS:N or a sound file.
        """
        dataset = _dataset(name)
        run = trained_run(run_path, model)
        with _muted_start_up():
            from audio_vae.evaluation import html as report_page
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing import blend as blending

        sounds = dataset.sounds(run, data) if data else None
        made = blending.blend(run, blending.parse_parts(parts), out, length=length, sounds=sounds)
        for warning in made.warnings:
            click.echo(f"Warning: {warning}", err=True)
        if not quiet:
            click.echo(
                "\n".join([*made.remarks, *report_page.comparison_lines(made.sidecar["scorecard"]["comparison"])])
            )
        click.echo(
            f"Blend: {made.folder}  (listen to {made.folder / 'blend.wav'}, look at {made.folder / 'blend.png'})"
        )

    @command(
        run_option,
        model_option,
        COMMON["out"],
        click.option(
            "--format",
            "formats",
            type=click.Choice(["savedmodel", "litert", "onnx", "keras"]),
            multiple=True,
            default=("savedmodel",),
            help="What to write; may be given more than once.  [default: savedmodel]",
        ),
        click.option("--float16", is_flag=True, help="Store the weights in half the bytes."),
        epilog=f"Example:  audio-vae {name} export --format savedmodel --out models  writes "
        f"models/{name}-{DEFAULT_PRESET}/1",
    )
    def export(run_path, model, out, formats, float16, quiet):
        """Write the model for other programs, each copy proven equal to it."""
        run = trained_run(run_path, model)
        with _muted_start_up():
            from audio_vae.export import export as exporting

        for each in dict.fromkeys(formats):
            exporting.check_format(each, float16=float16)
        for each in dict.fromkeys(formats):
            with _muted_start_up():
                made = exporting.export(run, each, out, float16=float16)
            for warning in made.warnings:
                click.echo(f"Warning: {warning}", err=True)
            if not quiet:
                click.echo("\n".join(exporting.summary_lines(made)))
            click.echo(f"Export: {made.folder}")

    return group


def _morph_length(name: str) -> str:
    """Return the length that a data set's morphs have where none is asked for."""
    return "full" if name == "digits" else "interpolate"


def _dataset(name: str):
    """Import a data set's declaration."""
    return importlib.import_module(f"audio_vae.{name}").DATASET


def _connected(distribute: str, say: Callable[[str], None]) -> Devices:
    """Return the devices to train on; of several processes, once all are there."""
    worker = this_worker(distribute)
    if worker.n_workers > 1:
        say(f"worker {worker.index + 1} of {worker.n_workers}: waiting until all are there")
    if distribute != "none":
        with _muted_start_up():
            import tensorflow  # noqa: F401
    return connect(distribute)


@contextmanager
def _rejoining() -> Iterator[None]:
    """Wait for a worker that is gone: when it is back, training goes on from the last checkpoint."""
    try:
        yield
    except WorkerLostError as error:
        if not can_rejoin():
            raise
        click.echo(f"{one_line(error)}; this worker waits for them", err=True)
        rejoin()


def _is_given(option: str) -> bool:
    """Whether an option of the command that runs was given, not left at its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


def _shows_progress(quiet: bool) -> bool:
    return not quiet and sys.stderr.isatty()


def _say_found(found: dict) -> None:
    counts = found["classes"].values()
    n_train, n_test = sum(each["train"] for each in counts), sum(each["test"] for each in counts)
    classes = ", ".join(f"{label} {each['train'] + each['test']}" for label, each in found["classes"].items())
    click.echo(f"{n_train} training and {n_test} test sounds ({classes})")
    if "model" in found["labels"]:
        click.echo(f"model: {found['labels']['model']}")
    for name, contents in found["labels"].get("contents", {}).items():
        click.echo(f"  {name}: " + ", ".join(f"{kind} {count}" for kind, count in contents.items()))
    if found["labels"].get("adjusted_rand_index") is not None:
        click.echo(f"Agreement of clusters and names: adjusted Rand index {found['labels']['adjusted_rand_index']:.2f}")
    for each in found["refused"]:
        click.echo(f"left out: {each['name']}: {each['reason']}", err=True)


for _name, _about in DATASETS.items():
    cli.add_command(_dataset_group(_name, _about))


@cli.command(epilog="Example:  audio-vae check sounds/     audio-vae check one-shots/ --labels kmeans:5")
@click.argument("folder", type=click.Path(path_type=Path))
@_with_options(FOLDER_OPTIONS)
@click.option("--all", "every_file", is_flag=True, help="A line for each file, not for the refused ones alone.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@_debug_option
def check(folder, every_file, as_json, **options):
    """Judge each file of FOLDER before anything is trained on it; exit 1 if training would be refused."""
    from audio_vae.folder import check as checking
    from audio_vae.folder.preprocess import make

    found = checking.check_folder(folder, make(**options), show_progress=_shows_progress(as_json))
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        for line in checking.report_lines(found, every_file=every_file):
            click.echo(line)
    checking.require_trainable(found)
    if not as_json:
        click.echo(f"Ready; next: audio-vae folder train --data {shlex.quote(str(folder))}")


@cli.command(epilog="Example:  audio-vae runs     audio-vae runs experiments/ --json")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("runs"))
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@_debug_option
def runs(folder, as_json):
    """List the run folders below DIR (default: runs): preset, epochs done, figures, size, and which are in use."""
    from audio_vae.runs import listing

    found = listing.list_runs(folder)
    if as_json:
        click.echo(json.dumps([each.to_dict() for each in found], indent=2))
        return
    if not found:
        click.echo(f"No run folders in {folder}; make one: audio-vae digits train --run {folder / 'digits'}")
    else:
        click.echo("\n".join(listing.table_lines(found)))


@cli.command(epilog="Example:  audio-vae models     audio-vae models --json")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@_debug_option
def models(as_json):
    """List the pretrained models that come with audio-vae: figures, size, licence, and what they were trained on."""
    from audio_vae.pretrained import catalog as listing

    found = [listing.path_of(name) for name in listing.names()]
    if as_json:
        click.echo(json.dumps([listing.to_dict(path) for path in found], indent=2))
    else:
        click.echo("\n".join(listing.table_lines(found)) if found else "No models come with this audio-vae.")


@cli.command(hidden=True, epilog="Example:  audio-vae pack runs/drums")
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--name", help="Of the model.  [default: the data set's]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Gets the model's folder.  [default: that of the models that come with the package]",
)
@_debug_option
def pack(run_path, name, out):
    """Make a finished, evaluated run one of the models that come with audio-vae; see CONTRIBUTING.md."""
    from audio_vae.runs.run import read_config

    with _muted_start_up():
        from audio_vae.pretrained import pack as packing

    dataset = _dataset(read_config(run_path).dataset)
    packed = packing.pack(dataset.open(run_path), dataset.sources, name, out)
    click.echo("\n".join(packing.summary_lines(packed)))
    click.echo(f"Packed: {packed.path}")


def _check_experiments(_context, _parameter, values):
    unknown = [value for value in values if value not in experiments.names()]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is none of {', '.join(experiments.names())}.")
    return values


@cli.command(
    epilog="\b\nExamples:\n"
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
    help=f"Folder that holds {' and '.join(f'{folder}/' for folder in experiments.DATA_FOLDERS.values())}.  "
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
    help="Holds the run folders, which are gone on with.  [default: runs/reproduce in --out]",
)
@click.option("--as-is", is_flag=True, help="Train nothing: judge the run folders as they stand.")
@click.option("--render", is_flag=True, help="Train and judge nothing: write RESULTS.md from results/ again.")
@COMMON["quiet"]
@_debug_option
def reproduce(only, data, out, runs, as_is, render, quiet):
    """Train and judge the paper's models, and write RESULTS.md.

    Every experiment goes on where its run folder is, and when it is done its report, history and pictures are kept in
    results/NAME. RESULTS.md shows everything that lies in results/, wherever and whenever it was made. Ctrl-C finishes
    the step and saves.
    """
    if render and (only or as_is):
        raise click.UsageError("--render takes all results as they are: leave --only and --as-is out.")
    with _muted_start_up():
        from audio_vae.reproduction import reproduce as reproducing
        from audio_vae.reproduction.page import write_results_page

    if render:
        click.echo(f"Results: {write_results_page(out)}")
        return
    say = (lambda line: None) if quiet else click.echo
    folders = reproducing.Folders(out, runs or out / "runs" / "reproduce", data)
    chosen = []
    for each in experiments.choose(only):
        problem = reproducing.why_not(each, folders, as_is=as_is)
        if problem:
            say(f"{each.name}: left out, {problem}")
        else:
            chosen.append(each)
    names = [each.name for each in chosen]
    if experiments.BOUNDS in only or not (only or as_is):
        names.insert(0, experiments.BOUNDS)
    if len(names) > 1:
        arguments = _reproduce_arguments(folders, as_is, quiet)
        code = reproducing.run_one_by_one({name: [*arguments, "--only", name] for name in names}, say)
        if code:
            raise click.exceptions.Exit(code)
    elif names == [experiments.BOUNDS]:
        reproducing.measure_bounds(_dataset("digits"), folders, show_progress=_shows_progress(quiet), say=say)
    elif names:
        _reproduce_one(chosen[0], folders, as_is, quiet, say)
    click.echo(f"Results: {write_results_page(out)}")


def _reproduce_arguments(folders, as_is: bool, quiet: bool) -> list[str]:
    """Return the command line that reproduces with the same options, for `--only` to be added."""
    given = {"--data": folders.data, "--out": folders.out, "--runs": folders.runs}
    options = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    flags = {"--as-is": as_is, "--quiet": quiet, "--debug": click.get_current_context().find_root().meta.get("debug")}
    return [sys.executable, "-m", "audio_vae.cli.main", "reproduce", *options, *(name for name in flags if flags[name])]


def _reproduce_one(experiment, folders, as_is: bool, quiet: bool, say: Callable[[str], None]) -> None:
    from audio_vae.reproduction import reproduce as reproducing

    with _muted_start_up():
        from audio_vae.evaluation import evaluate as report  # noqa: F401
        from audio_vae.models import vae  # noqa: F401
        from audio_vae.training import train as training

    say(f"{experiment.name}: {experiment.shows}")
    try:
        reproducing.reproduce(
            experiment,
            _dataset(experiment.dataset),
            folders,
            length=_morph_length(experiment.dataset),
            as_is=as_is,
            show_progress=_shows_progress(quiet),
            say=say,
        )
    except training.Stopped as stopped:
        with postponed():
            click.echo(f"{stopped}, or the same audio-vae reproduce", err=True)
            raise click.exceptions.Exit(128 + stopped.signal) from None


@contextmanager
def _muted_start_up() -> Iterator[None]:
    """Keep what TensorFlow's native code prints while it loads from burying the lines that a user has to read."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that it leaves nothing half-written."""

    def terminate(_number):
        raise Terminated

    with handling((signal.SIGTERM,), terminate):
        yield


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    The exit code is 0 for done, 2 for a wrong command line, 130 and 143 after SIGINT and SIGTERM, 1 for anything else.
    """
    meta: dict = {}
    # A path that is not UTF-8 is shown with escapes instead of ending the program.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        with _terminable(), cli.make_context("audio-vae", words) as context:
            meta = context.meta
            cli.invoke(context)
        code = 0
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except Terminated:
        click.echo("Stopped.", err=True)
        code = 128 + signal.SIGTERM
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped.", err=True)
        code = 128 + signal.SIGINT
    except Exception as error:
        if meta.get("debug") or "--debug" in sys.argv:
            raise
        click.echo(f"Error: {_explain(error)}", err=True)
        code = 1
    if code > 128 and arguments is None:
        # The process is as good as over; a further signal would only show where in its end it came.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _explain(error: Exception) -> str:
    if isinstance(error, UserError):
        return one_line(error)
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}: check that the place exists, is writable and has room"
    return f"unexpected {type(error).__name__}: {one_line(error)}; run again with --debug to see where"


if __name__ == "__main__":
    main()
