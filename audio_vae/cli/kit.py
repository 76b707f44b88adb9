"""`audio-vae kit`, and the options of commands that write kits beside their sounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from audio_vae.cli import common

_FORMATS = click.Choice(["sfz", "decentsampler", "hydrogen"])


def _map_option(default: str) -> Callable:
    return click.option(
        "--map",
        "layout",
        type=click.Choice(["keys", "velocity", "round-robin"]),
        default=default,
        show_default=True,
        help="Lay the sounds of a kit over keys, over the velocities of one key, or let them take turns on it.",
    )


def kit_options(default_map: str) -> Callable:
    """Return the decorator of `--kit` and `--map`."""
    return common.with_options(
        [
            click.option(
                "--kit",
                multiple=True,
                type=_FORMATS,
                help="Write a kit for a sampler; may be given more than once.",
            ),
            _map_option(default_map),
        ]
    )


def kit_values(formats: Sequence[str], layout: str):
    """Return the `KitOptions` of the running command."""
    from audio_vae.kits.write import KitOptions

    if not formats and common.is_given("layout"):
        raise click.UsageError("--map is for --kit: name a format with --kit, or leave --map out.")
    return KitOptions(tuple(formats), layout)


@click.command(
    "kit",
    epilog="Examples:  audio-vae kit morphs/hihat-tom --map velocity     "
    "audio-vae kit samples/kick-seed7 samples/snare-seed7 --kit hydrogen --out my-kit",
)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER...")
@click.option(
    "--kit",
    multiple=True,
    type=_FORMATS,
    help="A format; may be given more than once.  [default: all that have room for the sounds]",
)
@_map_option("round-robin")
@common.out_option
@common.debug_option
def command(folders, kit, layout, out):
    """Make one kit of folders that morph, blend, sample and vary have written."""
    from audio_vae.kits.made_folders import make_kit
    from audio_vae.kits.write import KitOptions

    made = make_kit(folders, out, KitOptions(kit, layout))
    for remark in made.remarks:
        common.warn(f"Warning: {remark}")
    common.say_kit(made.folder, made.sidecar["kit"], "")
    click.echo(f"Kit: {made.folder}")
