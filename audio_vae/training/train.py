"""Fit a run's model, with history, checkpoints and exact resume."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext

from audio_vae.backend.devices import ONE_DEVICE, Devices
from audio_vae.backend.keras_backend import run_operations_side_by_side, standard_settings
from audio_vae.config import Config
from audio_vae.data.averages import training_pairs
from audio_vae.data.batches import sounds_to_train_on, steps_per_epoch, training_batches
from audio_vae.models.one_shot_start import start_from_sounds
from audio_vae.models.passes import one_by_one
from audio_vae.models.vae import VAE
from audio_vae.runs.create import remove_leftovers
from audio_vae.runs.latents import has_latents, save_latents
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run
from audio_vae.training.callbacks import Decay, Progress, StopWhenAsked, WallTime, stopped
from audio_vae.training.checkpoints import Position, RunWriter, resume
from audio_vae.training.tensorboard import TensorBoard
from audio_vae.utils.signals import Request, postponed


@standard_settings()
def train(
    run: Run, *, devices: Devices = ONE_DEVICE, show_progress: bool = False, say: Callable[[str], None] = print
) -> None:
    """Train a run from its newest checkpoint to the last epoch of its config.

    SIGINT and SIGTERM end the training after the current step. However it ends, the next call continues it with
    the same results, bit for bit, as without the interruption.

    Args:
        run: the run; its sounds have to be prepared.
        devices: the devices to train on. All workers read the run folder; only the chief writes and reports.
        show_progress: draw a progress bar; otherwise a line for each epoch goes to `say`.
        say: receives lines for the user.

    Raises:
        Stopped: SIGINT or SIGTERM came.
        UserError: a loss or weight became NaN or infinite, no checkpoint can be read, the disk is full, another
            process is writing into the run folder, there are more devices than sounds in a batch, or the workers
            do not share the run folder.
        WorkerLostError: the connection to another worker was lost.
    """
    say = say if devices.is_chief else (lambda line: None)
    with locked(run.path) if devices.is_chief else nullcontext(), devices.watched(), postponed() as request:
        if devices.is_chief:
            remove_leftovers(run.path)
        epochs = run.config.training.epochs
        set_threads(run.config)
        devices.require_enough(run.config.training.batch_size)
        devices.require_same(lambda: _state(run), f"state of {run.path}")
        model, position = resume(run, devices, say)
        devices.require_same(lambda: str(position), f"state of {run.path}")
        writer = RunWriter(run, position, request, devices)
        if position.epoch >= epochs:
            say(f"{position.epoch} epochs are done already: raise --epochs to go on")
        else:
            if position.epoch or position.step:
                say(f"going on after {position}")
            elif run.config.model.architecture == "oneshot":
                _start_one_shots(model, run, request, show_progress, say)
            with run.sounds.reading_problems():
                _fit(model, run, position, writer, show_progress, say)
            # The run may have cached an older model. The trained one replaces it, unless it is spread over several
            # devices, or another one is kept: it is then read again from its file, on one device.
            is_kept = run.config.training.kept_model == "last" and not devices.strategy
            run.cache_model(model.in_float32() if is_kept else None)
        if devices.is_chief and not has_latents(run):
            _encode(run, request, show_progress, say)
        if request.signal:
            raise stopped(run, request.signal, f"when its {run.epochs_done()} epochs were done and saved")


def _start_one_shots(model: VAE, run: Run, request: Request, show_progress: bool, say: Callable[[str], None]) -> None:
    def before_batch() -> None:
        if request.signal:
            raise stopped(run, request.signal, "before the first step, while the sounds were analysed")

    audio = sounds_to_train_on(run.sounds, run.config.training).audio
    start_from_sounds(model, audio, show_progress=show_progress, say=say, before_batch=before_batch)


def _encode(run: Run, request: Request, show_progress: bool, say: Callable[[str], None]) -> None:
    def before_part() -> None:
        if request.signal:
            raise stopped(run, request.signal, f"when its {run.epochs_done()} epochs were done and saved")

    save_latents(run, show_progress=show_progress, say=say, before_part=before_part)


def set_threads(config: Config) -> None:
    """Set the threads of TensorFlow for a training. After TensorFlow's first operation this changes nothing."""
    if one_by_one(config.model, config.loss):
        run_operations_side_by_side()


def _fit(
    model: VAE, run: Run, start: Position, writer: RunWriter, show_progress: bool, say: Callable[[str], None]
) -> None:
    """Fit the model from a position to the last epoch of the run's config."""
    training = run.config.training
    sounds = sounds_to_train_on(run.sounds, training)
    n_sounds = len(training_pairs(sounds.labels, training, 0))
    n_steps = steps_per_epoch(n_sounds, training.batch_size)
    writer.n_steps = n_steps
    with ExitStack() as stack:
        callbacks = [writer, Decay(training)]
        if writer.devices.is_chief:
            progress = Progress(training, start, n_steps, n_sounds, show_progress, say)
            watching = (progress, TensorBoard(run, say), WallTime(run, start))
            callbacks += [stack.enter_context(closing(each)) for each in watching]
        callbacks.append(StopWhenAsked(writer))
        parts = [(0, range(start.epoch, training.epochs))]
        if start.step:
            # The rest of an epoch has fewer steps than the others, so it is fitted on its own.
            rest = start.epoch + 1
            parts = [(start.step, range(start.epoch, rest)), (0, range(rest, training.epochs))]
        for step, epochs in parts:
            if not epochs:
                continue
            batches = functools.partial(training_batches, sounds, training, epochs, first_step=step)
            model.fit(
                writer.devices.batches(batches),
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                steps_per_epoch=n_steps - step,
                verbose=0,
                shuffle=False,
                callbacks=callbacks,
            )


def _state(run: Run) -> str:
    """Return a text that is the same for all workers if they see the same config and checkpoints."""
    kept = [(each.path.name, each.path.stat().st_size) for each in run.checkpoints()]
    return repr((run.config, run.config_path.read_text(encoding="utf-8"), kept))
