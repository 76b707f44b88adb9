"""`audio-vae pack`, for those who make releases."""

from __future__ import annotations

from pathlib import Path

import click

from audio_vae.cli import common


@click.command("pack", hidden=True, epilog="Example:  audio-vae pack runs/drums")
@click.argument("run_path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the model.  [default: the data set's]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder that gets the model's folder.  [default: that of the models that come with the package]",
)
@common.debug_option
def command(run_path, name, out):
    """Make a finished, evaluated run one of the models that come with audio-vae; see CONTRIBUTING.md."""
    from audio_vae.runs.run import open_run, read_config

    with common.loading_keras():
        from audio_vae.pretrained.pack import pack, summary_lines

    dataset = common.dataset_module(read_config(run_path).dataset, "dataset").DATASET
    packed = pack(open_run(run_path, dataset.name), dataset.sources, name, out)
    click.echo("\n".join(summary_lines(packed)))
    click.echo(f"Packed: {packed.path}")
