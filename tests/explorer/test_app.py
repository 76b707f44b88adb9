"""The server as a browser meets it."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.testclient import TestClient

from audio_vae.explorer import frames
from audio_vae.explorer.about import PAGE, page_files
from audio_vae.explorer.layout import quick_layout
from audio_vae.explorer.runtime import FILES
from audio_vae.utils.errors import UserError

PAIR = {"a": "class:low", "b": "class:it's high"}


def test_the_page_and_all_that_it_names_are_handed_out(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name in re.findall(r'(?:src|href)="([\w.-]+)"', page.text):
        assert client.get(f"/{name}").status_code == 200
    for path in page_files():
        answer = client.get(f"/{path.name}")
        assert answer.content == path.read_bytes()


def test_the_page_loads_nothing_from_elsewhere():
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)) <= {"http://www.w3.org"}, path.name


def test_every_module_of_the_page_imports_files_that_are_there():
    names = {*(path.name for path in PAGE.iterdir()), *FILES}
    for path in PAGE.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r'from "\./([\w.-]+)"|import\("\./([\w.-]+)"\)', text)) <= {("", "")} | {
            pair for name in names for pair in ((name, ""), ("", name))
        }, path.name
        assert "innerHTML" not in text


def test_the_model_says_what_there_is(client, monkeypatch):
    monkeypatch.setattr("audio_vae.explorer.app.layout", quick_layout)
    about = client.get("/api/model").json()
    assert about["names"] == [f"take{number}.wav" for number in range(8)]
    assert about["labels"] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert about["centres"] == ["low", "it's high"]
    assert about["ends"] == ["class:low", "class:it's high"]
    assert about["render"] == "sound"
    assert len(about["x"]) == len(about["y"]) == 10
    layout = client.get("/api/layout").json()
    assert len(layout["x"]) == len(layout["y"]) == 10


def test_sounds_are_those_of_the_workbench(ask, bench):
    (sound,) = ask("sound", ref="sound:2")
    np.testing.assert_array_equal(sound.samples, bench.point("sound:2").given.samples)
    steps = ask("morph", **PAIR, n_steps=5, render="model")
    assert len(steps) == 5
    (alone,) = ask("morph", **PAIR, at=0.5, render="model")
    np.testing.assert_allclose(alone.samples, steps[2].samples, atol=1e-5)
    (made,) = ask("blend", parts=[["class:low", 1], ["sound:4", 1]], render="sound")
    expected = bench.blend([["class:low", 1], ["sound:4", 1]], "sound").sound
    np.testing.assert_allclose(made.samples[:, 0], expected, atol=1e-5)


def test_a_file_becomes_an_end_and_is_kept(client, ask, sound_file):
    answer = client.post("/api/file", params={"name": "my own.wav"}, content=sound_file.read_bytes())
    about = answer.json()
    assert about["name"] == "my own.wav"
    assert sum(weight for _, weight in about["near"]) == pytest.approx(1)
    steps = ask("morph", a=about["ref"], b="class:low", n_steps=3)
    assert (steps[0].samples.shape, steps[0].rate_hz) == ((1800, 2), 48000)
    kept = client.post("/api/keep/zip", json={"make": "morph", "a": about["ref"], "b": "class:low"})
    assert re.fullmatch(r'attachment; filename="my_own_[0-9a-f]{8}-low\.zip"', kept.headers["content-disposition"])
    assert kept.content.startswith(b"PK")


NEW, VARIED = "new:low:7:3", "vary:0.3:7:class:low"
MANY = {**PAIR, "render": "sound"}


@pytest.mark.parametrize(
    ("verb", "values", "lane"),
    [
        ("sound", {"ref": "sound:1"}, "quick"),
        ("sound", {"ref": NEW}, "slow"),
        ("sound", {"ref": VARIED}, "slow"),
        ("sound", {"ref": [NEW]}, "quick"),
        ("morph", {**PAIR, "render": "model"}, "quick"),
        ("morph", MANY, "slow"),
        ("morph", {**MANY, "at": 0.5}, "quick"),
        ("morph", {**MANY, "at": 0.5, "a": NEW}, "slow"),
        ("morph", {**PAIR, "render": "model", "b": VARIED}, "slow"),
        ("blend", {"parts": [["class:low", 1], ["sound:1", 1]]}, "quick"),
        ("blend", {"parts": [["class:low", 1], [VARIED, 1]]}, "slow"),
        ("blend", {"parts": [1, [], {}, None]}, "quick"),
        ("blend", {"parts": 1}, "quick"),
        ("sample", {"kind": "low", "draw": 1}, "slow"),
        ("keep/wav", {"make": "morph", **PAIR, "at": 0.5}, "quick"),
        ("keep/wav", {"make": "morph", **PAIR, "at": 0.5, "b": NEW}, "slow"),
        ("keep/wav", {"make": "vary", "sound": VARIED}, "slow"),
        ("keep/wav", {"make": "blend", "parts": [["class:low", 1], [NEW, 1]]}, "slow"),
        ("keep/zip", {"make": "morph", **PAIR}, "slow"),
    ],
)
def test_what_takes_long_does_not_keep_quick_requests_waiting(app, monkeypatch, verb, values, lane):
    monkeypatch.setattr("audio_vae.explorer.app.Lane", NamedLane)
    with TestClient(app, base_url="http://localhost") as client:
        assert client.post(f"/api/{verb}", json=values).text == lane


class NamedLane:
    """A lane that answers with its name."""

    def __init__(self, name):
        self.name = name

    async def run(self, _work, _is_gone):
        raise UserError(self.name)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("verb", "content"),
    [
        ("sound", b""),
        ("sound", b"{"),
        ("sound", b"[1]"),
        ("sound", b"\xff\xfe"),
        ("sound", b"[" * 30000),
        ("morph", b'{"a": 1, "b": null, "n_steps": "x"}'),
        ("morph", b'{"a": "class:low", "b": "class:low", "at": 1e999}'),
        ("morph", b'{"a": "class:low", "b": "class:low", "render": ["sound"]}'),
        ("blend", b'{"parts": "class:low"}'),
        ("keep/wav", b"{}"),
        ("keep/kit", b'{"format": {}}'),
        ("file", b""),
        ("file", b"RIFF"),
    ],
)
def test_hostile_requests_get_one_line(client, verb, content):
    answer = client.post(f"/api/{verb}", content=content)
    assert answer.status_code == 400
    assert answer.text
    assert "\n" not in answer.text
    assert "fault of audio-vae" not in answer.text


def test_a_fault_is_answered_in_one_line(app, bench, monkeypatch):
    monkeypatch.setattr(bench, "point", broken)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.post("/api/sound", json={"ref": "class:low"})
    assert answer.status_code == 500
    assert re.fullmatch(r"a fault of audio-vae itself, .*RuntimeError: broken.* run again with --debug.*", answer.text)


def broken(_ref):
    raise RuntimeError("broken")


def test_other_ways_of_asking_are_refused(client):
    assert client.get("/api/sound").status_code == 405
    assert client.put("/api/model").status_code == 405
    assert client.get("/api/nothing").status_code == 404


def test_fifty_requests_at_once_are_answered_each_with_its_own(client):
    expected = [frames.from_bytes(client.post("/api/sound", json={"ref": f"sound:{n}"}).content)[0] for n in range(8)]

    def one(number):
        if number % 5 == 4:
            return client.post("/api/sound", json={"ref": f"sound:{number + 1000}"}).status_code
        answer = client.post("/api/sound", json={"ref": f"sound:{number % 8}"})
        return frames.from_bytes(answer.content)[0].samples

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    for number, answer in enumerate(answers):
        if number % 5 == 4:
            assert answer == 400
        else:
            np.testing.assert_array_equal(answer, expected[number % 8].samples)
