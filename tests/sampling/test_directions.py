"""Directions that change one descriptor."""

from types import SimpleNamespace

import numpy as np
import pytest

from audio_vae.sampling import directions
from audio_vae.sampling.directions import (
    described_by,
    direction_named,
    directions_of,
    find_directions,
    table_rows,
    unit,
)
from audio_vae.utils.errors import UserError


@pytest.fixture
def toy(rng):
    """Latents whose first axis is the brightness, and whose second is the decay and a little of the brightness."""
    latents = rng.normal(size=(200, 5))
    labels = rng.integers(0, 3, 200)
    latents += 5 * labels[:, None]
    described = {
        "brightness": latents[:, 0] - 4 * labels,
        "decay": latents[:, 1] + 0.5 * latents[:, 0] + 0.05 * rng.normal(size=200),
        "attack": rng.normal(size=200),
        "pitch": np.full(200, np.nan),
    }
    return latents, labels, described


def test_each_changes_its_descriptor_and_no_other(toy):
    found = find_directions(*toy)
    np.testing.assert_allclose(found["brightness"].vector[:2], [1, -0.5], atol=0.05)
    np.testing.assert_allclose(found["decay"].vector[:2], [0, 1], atol=0.05)


def test_how_well_they_hold(toy):
    found = find_directions(*toy)
    assert found["brightness"].r2 > 0.99
    assert found["attack"].r2 < 0.2
    assert found["decay"].n_sounds == 200


def test_what_too_few_sounds_have_is_no_direction(toy):
    latents, labels, described = toy
    assert "pitch" not in find_directions(latents, labels, described)
    described["pitch"][: directions.LEAST_SOUNDS] = latents[: directions.LEAST_SOUNDS, 2]
    assert find_directions(latents, labels, described)["pitch"].n_sounds == directions.LEAST_SOUNDS
    assert find_directions(latents[:5], labels[:5], {"decay": np.arange(5.0)}) == {}


def test_unit_is_one_standard_deviation():
    np.testing.assert_allclose(unit(np.array([3.0, 0.0]), np.diag([4.0, 1.0])), [2, 0])


def test_descriptors_in_octaves():
    time_s = np.arange(4000) / 8000
    sounds = np.stack([np.sin(2 * np.pi * hz * time_s) * np.exp(-20 * time_s) for hz in (200, 400)] + [np.zeros(4000)])
    described = described_by(sounds, 8000)
    for name in ("brightness", "pitch"):
        assert described[name][1] - described[name][0] == pytest.approx(1, abs=0.1)
    assert described["decay"][1] == pytest.approx(described["decay"][0], abs=0.01)
    assert all(np.isnan(values[2]) for values in described.values())


def test_a_run_of_few_sounds_has_none(tone_run):
    assert directions_of(tone_run) == {}
    assert table_rows({}) == [["direction", "what it changes", "R²", "holds", "sounds"]]
    with pytest.raises(UserError, match=r"no direction 'decay' in .*: choose one of none, because it has too few"):
        direction_named(tone_run, "decay")


def test_sounds_without_a_pitch_on_one_side_do_not_count(toy, monkeypatch):
    latents, labels, described = toy
    run = SimpleNamespace(decode=lambda each: each, config=SimpleNamespace(audio=SimpleNamespace(rate_hz=8000)))
    direction = find_directions(latents, labels, described)["decay"]
    sides = iter([np.array([8.0, 8, np.nan, 8]), np.array([np.nan, 9, 9, 7])])
    monkeypatch.setattr(directions, "described_by", lambda *_: {"decay": next(sides)})
    assert directions._holds(run, direction, latents, labels, described["decay"]) == 0.5
    monkeypatch.setattr(directions, "described_by", lambda *_: {"decay": np.full(4, np.nan)})
    assert directions._holds(run, direction, latents, labels, described["decay"]) == 0
