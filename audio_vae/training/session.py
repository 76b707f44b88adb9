"""From a data set's options to a trained run: what the command line and the data sets' `train` functions do.

Keras is imported only after the sounds are prepared, so that an error in them is reported at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from audio_vae.audio.decoding import tfio_is_installed
from audio_vae.backend.devices import Devices, connect
from audio_vae.backend.keras_backend import muted_start_up
from audio_vae.backend.workers import this_worker, wait_for_file
from audio_vae.data.dataset import Dataset
from audio_vae.runs.prepare import found_lines, left_out_lines, prepare_run, run_config
from audio_vae.runs.run import CONFIG_NAME, Run, open_run
from audio_vae.runs.streams import store_of
from audio_vae.utils.signals import Stopped, postponed

Say = Callable[[str], None]
"""Receives a line for the user."""


def prepare_dataset(
    dataset: Dataset,
    run_path: Path,
    data: Path | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    stream: bool | None = None,
    every_shard: bool = True,
    show_progress: bool = False,
    say: Say = print,
    warn: Say = print,
    **options: Any,
) -> Run:
    """Read the sounds of a data set into a run folder.

    Args:
        dataset: the data set.
        run_path: the run folder; a run with the same settings is kept.
        data: the folder of the sounds; `None` takes those that the data set brings along, or those of the run.
        settings: name → value in place of the preset's, as `{"training.averages": "first"}`; `runs.settings`.
        stream: whether the sounds stay on disk; `None` decides by their size, or as in the run.
        every_shard: check all sounds on disk by their hashes, not only the files that seem to have changed.
        show_progress: draw a progress bar.
        say: receives the numbers of sounds and how their labels were found.
        warn: receives a line for each file that is left out.
        options: options of `runs.prepare.run_config`; all others are as in the run, or the defaults of a new one.

    Returns:
        The prepared run.

    Raises:
        UserError: the sounds or the run folder cannot be used, or the run has other settings.
    """
    config = run_config(dataset, run_path, **options)
    if tfio_is_installed():
        # Decoding is TensorFlow's first operation here, and a training may follow in this process.
        with muted_start_up():
            from audio_vae.training.train import set_threads
        set_threads(config)
    run, found = prepare_run(
        dataset,
        run_path,
        config,
        data,
        settings=settings,
        stream=stream,
        every_shard=every_shard,
        show_progress=show_progress,
        say=say,
    )
    for line in found_lines(found):
        say(line)
    if run.sounds.is_stored:
        say(f"the sounds are read from {store_of(run).folder} while the model is trained")
    for line in left_out_lines(found):
        warn(line)
    return run


def train_dataset(
    dataset: Dataset,
    run_path: Path,
    data: Path | None = None,
    *,
    distribute: str = "none",
    settings: Mapping[str, Any] | None = None,
    stream: bool | None = None,
    quiet: bool = False,
    show_progress: bool = False,
    say: Say = print,
    warn: Say = print,
    **options: Any,
) -> Run:
    """Prepare a run of a data set, or open an existing one, and train it to its last epoch.

    Args:
        dataset: the data set.
        run_path: the run folder; an interrupted training in it is continued.
        data: the folder of the sounds; `None` takes those that the data set brings along, or those of the run.
        distribute: one of `backend.devices.STRATEGIES`.
        settings: name → value in place of the preset's, as `{"training.averages": "first"}`; `runs.settings`.
        stream: whether the sounds stay on disk; `None` decides by their size, or as in the run.
        quiet: report nothing except how to continue a training that was stopped.
        show_progress: draw progress bars; otherwise a line for each epoch goes to `say`.
        say: receives lines for the user.
        warn: receives the files that are left out, and how to continue a training that was stopped.
        options: options of `runs.prepare.run_config`: `preset`, `epochs`, `batch_size`, `seed`, `precision` and the
            data set's own; all others are as in the run, or the defaults of a new one.

    Returns:
        The trained run.

    Raises:
        Stopped: SIGINT or SIGTERM ended the training, which is saved.
        UserError: the sounds, the run folder or an option cannot be used, or the training failed.
        WorkerLostError: the connection to another worker was lost.
    """
    tell = (lambda line: None) if quiet else say
    devices = _connected(distribute, tell)
    if devices.is_chief:
        left_out = tell if quiet else warn
        run = prepare_dataset(
            dataset,
            run_path,
            data,
            settings=settings,
            stream=stream,
            every_shard=False,
            show_progress=show_progress,
            say=tell,
            warn=left_out,
            **options,
        )
    devices.wait_for_all()
    if not devices.is_chief:
        wait_for_file(run_path / CONFIG_NAME)
        run_config(dataset, run_path, **options)
        run = open_run(run_path, dataset.name)
    with muted_start_up():
        from audio_vae.training.train import train

    # A second signal must not keep the line that says how to continue from being printed.
    with postponed():
        try:
            train(run, devices=devices, show_progress=show_progress, say=tell)
        except Stopped as stopped:
            warn(str(stopped))
            raise
    return run


def _connected(distribute: str, say: Say) -> Devices:
    """Return the devices to train on; with several workers, wait until all are connected."""
    worker = this_worker(distribute)
    if worker.n_workers > 1:
        say(f"worker {worker.index + 1} of {worker.n_workers}: waiting until all are there")
    if distribute != "none":
        with muted_start_up():
            import tensorflow  # noqa: F401
    return connect(distribute)
