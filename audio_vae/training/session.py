"""A training from a data set's options to a trained run, as the command line and the data sets' `train` do it.

Imports no Keras by itself, so that sounds that cannot be used are told at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audio_vae.backend.devices import Devices, connect
from audio_vae.backend.keras_backend import muted_start_up
from audio_vae.backend.workers import this_worker, wait_for_file
from audio_vae.data.dataset import Dataset
from audio_vae.runs.prepare import found_lines, left_out_lines, prepare_run, run_config
from audio_vae.runs.run import Run, open_run
from audio_vae.utils.signals import Stopped, postponed

Say = Callable[[str], None]
"""Receives a line for the user."""


def say_nothing(_line: str) -> None:
    """Drop a line."""


def prepare_dataset(
    dataset: Dataset,
    run_path: Path,
    data: Path | None = None,
    *,
    show_progress: bool = False,
    say: Say = print,
    warn: Say = print,
    **options: Any,
) -> Run:
    """Read a data set's sounds into a run folder.

    Args:
        dataset: the data set.
        run_path: the run folder; one that is there with the same settings is kept.
        data: the folder of the sounds; `None` takes those that the data set brings along.
        show_progress: draw a progress bar.
        say: receives what was found.
        warn: receives a line for each file that is left out.
        options: those of `runs.prepare.run_config`. What is left out is as in the run, or the default.

    Raises:
        UserError: the sounds or the run folder cannot be used, or the run has other settings.
    """
    config = run_config(dataset, run_path, **options)
    run, found = prepare_run(dataset, run_path, config, data, show_progress=show_progress)
    for line in found_lines(found):
        say(line)
    for line in left_out_lines(found):
        warn(line)
    return run


def train_dataset(
    dataset: Dataset,
    run_path: Path,
    data: Path | None = None,
    *,
    distribute: str = "none",
    quiet: bool = False,
    show_progress: bool = False,
    say: Say = print,
    warn: Say = print,
    **options: Any,
) -> Run:
    """Prepare a run of a data set, or open the one that is there, and train it to its last epoch.

    Args:
        dataset: the data set.
        run_path: the run folder; an interrupted training in it goes on.
        data: the folder of the sounds; `None` takes those that the data set brings along.
        distribute: one of `backend.devices.STRATEGIES`.
        quiet: say nothing but how to go on with a training that was stopped.
        show_progress: draw progress bars; otherwise one line an epoch goes to `say`.
        say: receives lines for the user.
        warn: receives the files that are left out, and how to go on with a training that was stopped.
        options: those of `runs.prepare.run_config`: `preset`, `epochs`, `batch_size`, `seed`, `precision` and the
            data set's own. What is left out is as in the run, or the default.

    Returns:
        The trained run.

    Raises:
        Stopped: SIGINT or SIGTERM ended the training, which is saved.
        UserError: the sounds, the run folder or an option cannot be used, or the training failed.
        WorkerLostError: another worker is gone.
    """
    say, of_files = (say_nothing, say_nothing) if quiet else (say, warn)
    devices = _connected(distribute, say)
    if devices.is_chief:
        run = prepare_dataset(dataset, run_path, data, show_progress=show_progress, say=say, warn=of_files, **options)
    devices.wait_for_all()
    if not devices.is_chief:
        wait_for_file(run_path / "config.json")
        run_config(dataset, run_path, **options)
        run = open_run(run_path, dataset.name)
    with muted_start_up():
        from audio_vae.training.train import train

    # Whoever stops a training may do so twice; how to go on is said all the same.
    with postponed():
        try:
            train(run, devices=devices, show_progress=show_progress, say=say)
        except Stopped as stopped:
            warn(str(stopped))
            raise
    return run


def _connected(distribute: str, say: Say) -> Devices:
    """Return the devices to train on; of several processes, once all are there."""
    worker = this_worker(distribute)
    if worker.n_workers > 1:
        say(f"worker {worker.index + 1} of {worker.n_workers}: waiting until all are there")
    if distribute != "none":
        with muted_start_up():
            import tensorflow  # noqa: F401
    return connect(distribute)
