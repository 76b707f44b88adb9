"""`audio-vae <data set> sample`."""

from __future__ import annotations

import click

from audio_vae.cli import common
from audio_vae.cli.kit import kit_options, kit_values
from audio_vae.cli.morph import SOUND_OPTIONS
from audio_vae.morphing.dataset_morphs import DatasetMorphs

seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Another seed gives other sounds; the same seed gives the same.",
)


def command(dataset: str, own: DatasetMorphs) -> click.Command:
    """Make the command of a data set."""
    first, second = own.example_ends

    @click.command(
        "sample",
        epilog=f"Examples:  audio-vae {dataset} sample {first} -n 16 --seed 7     "
        f"audio-vae {dataset} sample {first} {second} --temperature 1.2     "
        f"audio-vae {dataset} sample -n 4 --kit sfz --kit hydrogen",
    )
    @click.argument("classes", nargs=-1, metavar="[CLASS...]")
    @click.option(
        "-n", "n_each", type=click.IntRange(1), default=8, show_default=True, help="Number of sounds of each class."
    )
    @seed_option
    @click.option(
        "--temperature",
        type=float,
        default=1.0,
        show_default=True,
        help="Stay near the middle of the class (0.5), or go farther out (1.5); 0 to 4.",
    )
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @kit_options("round-robin")
    @common.with_options(SOUND_OPTIONS)
    @common.quiet_option
    @common.debug_option
    def sample(classes, run_path, model, out, quiet, kit, layout, **options):
        """Make new sounds of classes: drawn from where the class lies, spread out, none a copy of a training sound.

        Without a CLASS, sounds of all classes are made.
        """
        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.sampling.sample import sample as make

        made = make(run, classes, out, kit=kit_values(kit, layout), **options)
        if not quiet:
            click.echo("distance to the nearest training sound:")
            for each in made.sidecar["sounds"]:
                click.echo(f"  {each['file']}  {each['nearest_distance_db']:.1f} dB  ({each['nearest']})")
        common.say_kit(made.folder, made.sidecar["kit"])
        click.echo(f"{len(made.sidecar['sounds'])} new sounds: {made.folder}  (look at {made.folder / 'sample.png'})")

    return sample
