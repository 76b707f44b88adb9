"""`audio-vae batch`."""

from __future__ import annotations

from pathlib import Path

import click

from audio_vae.cli import common


@click.command(
    "batch",
    epilog="Example of a list:  start,end,steps,kit     then  hihat,tom,9,sfz     and  kick,my.wav,5,     "
    "Examples:  audio-vae batch morphs.csv     audio-vae batch morphs.json --run runs/folder --out all",
)
@click.argument("list_path", type=click.Path(path_type=Path), metavar="LIST")
@common.with_options(common.ANY_RUN_OPTIONS)
@common.out_option
@common.quiet_option
@common.debug_option
def command(list_path, run_path, model, out, quiet):
    """Make many morphs by a list, with the model loaded once.

    LIST is a CSV file with a heading, or a JSON file with a list of objects. The fields are start and end, and if you
    like via, steps, length, shape, spacing, between, render, level, subtype, kit, map and out (the folder). In a CSV
    file several values of a field are separated by semicolons. A line that fails does not end the others; at the end,
    all that failed are named, and the exit code is 1.
    """
    from audio_vae.pretrained.catalog import run_named

    name = common.named_model(run_path, model)
    with common.loading_keras():
        from audio_vae.models import vae  # noqa: F401
        from audio_vae.morphing.batch import read_list, run_batch
        from audio_vae.utils.errors import UserError

    lines = read_list(list_path)
    run = run_named(name)
    _ = run.model
    made = run_batch(run, lines, out, show_progress=common.shows_progress(quiet), say=common.echo_unless(quiet))
    for number, result in made.made.items():
        for warning in result.warnings:
            common.warn(f"Warning: line {number}: {warning}")
        if not quiet:
            click.echo(f"line {number}: {result.folder}")
    click.echo(f"Batch: {len(made.made)} of {len(lines)} morphs made")
    if made.failures:
        shown = "; ".join(f"line {number}: {reason}" for number, reason in made.failures)
        raise UserError(f"{len(made.failures)} of {len(lines)} lines failed: {shown}")
