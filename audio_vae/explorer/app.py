"""The addresses of the server.

    GET  /                 the page, and its files
    GET  /api/model        what there is: sounds, classes, where they lie by principal components
    GET  /api/layout       where they lie by t-SNE
    POST /api/sound        one sound                  {ref}
    POST /api/morph        steps of a morph           {a, b, render, at or n_steps}
    POST /api/blend        a blend                    {parts: [[ref, weight], …], render}
    POST /api/sample       new sounds of a class      {kind, draw}
    POST /api/file         a file of one's own, as it is; `name` in the query
    POST /api/keep/wav     this sound as a file       what `keepable` of the page's makers says
    POST /api/keep/zip     all of it as a folder      likewise
    POST /api/keep/kit     as a kit                   likewise, with `format` and `layout`

Sounds are answered as `explorer.frames`, errors of the user as one line of text.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from audio_vae.explorer import frames
from audio_vae.explorer.about import PAGE, TYPES, about, coordinates, page_files
from audio_vae.explorer.guard import Guard, TooLarge, read_body
from audio_vae.explorer.keeping import Kept
from audio_vae.explorer.lanes import Busy, Gone, Lane
from audio_vae.explorer.layout import layout, nearest
from audio_vae.explorer.workbench import Workbench
from audio_vae.morphing.endpoints import file_warnings
from audio_vae.utils.errors import UserError, explain, one_line

MOST_BYTES = 16 * 2**20
"""Largest file that is taken."""

MOST_BYTES_OF_A_REQUEST = 32 * 1024

BODY_WITHIN_S = 30.0
"""A request that takes longer to arrive is given up."""


def make_app(bench: Workbench, ends: tuple[str, str], names: Iterable[str] = (), any_address: bool = False) -> Guard:
    """Return the server as an ASGI application.

    Args:
        bench: what makes the sounds.
        ends: references of the two sounds that the page begins with.
        names: names by which the server may be called; see `guard.Guard`.
        any_address: likewise.
    """
    server = _Server(bench, ends)

    @asynccontextmanager
    async def lifespan(_app):
        server.open()
        try:
            yield
        finally:
            server.close()

    routes = [
        Route("/", server.page("index.html")),
        *(Route(f"/{path.name}", server.page(path.name)) for path in page_files()),
        Route("/api/model", server.about),
        Route("/api/layout", server.layout),
        Route("/api/sound", server.sound, methods=["POST"]),
        Route("/api/morph", server.morph, methods=["POST"]),
        Route("/api/blend", server.blend, methods=["POST"]),
        Route("/api/sample", server.sample, methods=["POST"]),
        Route("/api/file", server.file, methods=["POST"]),
        *(Route(f"/api/keep/{what}", server.keep(what), methods=["POST"]) for what in ("wav", "zip", "kit")),
    ]
    handlers = {
        UserError: lambda _request, error: PlainTextResponse(one_line(error), 400),
        TooLarge: lambda _request, _error: PlainTextResponse(
            f"that is too large: at most {MOST_BYTES // 2**20} MB for a file", 413
        ),
        Busy: lambda _request, _error: PlainTextResponse("too much at once: try again in a moment", 503),
        Gone: lambda _request, _error: Response(status_code=499),
        asyncio.TimeoutError: lambda _request, _error: PlainTextResponse("the request came too slowly", 408),
        Exception: lambda _request, error: PlainTextResponse(explain(error), 500),
    }
    # Around all of it, because Starlette answers faults outside of its middleware.
    return Guard(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan), names, any_address)


class _Server:
    """The answers. Quick requests have a thread of their own, so that a sound comes while a morph is being made."""

    def __init__(self, bench: Workbench, ends: tuple[str, str]):
        self.bench = bench
        self._about = about(bench, ends)
        self.kept = Kept(bench)
        self._layout: tuple | None = None

    def open(self) -> None:
        """Make the threads; each run of the application has its own."""
        self.quick, self.slow, self.aside = Lane("quick"), Lane("slow"), Lane("aside")

    def close(self) -> None:
        """Let waiting requests go."""
        for lane in (self.quick, self.slow, self.aside):
            lane.close()

    def page(self, name: str) -> Callable:
        """Return what answers with a file of the page."""
        path = PAGE / name

        async def answer(_request: Request) -> Response:
            return Response(path.read_bytes(), media_type=TYPES[path.suffix])

        return answer

    async def about(self, _request: Request) -> Response:
        """Answer what there is."""
        return JSONResponse(self._about)

    async def layout(self, request: Request) -> Response:
        """Answer where the sounds lie by t-SNE, which is computed once."""

        def place():
            if self._layout is None:
                self._layout = layout(self.bench.latents)
            points, method = self._layout
            return {**coordinates(points), "method": method}

        return JSONResponse(await self.aside.run(place, request.is_disconnected))

    async def sound(self, request: Request) -> Response:
        """Answer the sound of a reference."""
        values = await _values(request)
        ref = values.get("ref")
        return await self._sounds(self._lane(ref), request, lambda: [self.bench.point(ref).given])

    async def morph(self, request: Request) -> Response:
        """Answer steps of a morph."""
        values = await _values(request)
        at, render = values.get("at"), values.get("render", self.bench.render)
        n_steps = values.get("n_steps", 17)
        if not isinstance(n_steps, int):
            raise UserError("n_steps has to be a whole number")
        a, b = values.get("a"), values.get("b")
        lane = self.slow if render == "sound" and at is None else self._lane(a, b)
        return await self._sounds(lane, request, lambda: self.bench.path(a, b, at, n_steps, render))

    async def blend(self, request: Request) -> Response:
        """Answer a blend."""
        values = await _values(request)
        parts, render = values.get("parts"), values.get("render", self.bench.render)
        return await self._sounds(
            self._lane(*_refs_of(parts)), request, lambda: [self.bench.blend(parts, render).made.blend.step]
        )

    async def sample(self, request: Request) -> Response:
        """Answer new sounds of a class."""
        values = await _values(request)
        return await self._sounds(
            self.slow, request, lambda: self.bench.new_sounds(values.get("kind"), values.get("draw"))
        )

    async def file(self, request: Request) -> Response:
        """Take a file of one's own, and answer its reference."""
        content = await asyncio.wait_for(read_body(request, MOST_BYTES), BODY_WITHIN_S)
        name = request.query_params.get("name", "")
        ref, point = await self.quick.run(lambda: self.bench.files.take(content, name), request.is_disconnected)
        notes = file_warnings([point], are_cut=self.bench.render == "model")
        found, weights = nearest(point.latent[np.newaxis], self.bench.latents)
        near = list(zip(found[0].tolist(), weights[0].tolist(), strict=True))
        return JSONResponse({"ref": ref, "name": point.name, "near": near, "notes": notes})

    def keep(self, what: str) -> Callable:
        """Return what answers with a file to keep."""

        async def answer(request: Request) -> Response:
            values = await _values(request)
            refs = [values.get("a"), values.get("b"), values.get("sound"), *_refs_of(values.get("parts"))]
            lane = self._lane(*refs) if what == "wav" else self.slow
            content, name = await lane.run(lambda: getattr(self.kept, what)(values), request.is_disconnected)
            kind = "audio/wav" if what == "wav" else "application/zip"
            return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

        return answer

    def _lane(self, *refs: Any) -> Lane:
        """Return the lane of what is quick to make, once the sounds of some references are there."""
        return self.slow if any(map(_is_slow, refs)) else self.quick

    @staticmethod
    async def _sounds(lane: Lane, request: Request, make: Callable) -> Response:
        content = await lane.run(lambda: frames.to_bytes(make()), request.is_disconnected)
        return Response(content, media_type="application/octet-stream")


def _is_slow(ref: Any) -> bool:
    """Return whether a reference is that of a new sound or a variation, which are made of many tries."""
    return isinstance(ref, str) and ref.startswith(("new:", "vary:"))


def _refs_of(parts: Any) -> list[Any]:
    """Return the references of a blend's parts, as far as they are parts."""
    return [part[0] for part in parts if isinstance(part, list) and part] if isinstance(parts, list) else []


async def _values(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises:
        UserError: it holds none.
    """
    content = await asyncio.wait_for(read_body(request, MOST_BYTES_OF_A_REQUEST), BODY_WITHIN_S)
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError("the request is no JSON") from error
    if not isinstance(values, dict):
        raise UserError("the request is no JSON object")
    return values
