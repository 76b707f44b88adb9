"""The server on a port of this machine."""

from __future__ import annotations

import errno
import importlib.util
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable

from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import handling

NEEDS = ("starlette", "uvicorn")
"""What the extra `explore` installs."""

PORT = 8765
_PORTS_TO_TRY = 20
_OPEN_TO_ALL = ("0.0.0.0", "::", "")


def require_server() -> None:
    """Check that the server's packages are installed.

    Raises:
        UserError: they are not.
    """
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"the explorer needs {', '.join(missing)}, which is not installed: run  pip install 'audio-vae[explore]'  "
            "(in a checkout: pip install '.[explore]')"
        )


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: the address.
        port: the port, 0 for any that is free; `None` takes `PORT`, or the next that is free.

    Raises:
        UserError: the address or the port cannot be used.
    """
    ports = range(PORT, PORT + _PORTS_TO_TRY) if port is None else [port]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for each in ports:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, each))
        except (OSError, OverflowError) as error:
            listening.close()
            if getattr(error, "errno", None) == errno.EADDRINUSE and each != ports[-1]:
                continue
            reason = getattr(error, "strerror", None) or str(error)
            raise UserError(
                f"cannot listen on {host} port {each} ({reason}): choose another --port or --host"
            ) from error
        listening.listen(128)
        return listening
    raise AssertionError("there is at least one port")


def url_of(listening: socket.socket, host: str) -> str:
    """Return the address of the page in a browser of this machine."""
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if host in _OPEN_TO_ALL else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"


def serve(app: Callable, listening: socket.socket, when_ready: Callable[[], None], debug: bool = False) -> int:
    """Serve an application until SIGINT (Ctrl-C) or SIGTERM comes, which ends it at once.

    Args:
        app: an ASGI application.
        listening: what it listens on.
        when_ready: called when the server answers.
        debug: print the traceback of a fault.

    Returns:
        The number of the signal.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            when_ready()

        def capture_signals(self):
            return handling((signal.SIGINT, signal.SIGTERM), self.end)

        def end(self, number):
            ended.append(number)
            # Neither requests that wait nor browsers that keep their connection are waited for.
            self.should_exit = self.force_exit = True

    ended: list[int] = []
    config = uvicorn.Config(
        app,
        log_level="error" if debug else "critical",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=30,
        # From Python 3.12 on, a server waits for its connections to close, whatever uvicorn is told.
        timeout_graceful_shutdown=0,
    )
    try:
        Server(config).run(sockets=[listening])
    finally:
        listening.close()
    return ended[0] if ended else signal.SIGTERM


def open_in_browser(url: str) -> None:
    """Open a page in the user's browser, without waiting for it."""
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def is_open(host: str) -> bool:
    """Return whether an address is that of all networks of this machine."""
    return host in _OPEN_TO_ALL
