"""The command line: all commands, and how a program ends.

Commands are thin, and TensorFlow and the like are imported inside them, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from audio_vae import __version__
from audio_vae.cli import check, common, datasets, models, pack, reproduce, runs
from audio_vae.utils.errors import UserError, one_line
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
for _module in (check, runs, models, pack, reproduce):
    cli.add_command(_module.command)


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
