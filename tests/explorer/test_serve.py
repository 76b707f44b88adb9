"""The server on a port, and its end."""

import signal
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("uvicorn", reason="the extra explore is not installed")

from audio_vae.explorer import serve
from audio_vae.utils.errors import UserError

PROGRAM = """
import asyncio
from audio_vae.cli.start import stop_at_once
from audio_vae.explorer.serve import listen, serve, url_of

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"].removeprefix("lifespan.")
            await send({"type": f"lifespan.{kind}.complete"})
            if kind == "shutdown":
                return
    await asyncio.sleep(60)

listening = listen("127.0.0.1", 0)
stop_at_once(serve(app, listening, lambda: print(url_of(listening, "127.0.0.1"), flush=True)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_also_while_a_request_waits(number):
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            started = time.perf_counter()
            process.send_signal(number)
            _, err = process.communicate(timeout=10)
        assert time.perf_counter() - started < 2
    assert (process.returncode, err.strip()) == (128 + number, "Stopped.")


def test_the_next_free_port_is_taken_unless_one_is_asked_for(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(serve, "PORT", port)
        with serve.listen("127.0.0.1", None) as found:
            assert port < found.getsockname()[1] < port + 20
            assert serve.url_of(found, "127.0.0.1") == f"http://127.0.0.1:{found.getsockname()[1]}/"
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1 port {port} .*choose another --port"):
            serve.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid", "1.2.3.4.5"])
def test_a_host_that_is_not_here_is_refused(host):
    with pytest.raises(UserError, match="cannot listen on"):
        serve.listen(host, 0)


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setattr(serve, "NEEDS", ("no_such_server",))
    with pytest.raises(UserError, match=r"needs no_such_server, .* pip install 'audio-vae\[explore\]'"):
        serve.require_server()
