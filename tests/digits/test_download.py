"""The download, from a server on this machine."""

import hashlib
import io
import socket
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from audio_vae.digits import download
from audio_vae.utils.errors import UserError


def make_archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("fsdd/recordings/9_link_0.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    return stream.getvalue()


ARCHIVE = make_archive(
    {
        "fsdd/README.md": b"read me",
        "fsdd/recordings/0_jackson_0.wav": b"zero",
        "fsdd/recordings/1_jackson_0.wav": b"one" * 30000,
        "../../recordings/2_escape_0.wav": b"two",
        "fsdd/recordings/../../../evil.wav": b"evil",
        "fsdd/recordings/notes.txt": b"notes",
    }
)
OTHER_ARCHIVE = make_archive({"other/README.md": b"read me"})
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def server(monkeypatch):
    """A server of `/right`, `/cut` (stops half-way), `/short` (half, said to be all), `/other`; counts its requests."""
    # A proxy of the machine's would not know 127.0.0.1.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            half = ARCHIVE[: len(ARCHIVE) // 2]
            bodies = {"/right": ARCHIVE, "/cut": half, "/short": half, "/other": OTHER_ARCHIVE}
            if self.path not in bodies:
                self.send_error(404)
                return
            body = bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(ARCHIVE if self.path == "/cut" else body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        running.url = f"http://127.0.0.1:{running.server_port}"
        running.requests = requests
        yield running
        running.shutdown()
        thread.join()


def test_right_file_is_unpacked_once(server, tmp_path, capfd):
    folder = download.fetch(f"{server.url}/right", SHA256, tmp_path / "cache")
    assert folder.name == "recordings"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "0_jackson_0.wav": b"zero",
        "1_jackson_0.wav": b"one" * 30000,
        "2_escape_0.wav": b"two",
    }
    assert download.fetch(f"{server.url}/right", SHA256, tmp_path / "cache") == folder
    assert server.requests == ["/right"]
    # Neither the archive nor anything outside the cache is left.
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert list((tmp_path / "cache").iterdir()) == [folder.parent]
    assert capfd.readouterr() == ("", "")


def test_progress_bar(server, tmp_path, capfd):
    download.fetch(f"{server.url}/right", SHA256, tmp_path, show_progress=True)
    assert "100%" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("page", "sha256", "reason"),
    [
        ("right", "0" * 64, "not the expected file"),
        ("short", SHA256, "not the expected file"),
        ("cut", SHA256, "cut off|not the expected file"),
        ("missing", SHA256, "404"),
    ],
    ids=["wrong hash", "half a file", "cut-off transfer", "no such page"],
)
@pytest.mark.parametrize("show_progress", [False, True], ids=["quiet", "bar"])
def test_failed_transfer_leaves_nothing(server, tmp_path, page, sha256, reason, show_progress):
    with pytest.raises(UserError, match=rf"cannot be downloaded from .*({reason}).*--data") as caught:
        download.fetch(f"{server.url}/{page}", sha256, tmp_path, show_progress)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_failure_is_made_good_by_the_next_call(server, tmp_path):
    with pytest.raises(UserError, match="cannot be downloaded"):
        download.fetch(f"{server.url}/cut", SHA256, tmp_path)
    assert (download.fetch(f"{server.url}/right", SHA256, tmp_path) / "0_jackson_0.wav").is_file()


def test_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UserError, match=r"\(no connection\): .* --data"):
        download.fetch(f"http://127.0.0.1:{port}/right", SHA256, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("audio_vae.utils.download._TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/right"
        with pytest.raises(UserError, match=r"no answer within 0\.2 s.*--data"):
            download.fetch(url, SHA256, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_archive_without_recordings(server, tmp_path):
    with pytest.raises(UserError, match=r"holds no recordings.*--data"):
        download.fetch(f"{server.url}/other", hashlib.sha256(OTHER_ARCHIVE).hexdigest(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(UserError, match=r"the cache .* cannot be written .*--data"):
        download.fetch("http://127.0.0.1:9/right", SHA256, tmp_path / "cache")
