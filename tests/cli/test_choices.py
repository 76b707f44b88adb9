"""What options offer is typed in the command line, whose help loads nothing large: it has to be what the code knows."""

import click
import pytest

from audio_vae.audio.io import SUBTYPES
from audio_vae.cli.main import cli
from audio_vae.explorer.about import KITS
from audio_vae.export.formats import FORMATS
from audio_vae.kits import write
from audio_vae.kits.layout import LAYOUTS
from audio_vae.morphing import interpolation, made_blend, options
from audio_vae.sampling.directions import DESCRIPTORS

KNOWN = {
    "along": tuple(DESCRIPTORS),
    "formats": FORMATS,
    "kit": write.FORMATS,
    "layout": LAYOUTS,
    "length": options.LENGTHS,
    "level": options.LEVELS,
    "render": options.RENDERS,
    "shape": interpolation.SHAPES,
    "spacing": interpolation.SPACINGS,
    "subtype": SUBTYPES,
}
"""Parameter → its values; of a blend, lengths are others."""


def commands(command, path=()):
    """Yield all commands with the words that call them."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))
    else:
        yield path, command


CHOICES = [
    pytest.param(path[-1], option, id=" ".join([*path, option.name]))
    for path, command in commands(cli)
    for option in command.params
    if isinstance(option.type, click.Choice) and option.name in KNOWN
]


@pytest.mark.parametrize(("command", "option"), CHOICES)
def test_an_option_offers_what_the_code_knows(command, option):
    known = made_blend.LENGTHS if (command, option.name) == ("blend", "length") else KNOWN[option.name]
    assert tuple(option.type.choices) == tuple(known)


def test_all_of_them_are_offered():
    assert {option.values[1].name for option in CHOICES} == set(KNOWN)


def test_the_page_offers_all_kits():
    assert tuple(KITS) == write.FORMATS
