"""Which files a data folder held, and what has changed; `tests/runs/test_prepare.py` has what users are told."""

import os

import numpy as np
import pytest

from audio_vae.data.fingerprints import changes, fingerprints
from audio_vae.data.reading import Item


@pytest.fixture
def items(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.wav").write_text(f"sound {number}")
    return [Item(path, path.name) for path in sorted(tmp_path.iterdir())]


def test_sounds_in_memory_have_none():
    assert fingerprints([Item(None, "kick", samples=np.zeros(3, np.float32), rate_hz=8000)]) == {}


def test_equal_contents_have_equal_hashes(items):
    items[1].path.write_text("sound 0")
    found = fingerprints(items)
    assert found["0.wav"]["blake2b"] == found["1.wav"]["blake2b"] != found["2.wav"]["blake2b"]
    assert {each["bytes"] for each in found.values()} == {7}


def test_a_file_is_read_only_where_its_time_differs(items, monkeypatch):
    before = fingerprints(items)
    monkeypatch.setattr("audio_vae.data.fingerprints._digest", lambda path: "read")
    assert changes(before, items) is None
    os.utime(items[2].path, ns=(1, 1))
    assert changes(before, items) == "1 changed: 2.wav"


def test_only_some_names_are_told(items):
    assert changes({}, items) == "5 new: 0.wav, 1.wav, 2.wav, …"
    assert changes(fingerprints(items), items[:2]) == "3 gone: 2.wav, 3.wav, 4.wav"


def test_a_file_that_cannot_be_read_has_an_empty_one(items, tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "nowhere")
    link = Item(tmp_path / "link.wav", "link.wav")
    assert fingerprints([link]) == {"link.wav": {}}
    assert changes(fingerprints([link]), [link]) is None
    items[0].path.unlink()
    assert changes({"0.wav": {"bytes": 7, "modified_ns": 1, "blake2b": ""}}, items[:1]) == "1 changed: 0.wav"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert fingerprints([Item(tmp_path / "pipe.wav", "pipe.wav")])["pipe.wav"]["bytes"] == 0
