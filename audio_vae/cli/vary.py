"""`audio-vae <data set> vary`."""

from __future__ import annotations

import click

from audio_vae.cli import common
from audio_vae.cli.kit import kit_options, kit_values
from audio_vae.cli.morph import SOUND_OPTIONS
from audio_vae.cli.sample import seed_option
from audio_vae.morphing.dataset_morphs import DatasetMorphs


def command(dataset: str, own: DatasetMorphs) -> click.Command:
    """Make the command of a data set."""
    start, _ = own.example_ends

    @click.command(
        "vary",
        epilog=f"Examples:  audio-vae {dataset} vary my-sound.wav --amount 0.3 -n 8 --seed 7     "
        f"audio-vae {dataset} vary {start}:0 --along brightness     audio-vae {dataset} vary --list",
    )
    @click.argument("sound", required=False, metavar="[SOUND]")
    @click.option(
        "--amount",
        type=float,
        default=0.3,
        show_default=True,
        help="How far from the sound to the ear: 0 is the sound itself, 1 (8 dB) as far as others of its class.",
    )
    @click.option("-n", "n", type=click.IntRange(1), default=8, show_default=True, help="Number of variations.")
    @seed_option
    @click.option(
        "--along",
        type=click.Choice(["brightness", "decay", "pitch", "attack"]),
        help="Go from less to more of it, from -AMOUNT to AMOUNT.",
    )
    @click.option("--list", "is_list", is_flag=True, help="Show what --along can change, and how well it holds.")
    @click.option(
        "--render",
        type=click.Choice(["sound", "model"]),
        default="sound",
        show_default=True,
        help="Change the sound itself as the model changes, or take what the model decodes.",
    )
    @common.data_option
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @kit_options("round-robin")
    @common.with_options(SOUND_OPTIONS)
    @common.quiet_option
    @common.debug_option
    def vary(sound, is_list, data, run_path, model, out, quiet, kit, layout, **options):
        """Make variations of a sound.

        With --render sound, they keep its rate (up to 48 kHz), length (up to 60 s) and channels.

        SOUND is named like an end of a morph: a class, CLASS:N or a sound file.
        """
        if (sound is None) != is_list:
            raise click.UsageError("Give one SOUND, or --list without one.")
        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.sampling.directions import directions_of, table_rows
            from audio_vae.sampling.vary import vary as make
            from audio_vae.utils.tables import text_table

        if is_list:
            click.echo("\n".join(text_table(table_rows(directions_of(run)))))
            return
        with common.sounds_of(dataset, run, data) as sounds:
            made = make(run, sound, out, sounds=sounds, kit=kit_values(kit, layout), **options)
        for warning in made.warnings:
            common.warn(f"Warning: {warning}")
        if not quiet:
            click.echo("distance from the sound:")
            for each in made.sidecar["sounds"]:
                click.echo(f"  {each['file']}  {each['distance_db']:.1f} dB")
        common.say_kit(made.folder, made.sidecar["kit"])
        click.echo(f"{len(made.sidecar['sounds'])} variations: {made.folder}  (look at {made.folder / 'vary.png'})")

    return vary
