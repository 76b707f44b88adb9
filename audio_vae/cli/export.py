"""`audio-vae <data set> export`."""

from __future__ import annotations

import click

from audio_vae.backend.keras_backend import require_tensorflow
from audio_vae.cli import common
from audio_vae.presets import DEFAULT_PRESET


def command(dataset: str) -> click.Command:
    """Make the command of a data set."""

    @click.command(
        "export",
        epilog=f"Example:  audio-vae {dataset} export --format savedmodel --out models  writes "
        f"models/{dataset}-{DEFAULT_PRESET}/1",
    )
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @click.option(
        "--format",
        "formats",
        type=click.Choice(["savedmodel", "litert", "onnx", "keras"]),
        multiple=True,
        default=("savedmodel",),
        help="The format to write; may be given more than once.  [default: savedmodel]",
    )
    @click.option("--float16", is_flag=True, help="Store the weights in half the bytes.")
    @common.quiet_option
    @common.debug_option
    def export(run_path, model, out, formats, float16, quiet):
        """Write the model for other programs; each copy is checked to compute the same."""
        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            require_tensorflow("an export")
            from audio_vae.export.export import export, summary_lines
            from audio_vae.export.formats import check_format

        for each in dict.fromkeys(formats):
            check_format(each, float16=float16)
        for each in dict.fromkeys(formats):
            with common.loading_keras():
                made = export(run, each, out, float16=float16)
            for warning in made.warnings:
                common.warn(f"Warning: {warning}")
            if not quiet:
                click.echo("\n".join(summary_lines(made)))
            click.echo(f"Export: {made.folder}")

    return export
