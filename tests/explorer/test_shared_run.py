"""A run for several threads, and what was made lately."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from audio_vae.explorer.shared_run import Remembered, SharedRun
from audio_vae.runs.run import Run


@pytest.fixture
def shared(one_shot_run):
    return SharedRun(one_shot_run.path, one_shot_run.config)


def test_what_is_remembered_is_what_the_run_decodes(shared, one_shot_run, rng, monkeypatch):
    latents = rng.normal(size=(6, 3)).astype(np.float32)
    expected = one_shot_run.decode(latents)
    decoded = []
    plain = Run.decode
    monkeypatch.setattr(Run, "decode", lambda self, rows: decoded.append(len(rows)) or plain(self, rows))
    np.testing.assert_allclose(shared.decode(latents[:4]), expected[:4], atol=1e-5)
    np.testing.assert_allclose(shared.decode(latents[[5, 0, 4, 0]]), expected[[5, 0, 4, 0]], atol=1e-5)
    np.testing.assert_allclose(shared.decode(latents[:2]), expected[:2], atol=1e-5)
    assert decoded == [4, 2]


def test_threads_get_what_they_asked_for(shared, one_shot_run, rng):
    latents = rng.normal(size=(24, 3)).astype(np.float32)
    expected = one_shot_run.decode(latents)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda row: shared.decode(row[np.newaxis])[0], latents))
    np.testing.assert_allclose(np.stack(made), expected, atol=1e-5)


def test_what_was_not_used_for_the_longest_time_is_forgotten():
    known = Remembered(2)
    for key in "aba":
        known.get(key, lambda key=key: key.upper())
    known.get("c", lambda: "C")
    assert ["a" in known, "b" in known, "c" in known] == [True, False, True]
    assert known.get("a", lambda: "another") == "A"
