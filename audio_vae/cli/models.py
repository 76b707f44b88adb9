"""`audio-vae models`."""

from __future__ import annotations

import json

import click

from audio_vae.cli import common


@click.command("models", epilog="Example:  audio-vae models     audio-vae models --json")
@common.json_option
@common.debug_option
def command(as_json):
    """List the pretrained models that come with audio-vae: figures, size, licence, and what they were trained on."""
    from audio_vae.pretrained import catalog

    found = [catalog.path_of(name) for name in catalog.names()]
    if as_json:
        click.echo(json.dumps([catalog.to_dict(path) for path in found], indent=2))
    else:
        click.echo("\n".join(catalog.table_lines(found)) if found else "No models come with this audio-vae.")
