"""Which requests are answered, and the headers of every answer.

A page of another site can make a browser send requests to this machine. It cannot choose what `Host` and `Origin`
say: the first is the name by which the browser came here, which is another site's if that site's name was pointed at
this machine, and the second is the site whose page asks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: itself, from here."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class TooLarge(Exception):  # noqa: N818 - an answer, not a fault
    """A request holds more than it may."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Return the body of a request.

    Raises:
        TooLarge: it holds more than `most_bytes`, or says that it does.
    """
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > most_bytes:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise TooLarge
    return bytes(body)


class Guard:
    """Answers requests for this server alone, from its own page alone.

    Args:
        app: what answers.
        names: names by which the server may be called besides `localhost` and addresses of loopback.
        any_address: whether any address will do as a name, as for a server that is open to a network.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), any_address: bool = False):
        self.app = app
        self.names = {"localhost", *(name.lower() for name in names)}
        self.any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        reason = self._refusal(Headers(scope=scope), scope["method"])
        app = PlainTextResponse(reason, 403) if reason else self.app
        await app(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers, method: str) -> str | None:
        """Return why a request is refused, or `None`."""
        host = headers.get("host", "")
        if not self._is_own(host):
            return "This server does not go by that name: open it by the address that audio-vae explore shows."
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return "Only the explorer's own page may ask."
        # Browsers say where a request comes from; programs that are no browser say nothing.
        if method != "GET" and headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return "Only the explorer's own page may ask."
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback
