"""`audio-vae <data set> morph`."""

from __future__ import annotations

from collections.abc import Callable

import click

from audio_vae.cli import common
from audio_vae.cli.kit import kit_options, kit_values
from audio_vae.morphing.dataset_morphs import DatasetMorphs

PATH_OPTIONS = (
    click.option("--steps", type=click.IntRange(2), default=9, show_default=True, help="Number of sounds from A to B."),
    click.option(
        "--via",
        multiple=True,
        metavar="POINT",
        help="Lead the path through a point, named like A and B; may be given more than once.",
    ),
    click.option(
        "--path",
        "shape",
        type=click.Choice(["linear", "spherical"]),
        default="linear",
        show_default=True,
        help="Go straight, or on the great circle between the points' directions.",
    ),
    click.option(
        "--spacing",
        type=click.Choice(["latent", "even"]),
        default="latent",
        show_default=True,
        help="Make all steps equally long in the latent space, or equally far apart to the ear.",
    ),
    click.option(
        "--range",
        "between",
        type=float,
        nargs=2,
        default=(0.0, 1.0),
        metavar="FROM TO",
        help="Where the steps begin and end; 0 is A, 1 is B, and -0.25 1.25 goes on beyond them.  [default: 0 1]",
    ),
)

SOUND_OPTIONS = (
    click.option(
        "--level",
        type=click.Choice(["keep", "peak"]),
        default="keep",
        show_default=True,
        help="Keep the sounds' own levels, or bring all to a true peak of -0.3 dB.",
    ),
    click.option(
        "--subtype",
        type=click.Choice(["PCM_16", "PCM_24", "FLOAT"]),
        default="PCM_24",
        show_default=True,
        help="How WAV files hold samples: 16 or 24 bits, or 32-bit floats.",
    ),
)


def render_option(own: DatasetMorphs) -> Callable:
    """Return the decorator of `--render`, with the default of a data set."""
    return click.option(
        "--render",
        type=click.Choice(["sound", "model"]),
        help="Make it out of the sounds themselves, guided by the model, or take what the model decodes.  "
        f"[default: {own.render}]",
    )


def command(dataset: str, own: DatasetMorphs) -> click.Command:
    """Make the command of a data set; it calls `own.morph`."""
    start, end = own.example_ends

    @click.command(
        "morph",
        epilog=f"Examples:  audio-vae {dataset} morph {start} {end}     "
        f"audio-vae {dataset} morph {start}:0 my-sound.wav     "
        f"audio-vae {dataset} morph {start} {end} --spacing even --steps 15     "
        f"audio-vae {dataset} morph {start} {end} --kit sfz --map velocity",
    )
    @click.argument("start", metavar="A")
    @click.argument("end", metavar="B")
    @common.data_option
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @common.with_options(PATH_OPTIONS)
    @render_option(own)
    @common.with_options(SOUND_OPTIONS)
    @click.option(
        "--length",
        type=click.Choice(["A", "B", "interpolate", "full"]),
        help="Length of the steps between: A's, B's, from A's to B's, or the longest (full); with --render model, of "
        f"all steps, and full is all that the model makes.  [default: {own.length}]",
    )
    @kit_options("keys")
    @common.quiet_option
    @common.debug_option
    def morph(start, end, data, run_path, model, out, quiet, kit, layout, **options):
        """Turn sound A into sound B; with --render sound, the first step is A and the last is B, as they are.

        A and B are each a class (its centre), GROUP/CLASS (as one speaker has it, in a run of several),
        CLASS:N (the N-th sound of it, from 0) or a sound file.
        """
        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing.scorecard import comparison_lines

        made = own.morph(
            start, end, run=run, data=data, out=out, kit=kit_values(kit, layout), **common.given_options(options)
        )
        for warning in made.warnings:
            common.warn(f"Warning: {warning}")
        if not quiet:
            click.echo("\n".join(comparison_lines(made.sidecar["scorecard"]["comparison"])))
        common.say_kit(made.folder, made.sidecar["kit"])
        click.echo(
            f"Morph: {made.folder}  (listen to {made.folder / 'morph.wav'}, look at {made.folder / 'morph.png'})"
        )

    return morph
