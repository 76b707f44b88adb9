"""`audio-vae <data set> blend`."""

from __future__ import annotations

import click

from audio_vae.cli import common
from audio_vae.cli.kit import kit_options, kit_values
from audio_vae.cli.morph import SOUND_OPTIONS, render_option
from audio_vae.morphing.dataset_morphs import DatasetMorphs


def command(dataset: str, own: DatasetMorphs) -> click.Command:
    """Make the command of a data set."""
    start, end = own.example_ends

    @click.command("blend", epilog=f"Example:  audio-vae {dataset} blend {start}=0.7 {end}=0.3")
    @click.argument("parts", nargs=-1, required=True, metavar="NAME=WEIGHT...")
    @common.data_option
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @click.option(
        "--length",
        type=click.Choice(["interpolate", "full"]),
        help="Length of the blend: between the parts' lengths, or the longest (with --render model, all that the model "
        f"makes).  [default: {own.length}]",
    )
    @render_option(own)
    @kit_options("keys")
    @common.with_options(SOUND_OPTIONS)
    @common.quiet_option
    @common.debug_option
    def blend_sounds(parts, data, run_path, model, out, quiet, kit, layout, **options):
        """Make one sound out of several, of each as much as its weight.

        A NAME is one as for morph: a class, GROUP/CLASS, CLASS:N or a sound file.
        """
        from audio_vae.utils.folders import require_writable_folder

        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing.blend import MARKER, blend, parse_parts
            from audio_vae.morphing.options import usual_options
            from audio_vae.morphing.scorecard import comparison_lines

        if out is not None:
            require_writable_folder(out, MARKER)
        options = usual_options(run.config.audio, **common.given_options(options), kit=kit_values(kit, layout))
        with common.sounds_of(dataset, run, data) as sounds:
            made = blend(run, parse_parts(parts), out, sounds=sounds, **options)
        for warning in made.warnings:
            common.warn(f"Warning: {warning}")
        if not quiet:
            click.echo("\n".join([*made.remarks, *comparison_lines(made.sidecar["scorecard"]["comparison"])]))
        common.say_kit(made.folder, made.sidecar["kit"])
        click.echo(
            f"Blend: {made.folder}  (listen to {made.folder / 'blend.wav'}, look at {made.folder / 'blend.png'})"
        )

    return blend_sounds
