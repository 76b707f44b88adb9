"""The registry of data sets, and the group of commands that each of them has."""

from __future__ import annotations

import click

from audio_vae.cli import blend, evaluate, export, morph, prepare, sample, train, vary
from audio_vae.cli.common import dataset_module

NAMES = ("digits", "drums", "folder")
"""Each is a package `audio_vae.<name>`; to add a data set, write such a package and add its name here."""


def group(dataset: str) -> click.Group:
    """Make the commands of a data set; they differ by its own options and examples alone."""
    about = dataset_module(dataset, "config").ABOUT
    commands = click.Group(dataset, help=f"Train on and morph {about}.")
    own_training, own_morphs = dataset_module(dataset, "train"), dataset_module(dataset, "morph").MORPHS
    for command in (
        prepare.command(dataset, own_training),
        train.command(dataset, own_training),
        evaluate.command(dataset, own_morphs),
        morph.command(dataset, own_morphs),
        blend.command(dataset, own_morphs),
        sample.command(dataset, own_morphs),
        vary.command(dataset, own_morphs),
        export.command(dataset),
    ):
        commands.add_command(command)
    return commands
