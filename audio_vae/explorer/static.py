"""The page as files alone: the model's ONNX export, and onnxruntime-web, which runs it in the browser.

index.html, *.js, *.css, icon.svg    the page
model.json                           what `explorer.about.about` says, and what the page needs to do without a server
latents.f32                          float32 `[N + C, d]`: the points of the map
encoder.onnx, decoder.onnx           the model
ort*.mjs, ort*.wasm                  onnxruntime-web
LICENSES.txt                         whose these are
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.explorer.about import PAGE, about, coordinates
from audio_vae.explorer.layout import layout
from audio_vae.explorer.runtime import VERSION, copy_runtime
from audio_vae.explorer.workbench import Workbench
from audio_vae.export.export import export
from audio_vae.morphing.endpoints import Endpoint
from audio_vae.morphing.options import usual_options
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder, require_writable_folder

MARKER = "model.json"
"""The file by which a folder of the page is recognised."""

LEFT_OUT = (
    "This page has no server: all sounds are what the model makes of them in your browser. Sounds made of the real "
    "ones, the cross-fade, variations, new sounds, folders and kits need audio-vae explore."
)
"""What cannot be done there."""

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""What the page may load: itself, from where it is."""


def write_static(
    bench: Workbench, ends: tuple[str, str], out: Path, runtime: Path | None = None, *, show_progress: bool = False
) -> None:
    """Write the page into a folder, complete or not at all. An older one in the folder is replaced.

    Args:
        bench: the model.
        ends: references of the two sounds that the page begins with.
        out: the folder.
        runtime: a folder with onnxruntime-web; `None` downloads it once.
        show_progress: draw a progress bar of the download.

    Raises:
        UserError: the extra `onnx` is not installed, the model cannot be exported, `out` holds other files, or
            onnxruntime-web cannot be had.
    """
    require_writable_folder(out, MARKER)
    with atomic_folder(out, MARKER) as folder, tempfile.TemporaryDirectory() as scratch:
        copy_runtime(folder, runtime, show_progress=show_progress)
        # The weights of a pretrained model are rounded to what float16 holds, so that half the bytes lose nothing.
        made = export(bench.run, "onnx", Path(scratch), float16=bench.run.is_pretrained)
        for name in ("encoder.onnx", "decoder.onnx"):
            shutil.copyfile(made.folder / name, folder / name)
        for path in PAGE.iterdir():
            shutil.copyfile(path, folder / path.name)
        page = (PAGE / "index.html").read_text(encoding="utf-8")
        (folder / "index.html").write_text(static_page(page), encoding="utf-8")
        points = points_of(bench)
        np.stack([point.latent for point in points]).astype("<f4").tofile(folder / "latents.f32")
        (folder / "LICENSES.txt").write_text(_licences(bench), encoding="utf-8")
        write_json(folder / MARKER, static_model(bench, ends, points))


def static_page(page: str) -> str:
    """Return the page's HTML for a page without a server.

    Raises:
        UserError: the page lacks what is replaced.
    """
    marks = 'data-backend="server"', '<meta charset="utf-8">'
    if not all(mark in page for mark in marks):
        raise UserError("the page of this installation is incomplete: install audio-vae again")
    page = page.replace(marks[0], 'data-backend="static"')
    return page.replace(marks[1], f'{marks[1]}\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">')


def points_of(bench: Workbench) -> list[Endpoint]:
    """Return the points of the map: the sounds, then the centres of the classes."""
    return [*(bench.point(f"sound:{number}") for number in range(len(bench.model.sounds))), *bench.centres.values()]


def static_model(bench: Workbench, ends: tuple[str, str], points: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the values of `model.json`: those of the server, and what decoding needs of the points of the map."""
    places, method = layout(bench.latents)
    audio = bench.run.config.audio
    return {
        **about(bench, ends),
        **coordinates(places),
        "method": method,
        "has_layout": False,
        "render": "model",
        # All are made by the model alike, so that none stands out on the map.
        "is_real": [True] * len(bench.model.sounds),
        "can": ["morph", "blend"],
        "keeps": ["wav"],
        "kits": {},
        "left_out": LEFT_OUT,
        "latent_dim": bench.model.latent_dim,
        "peaks": [point.peak for point in points],
        "lengths": [point.length_samples for point in points],
        "length": usual_options(audio)["length"],
        "onset_db": audio.onset_db,
        "fade_s": audio.fade_s,
    }


def _licences(bench: Workbench) -> str:
    card = bench.run.card
    model = f"The model {card.name} is under {card.licence}.\n" if card else ""
    sources = "".join(f"  {source}\n" for source in card.sources) if card else ""
    return (
        f"{model}{sources}The page is part of audio-vae, under the Apache License 2.0.\n"
        f"onnxruntime-web {VERSION} (ort*) is copyright (c) Microsoft Corporation, under the MIT License:\n\n{_MIT}"
    )


_MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
