"""Which requests are answered."""

import pytest
from starlette.testclient import TestClient

from audio_vae.explorer import guard
from audio_vae.explorer.app import MOST_BYTES, MOST_BYTES_OF_A_REQUEST, make_app


@pytest.mark.parametrize(
    ("host", "is_answered"),
    [
        ("127.0.0.1:8765", True),
        ("localhost:8765", True),
        ("[::1]:8765", True),
        ("LOCALHOST", True),
        ("evil.example", False),
        ("evil.example:8765", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.1.2:8765", False),
        ("[bad", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_answered(client, host, is_answered):
    origin = {"Origin": f"http://{host}"}
    assert client.get("/", headers={"Host": host, **origin}).status_code == (200 if is_answered else 403)
    answer = client.post("/api/sound", json={"ref": "class:low"}, headers={"Host": host, **origin})
    assert answer.status_code == (200 if is_answered else 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("verb", ["sound", "file", "keep/zip"])
def test_pages_of_other_sites_are_refused(client, verb, headers):
    assert client.post(f"/api/{verb}", json={"ref": "class:low"}, headers=headers).status_code == 403


def test_a_server_for_a_network_goes_by_its_address_and_the_name_that_it_was_given(bench):
    app = make_app(bench, ("class:low", "class:low"), names=["studio.local"], any_address=True)
    with TestClient(app) as client:
        for host, status in (("192.168.1.2:80", 200), ("studio.local", 200), ("evil.example", 403)):
            assert client.get("/", headers={"Host": host}).status_code == status


def test_every_answer_forbids_what_the_page_does_not_need(app, bench, monkeypatch):
    # A fault is an answer too.
    monkeypatch.setattr(bench, "point", None)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answers = [
            client.get("/"),
            client.get("/nothing"),
            client.get("/", headers={"Host": "evil.example"}),
            client.post("/api/sound", json={"ref": "class:low"}),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 403, 500]
    for answer in answers:
        for name, value in guard.HEADERS.items():
            assert answer.headers[name] == value
    assert "unsafe" not in guard.POLICY


def test_large_requests_are_refused_by_what_they_say_and_by_what_they_hold(client, refused):
    reason = "that is too large: at most 16 MB for a file"
    assert refused("sound", 413, ref="x" * MOST_BYTES_OF_A_REQUEST) == reason
    answer = client.post("/api/file", content=b"", headers={"Content-Length": str(MOST_BYTES + 1)})
    assert (answer.status_code, answer.text) == (413, reason)
    answer = client.post("/api/file", content=(b"x" * 2**20 for _ in range(17)))
    assert (answer.status_code, answer.text) == (413, reason)


@pytest.mark.parametrize("path", ["/../app.py", "/%2e%2e/app.py", "/static.js", "/api", "/page/main.js", "/main.js/x"])
def test_only_the_files_of_the_page_are_handed_out(client, path):
    assert client.get(path).status_code == 404
