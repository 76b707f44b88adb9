"""The command line: all commands, and how a program ends.

Commands are thin, and TensorFlow and the like are imported inside them, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from audio_vae import __version__
from audio_vae.cli import batch, check, common, datasets, explore, kit, models, pack, reproduce, runs
from audio_vae.runs.environment import COMMAND, recorded
from audio_vae.utils.errors import explain
from audio_vae.utils.signals import handling


@click.group(
    epilog="Start with:  audio-vae drums morph hihat tom     and with models of your own:  audio-vae drums train"
)
@click.version_option(__version__, prog_name="audio-vae")
@common.debug_option
def cli():
    """Morph sounds with a variational autoencoder on raw audio that you train yourself."""


for _name in datasets.NAMES:
    cli.add_command(datasets.group(_name))
for _module in (check, kit, batch, explore, runs, models, pack, reproduce):
    cli.add_command(_module.command)


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM came."""


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM end the program in the same way, so that it leaves nothing half-written.

    Yields the list that gets the number of the signal: Python wraps what is raised while a class is being made into
    another exception.
    """
    came: list[int] = []

    def interrupt(number):
        came.append(number)
        raise Interrupted

    numbers = (signal.SIGINT, signal.SIGTERM)
    # What is ignored, as SIGINT is after nohup, stays ignored.
    with handling(tuple(each for each in numbers if signal.getsignal(each) is not signal.SIG_IGN), interrupt):
        yield came


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    The exit code is 0 for done, 2 for a wrong command line, 130 and 143 after SIGINT and SIGTERM, 141 where nobody
    reads the output any more (as in `| head -1`), 1 for anything else.
    """
    _prepare_streams()
    meta: dict = {}
    came: list[int] = []
    before = COMMAND.set(None)
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        COMMAND.set(recorded(["audio-vae", *words]))
        with _interruptible() as came, cli.make_context("audio-vae", words) as context:
            meta = context.meta
            cli.invoke(context)
        code = 0
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        # Like other programs of a pipeline, without a word; what is left to print goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except (KeyboardInterrupt, click.Abort):
        code = _say_stopped(came)
    except Exception as error:
        if came:
            code = _say_stopped(came)
        elif meta.get("debug") or "--debug" in sys.argv:
            raise
        else:
            click.echo(f"Error: {explain(error)}", err=True)
            code = 1
    COMMAND.reset(before)
    if code > 128 and arguments is None:
        # The process is as good as over; a further signal would only show where in its end it came.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _prepare_streams() -> None:
    """Make sure that printing never ends the program: a closed stream is nowhere, odd names are shown with escapes."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it stays open until the end
    # A path that is not UTF-8 is shown with escapes instead of ending the program.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")


def _say_stopped(came: list[int]) -> int:
    """Say that the program was stopped and return its exit code."""
    number = came[0] if came else signal.SIGINT
    # The terminal shows ^C without a line break behind it.
    click.echo("\nStopped." if number == signal.SIGINT else "Stopped.", err=True)
    return 128 + number
