"""`audio-vae explore`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from audio_vae.backend.keras_backend import muted_start_up
from audio_vae.cli import common
from audio_vae.cli.start import stop_at_once

DEFAULT_MODEL = "drums"


@click.command(
    "explore",
    epilog="Examples:  audio-vae explore     audio-vae explore --model digits     audio-vae explore --run runs/folder",
)
@click.option(
    "--run", "run_path", type=click.Path(path_type=Path), metavar="DIR", help="The run folder, of any data set."
)
@click.option(
    "--model",
    metavar="NAME",
    help=f"Use a pretrained model that comes with audio-vae.  [default: {DEFAULT_MODEL}, unless --run is given]",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes any.  [default: 8765, or the next]"
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on; others may reach another one."
)
@click.option("--no-browser", is_flag=True, help="Only show the address, and open no browser.")
@common.quiet_option
@common.debug_option
def command(run_path, model, port, host, no_browser, quiet):
    """Open a page in the browser: find sounds on a map, morph and blend them by ear, keep what is good."""
    from audio_vae.explorer.serve import is_open, listen, open_in_browser, require_server, serve, url_of

    if run_path is not None and model is not None:
        raise click.UsageError("--run and --model name two models: give one of them.")
    require_server()
    listening = listen(host, port)
    url = url_of(listening, host)
    common.echo_unless(quiet)("Loading the model …")
    with tempfile.TemporaryDirectory(prefix="audio-vae-explore-") as scratch:
        app = _make_app(run_path or model or DEFAULT_MODEL, Path(scratch), [host], is_open(host))

        def ready():
            click.echo(f"Explorer: {url}  (Ctrl-C ends it)")
            if not no_browser:
                open_in_browser(url)

        number = serve(app, listening, ready)
    # A sound may be in the making, in a thread that nobody waits for any more.
    stop_at_once(number)


def _make_app(name, scratch, names, any_address):
    """Open the model and return the server of its page."""
    with muted_start_up():
        from audio_vae.api.open import open_model
        from audio_vae.explorer.app import make_app
        from audio_vae.explorer.workbench import Workbench

        bench = Workbench(open_model(name), scratch)
        bench.warm_up()
    examples = common.dataset_module(bench.run.config.dataset, "morph").EXAMPLE_ENDS
    return make_app(bench, bench.first_ends(examples), names, any_address)
