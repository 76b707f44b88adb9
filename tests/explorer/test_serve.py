"""The server on a port, and its end."""

import signal
import socket
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

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


FAULTY = """
import sys
from audio_vae.explorer.serve import listen, serve, url_of

async def app(scope, receive, send):
    raise RuntimeError("broken")

listening = listen("127.0.0.1", 0)
serve(app, listening, lambda: print(url_of(listening, "127.0.0.1"), flush=True), debug=sys.argv[1] == "debug")
"""


@pytest.mark.parametrize("word", ["debug", "no"])
def test_a_fault_shows_its_traceback_if_that_is_wanted(word):
    command = [sys.executable, "-c", FAULTY, word]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with pytest.raises(HTTPError, match="500"):
            urlopen(url, timeout=10)
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert ("Traceback" in err and "RuntimeError: broken" in err) == (word == "debug")
    assert err == "" or word == "debug"


@pytest.mark.parametrize("words", [["explore", "--debug"], ["--debug", "explore"], ["explore"]])
def test_the_command_wants_tracebacks_with_debug(run, one_shot_run, monkeypatch, words):
    wanted = []
    monkeypatch.setattr(serve, "serve", lambda *given: (given[1].close(), wanted.append(given[3]), 15)[-1])
    monkeypatch.setattr("audio_vae.cli.explore.stop_at_once", lambda number: None)
    monkeypatch.setattr("audio_vae.explorer.workbench.Workbench.warm_up", lambda bench: None)
    code, _, err = run(*words, "--run", one_shot_run.path, "--port", 0, "--no-browser", "--quiet")
    assert (code, err, wanted) == (0, "", ["--debug" in words])


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
