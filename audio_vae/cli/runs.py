"""`audio-vae runs`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from audio_vae.cli import common


@click.command("runs", epilog="Example:  audio-vae runs     audio-vae runs experiments/ --json")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("runs"))
@common.json_option
@common.debug_option
def command(folder, as_json):
    """List the run folders below DIR (default: runs): preset, epochs done, figures, size, and which are in use."""
    from audio_vae.runs.listing import list_runs, table_lines

    found = list_runs(folder)
    if as_json:
        click.echo(json.dumps([each.to_dict() for each in found], indent=2))
    elif not found:
        words = shlex.join(["audio-vae", "digits", "train", "--run", str(folder / "digits")])
        click.echo(f"No run folders in {folder}; make one: {words}")
    else:
        click.echo("\n".join(table_lines(found)))
