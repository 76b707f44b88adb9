"""Fitting a model into a run folder: history, checkpoints, exact resume."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext

from audio_vae.backend.devices import ONE_DEVICE, Devices
from audio_vae.backend.keras_backend import run_operations_side_by_side
from audio_vae.data.batches import steps_per_epoch, training_batches
from audio_vae.models.train_step import one_by_one
from audio_vae.models.vae import VAE
from audio_vae.runs.create import remove_leftovers
from audio_vae.runs.latents import has_latents, save_latents
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run
from audio_vae.training.callbacks import Decay, Progress, StopWhenAsked, WallTime, stopped
from audio_vae.training.checkpoints import Position, RunWriter, _resume
from audio_vae.training.tensorboard import TensorBoard
from audio_vae.utils.signals import postponed


def train(
    run: Run, *, devices: Devices = ONE_DEVICE, show_progress: bool = False, say: Callable[[str], None] = print
) -> None:
    """Train a run up to its config's epochs, going on from its newest checkpoint.

    SIGINT and SIGTERM end it after the step that runs then; however it ends, the next call goes on as if it had
    never ended, bit for bit.

    Args:
        run: with its sounds prepared.
        devices: to train on. Of several workers the chief alone writes and says lines; all read the run folder.
        show_progress: draw a progress bar; otherwise one line an epoch goes to `say`.
        say: receives lines for people.

    Raises:
        Stopped: SIGINT or SIGTERM came.
        UserError: a loss or weight became NaN or infinite, no checkpoint can be read, the disk is full, or another
            process writes into the run folder; there are more devices than sounds in a batch, or the workers do
            not share the run folder.
        WorkerLostError: another worker is gone.
    """
    if not devices.is_chief:
        say = _say_nothing
    with locked(run.path) if devices.is_chief else nullcontext(), devices.watched(), postponed() as request:
        if devices.is_chief:
            remove_leftovers(run.path)
        epochs = run.config.training.epochs
        if one_by_one(run.config.model, run.config.loss):
            run_operations_side_by_side()
        devices.require_enough(run.config.training.batch_size)
        devices.require_same(lambda: _state(run), f"state of {run.path}")
        model, position = _resume(run, devices, say)
        devices.require_same(lambda: str(position), f"state of {run.path}")
        writer = RunWriter(run, position, request, devices)
        if position.epoch >= epochs:
            say(f"{position.epoch} epochs are done already: raise --epochs to go on")
        else:
            if position.epoch or position.step:
                say(f"going on after {position}")
            _fit(model, run, position, writer, show_progress, say)
            # The model in memory is the newest complete one; what was cached before it is not. One that is spread
            # over devices is read from its file, as what is done with it is done on one.
            run.__dict__.pop("model", None)
            if not devices.strategy:
                run.__dict__["model"] = model.in_float32()
        if devices.is_chief and not has_latents(run):
            save_latents(run)
        if request.signal:
            raise stopped(run, request.signal, f"when its {run.epochs_done()} epochs were done and saved")


def _fit(
    model: VAE, run: Run, start: Position, writer: RunWriter, show_progress: bool, say: Callable[[str], None]
) -> None:
    """Fit from a position to the config's last epoch."""
    training = run.config.training
    sounds = run.sounds.train
    n_steps = steps_per_epoch(len(sounds), training.batch_size)
    writer.n_steps = n_steps
    with ExitStack() as watchers:
        callbacks = [writer, Decay(training)]
        if writer.devices.is_chief:
            progress = Progress(training, start.epoch, start.step, n_steps, len(sounds), show_progress, say)
            watching = (progress, TensorBoard(run, say), WallTime(run, start.epoch, start.step))
            callbacks += [watchers.enter_context(closing(each)) for each in watching]
        callbacks.append(StopWhenAsked(writer))
        parts = [(0, range(start.epoch, training.epochs))]
        if start.step:
            # What is left of an epoch has fewer steps than the others, so it is fitted on its own.
            rest = start.epoch + 1
            parts = [(start.step, range(start.epoch, rest)), (0, range(rest, training.epochs))]
        for step, epochs in parts:
            if not epochs:
                continue
            batches = functools.partial(
                training_batches, sounds, training.batch_size, training.seed, epochs, first_step=step
            )
            model.fit(
                writer.devices.batches(batches),
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                steps_per_epoch=n_steps - step,
                verbose=0,
                shuffle=False,
                callbacks=callbacks,
            )


def _say_nothing(line: str) -> None:
    pass


def _state(run: Run) -> str:
    """Return what a run goes on from, in words that differ where it does."""
    kept = [(each.path.name, each.path.stat().st_size) for each in run.checkpoints()]
    return repr((run.config, (run.path / "config.json").read_text(encoding="utf-8"), kept))
