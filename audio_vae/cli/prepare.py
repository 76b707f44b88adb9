"""`audio-vae <data set> prepare`, and the options that it shares with `train`."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import ModuleType

import click

from audio_vae.cli import common
from audio_vae.config import PRECISIONS, TrainingConfig
from audio_vae.presets import DEFAULT_PRESET, PRESETS
from audio_vae.runs.settings import parsed
from audio_vae.utils.errors import UserError


def training_options(dataset: str, own: ModuleType) -> list:
    """Return the options of `prepare` and `train`: what makes a run, and the data set's own (`own.OPTIONS`)."""
    default_epochs = common.dataset_module(dataset, "config").make().training.epochs
    return [
        common.data_option,
        common.run_option(dataset),
        click.option("--preset", type=click.Choice(sorted(PRESETS)), help=f"The model.  [default: {DEFAULT_PRESET}]"),
        click.option(
            "--seed",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Seed for the initial weights, the shuffling and the latent noise; for drums and folder also for the "
            "test set and k-means.",
        ),
        click.option(
            "--epochs",
            type=click.IntRange(1),
            help="How often the training goes through all sounds.  "
            f"[default: {default_epochs}; for dc and cc: {TrainingConfig.epochs}]",
        ),
        click.option("--batch-size", type=click.IntRange(1), help="Number of sounds in a training step."),
        click.option(
            "--precision",
            type=click.Choice(PRECISIONS),
            help="Number format that the networks compute in.  [default: float32]",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_parsed,
            help="Give a setting another value than the preset does, e.g. model.dense_output=true or "
            "training.averages=first; may be given more than once. config.json of a run holds all settings.",
        ),
        click.option(
            "--stream/--no-stream",
            default=None,
            help="Keep the prepared sounds on disk and read them while training, or in memory.  "
            "[default: on disk if they take more than 1 GiB]",
        ),
        *own.OPTIONS,
        common.quiet_option,
        common.debug_option,
    ]


def _parsed(_context, _option, words):
    try:
        return parsed(words)
    except UserError as error:
        raise click.UsageError(str(error)) from None


def command(dataset: str, own: ModuleType) -> click.Command:
    """Make the command of a data set."""

    @click.command("prepare", epilog=f"Example:  audio-vae {dataset} prepare --data sounds/")
    @common.with_options(training_options(dataset, own))
    def prepare(data: Path | None, run_path: Path, quiet: bool, **options):
        """Read the sounds into the run folder and say what was found."""
        from audio_vae.training.session import prepare_dataset

        run = prepare_dataset(
            common.dataset_module(dataset, "dataset").DATASET,
            run_path,
            data,
            show_progress=common.shows_progress(quiet),
            say=common.echo_unless(quiet),
            warn=(lambda line: None) if quiet else common.warn,
            **common.given_options(options),
        )
        next_command = shlex.join(["audio-vae", dataset, "train", "--run", str(run.path)])
        click.echo(f"Prepared {len(run.sounds)} sounds in {run.path}; next: {next_command}")

    return prepare
