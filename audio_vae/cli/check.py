"""`audio-vae check`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from audio_vae.cli import common
from audio_vae.folder.train import SOUND_OPTIONS


@click.command("check", epilog="Example:  audio-vae check sounds/     audio-vae check one-shots/ --labels kmeans:5")
@click.argument("folder", type=click.Path(path_type=Path))
@common.with_options(SOUND_OPTIONS)
@click.option("--all", "every_file", is_flag=True, help="Print a line for every file, not only for the refused ones.")
@common.json_option
@common.debug_option
def command(folder, every_file, as_json, **options):
    """Validate each file of FOLDER before a training; exit 1 if the training would be refused."""
    from audio_vae.folder.check import check_folder, report_lines, require_trainable
    from audio_vae.folder.config import make

    found = check_folder(folder, make(**options), show_progress=common.shows_progress(as_json))
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        for line in report_lines(found, every_file=every_file):
            click.echo(line)
    require_trainable(found)
    if not as_json:
        words = shlex.join([str(folder), *common.given_words(options)])
        click.echo(f"Ready; next: audio-vae folder train --data {words}")
