"""`audio-vae explore`."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

import click

from audio_vae.backend.keras_backend import muted_start_up, require_tensorflow
from audio_vae.cli import common
from audio_vae.cli.start import stop_at_once


@click.command(
    "explore",
    epilog="Examples:  audio-vae explore     audio-vae explore --model digits     audio-vae explore --run runs/folder",
)
@common.with_options(common.ANY_RUN_OPTIONS)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes any.  [default: 8765, or the next]"
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; with any other than the default, other machines may reach the page.",
)
@click.option(
    "--static",
    "static_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Start no server, and write the page as files alone, for any web host; the model runs in the browser.",
)
@click.option(
    "--runtime",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="For --static: a folder that holds onnxruntime-web, which is downloaded otherwise, once.",
)
@click.option("--no-browser", is_flag=True, help="Only show the address, and open no browser.")
@common.quiet_option
@common.debug_option
def command(run_path, model, port, host, static_folder, runtime, no_browser, quiet):
    """Open a page in the browser: find sounds on a map, morph and blend them by ear, keep what is good."""
    name = common.named_model(run_path, model)
    if runtime is not None and static_folder is None:
        raise click.UsageError("--runtime is for --static.")
    if static_folder is None:
        _serve(name, host, port, no_browser, quiet)
    else:
        _write(name, static_folder, runtime, quiet)


def _serve(name, host, port, no_browser, quiet):
    from audio_vae.explorer.serve import is_open, listen, open_in_browser, require_server, serve, url_of

    require_server()
    listening = listen(host, port)
    url = url_of(listening, host)
    common.echo_unless(quiet)("Loading the model …")

    def ready():
        click.echo(f"Explorer: {url}  (Ctrl-C ends it)")
        if not no_browser:
            open_in_browser(url)

    with tempfile.TemporaryDirectory(prefix="audio-vae-explore-") as scratch:
        bench, ends = _open(name, Path(scratch))
        with muted_start_up():
            from audio_vae.explorer.app import make_app

            bench.warm_up()
        app = make_app(bench, ends, [host], is_open(host))
        number = serve(app, listening, ready, click.get_current_context().find_root().meta.get("debug", False))
    # A sound may be in the making, in a thread that nobody waits for any more.
    stop_at_once(number)


def _write(name, folder, runtime, quiet):
    with muted_start_up():
        require_tensorflow("--static")
        from audio_vae.export.formats import check_format

        check_format("onnx")
    with tempfile.TemporaryDirectory(prefix="audio-vae-explore-") as scratch:
        bench, ends = _open(name, Path(scratch))
        with muted_start_up():
            from audio_vae.explorer.static import write_static

            write_static(bench, ends, folder, runtime, show_progress=common.shows_progress(quiet))
    click.echo(
        f"Page: {folder}  (put it on a web host; to try it: python -m http.server -d {shlex.quote(str(folder))})"
    )


def _open(name, scratch):
    """Open the model, and choose the two sounds that the page begins with: the classes of the data set's examples."""
    with common.loading_keras():
        from audio_vae.api.open import open_model
        from audio_vae.explorer.workbench import Workbench

        bench = Workbench(open_model(name), scratch)
    examples = common.dataset_module(bench.run.config.dataset, "morph").MORPHS.example_ends
    return bench, bench.first_ends(examples)
