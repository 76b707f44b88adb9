"""`audio-vae <data set> train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import click

from audio_vae.backend.devices import STRATEGIES
from audio_vae.backend.workers import WorkerLostError, can_rejoin, rejoin, this_worker
from audio_vae.cli import common
from audio_vae.cli.prepare import training_options
from audio_vae.utils.errors import one_line
from audio_vae.utils.signals import Stopped


def command(dataset: str, own: ModuleType) -> click.Command:
    """Make the command of a data set; it calls `own.train`."""

    @click.command("train", epilog=f"Example:  audio-vae {dataset} train --preset cc --epochs 30 --run runs/{dataset}")
    @common.with_options(training_options(dataset, own))
    @click.option(
        "--distribute",
        type=click.Choice(STRATEGIES),
        default="none",
        show_default=True,
        help="Share each batch between all GPUs of this machine, or between the machines that TF_CONFIG names.",
    )
    def train(data, run_path, distribute, quiet, **options):
        """Train a model; with the --run of an interrupted training, go on with it.

        A run keeps its settings, so --run is enough to go on; a higher --epochs extends it. Ctrl-C finishes the
        step and saves.
        """
        with _rejoining():
            try:
                run = own.train(
                    data,
                    run_path,
                    distribute=distribute,
                    quiet=quiet,
                    show_progress=common.shows_progress(quiet),
                    say=click.echo,
                    warn=common.warn,
                    **common.given_options(options),
                )
            except Stopped as stopped:
                raise click.exceptions.Exit(128 + stopped.signal) from None
        if this_worker(distribute).is_chief:
            click.echo(f"Trained {run.epochs_done()} epochs: {run.model_path}")

    return train


@contextmanager
def _rejoining() -> Iterator[None]:
    """Wait for a worker that is gone: when it is back, training goes on from the last checkpoint."""
    try:
        yield
    except WorkerLostError as error:
        if not can_rejoin():
            raise
        common.warn(f"{one_line(error)}; this worker waits for them")
        rejoin()
