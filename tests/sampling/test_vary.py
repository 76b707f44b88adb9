"""Variations of a sound, in memory and as a folder."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.audio.fidelity import distance_db
from audio_vae.kits.write import KitOptions
from audio_vae.morphing.endpoints import array_endpoint, parse_endpoint
from audio_vae.sampling.directions import described_by
from audio_vae.sampling.made_variations import FULL_AMOUNT_DB, make_variations
from audio_vae.sampling.novelty import training_sounds
from audio_vae.sampling.vary import vary
from audio_vae.utils.errors import UserError

RATE_HZ = 8000


@pytest.fixture
def point(toy_run):
    known = training_sounds(toy_run)
    return dataclasses.replace(parse_endpoint("low:0", toy_run, toy_run.sounds), latent=known.latents[0])


class TestMake:
    @pytest.mark.parametrize("render", ["sound", "model"])
    def test_distance_grows_in_a_straight_line(self, toy_run, point, render):
        amounts = np.array([0.1, 0.2, 0.3, 0.4])
        means = []
        for amount in amounts:
            made = make_variations(toy_run, point, amount, 4, seed=7, render=render)
            itself = make_variations(toy_run, point, 0, 1, render=render).sounds[0].given
            measured = [distance_db(itself.mono, each.given.mono, RATE_HZ) for each in made.sounds]
            np.testing.assert_allclose(measured, [each.distance_db for each in made.sounds], atol=1e-6)
            means.append(np.mean(measured))
        np.testing.assert_allclose(means, FULL_AMOUNT_DB * amounts, rtol=0.12)

    def test_amount_0_is_the_sound_sample_for_sample(self, toy_run):
        stereo = np.stack([decaying_tone(0.2, 44100), -0.3 * decaying_tone(0.2, 44100)], axis=1).astype(np.float32)
        made = make_variations(toy_run, array_endpoint(stereo, 44100, toy_run), 0, 2)
        for each in made.sounds:
            np.testing.assert_array_equal(each.given.samples, stereo)
            assert (each.given.rate_hz, each.distance_db) == (44100, 0)

    def test_variations_keep_rate_length_and_channels(self, toy_run):
        stereo = np.stack([decaying_tone(0.1, 44100), 0.3 * decaying_tone(0.1, 44100)], axis=1).astype(np.float32)
        made = make_variations(toy_run, array_endpoint(stereo, 44100, toy_run), 0.2, 2)
        for each in made.sounds:
            assert (each.given.samples.shape, each.given.rate_hz) == (stereo.shape, 44100)
            assert not np.array_equal(each.given.samples, stereo)

    def test_the_same_seed_gives_the_same_sounds(self, toy_run, point):
        first, again, other = (make_variations(toy_run, point, 0.2, 2, seed=seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first.sounds[1].given.samples, again.sounds[1].given.samples)
        assert not np.array_equal(first.sounds[1].latent, other.sounds[1].latent)

    def test_along_a_direction(self, toy_run, point):
        made = make_variations(toy_run, point, 0.4, 5, along="decay")
        assert [each.amount for each in made.sounds] == pytest.approx([-0.4, -0.2, 0, 0.2, 0.4])
        decays = described_by(np.stack([each.given.mono for each in made.sounds]), RATE_HZ)["decay"]
        assert np.all(np.diff(decays) > 0)
        assert [each.name for each in made.sounds][:2] == ["low_0-decay-000", "low_0-decay-001"]

    def test_a_direction_that_does_not_hold_is_told_of(self, toy_run, point, monkeypatch):
        monkeypatch.setattr("audio_vae.sampling.made_variations.DOUBTFUL", 1.1)
        (warning,) = make_variations(toy_run, point, 0.1, 1, along="decay").warnings
        assert warning.startswith("the direction of decay is a guess: it holds for ")

    def test_a_distance_that_cannot_be_reached_is_told_of(self, toy_run, point, monkeypatch):
        before = toy_run.decode(point.latent[None])
        monkeypatch.setattr(type(toy_run), "decode", lambda self, latents: np.repeat(before, len(latents), axis=0))
        made = make_variations(toy_run, point, 0.5, 2)
        assert made.warnings[0].startswith("2 of 2 variations are not as far from the sound as asked for, but 0.0 ")

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"amount": 5}, "the amount 5 cannot be used: give 0 to 1"),
            ({"amount": -0.1}, "the amount -0.1 cannot be used: give 0 to 1"),
            ({"amount": float("nan")}, "the amount nan cannot be used"),
            ({"amount": -2, "along": "decay"}, "the amount -2 cannot be used: give -1 to 1"),
            ({"n": 0}, "0 variations cannot be made"),
            ({"along": "colour"}, "no direction 'colour' in .*: choose one of brightness, decay"),
            ({"render": "paint"}, "unknown render 'paint'"),
            ({"seed": -3}, "the seed -3 cannot be used"),
        ],
    )
    def test_what_cannot_be_made(self, toy_run, point, arguments, match):
        with pytest.raises(UserError, match=match):
            make_variations(toy_run, point, **arguments)


class TestFolder:
    def test_files(self, toy_run, tmp_path):
        path = write_sound(tmp_path / "my own.wav", decaying_tone(0.1), RATE_HZ)
        made = vary(toy_run, str(path), tmp_path / "v", amount=0, n=2, seed=7, subtype="FLOAT")
        names = sorted(each.name for each in (tmp_path / "v").iterdir())
        stem = names[0].removesuffix("-seed7-000.wav")
        assert stem.startswith("my_own")
        assert names == [f"{stem}-seed7-000.wav", f"{stem}-seed7-001.wav", "vary.json", "vary.png"]
        assert (tmp_path / "v" / names[0]).read_bytes() == (tmp_path / "v" / names[1]).read_bytes()
        given, written = (soundfile.read(each)[0] for each in (path, tmp_path / "v" / names[0]))
        np.testing.assert_array_equal(given, written)
        stored = json.loads((tmp_path / "v" / "vary.json").read_text(encoding="utf-8"))
        assert stored == json.loads(json.dumps(made.sidecar))
        assert (stored["amount"], stored["seed"], stored["kit"]) == (0, 7, None)

    def test_a_kit_without_room_is_refused_before_anything_is_made(self, toy_run, tmp_path, monkeypatch):
        monkeypatch.setattr("audio_vae.sampling.vary.make_variations", None)
        with pytest.raises(UserError, match="17 sounds of low_1 are too many for a kit of hydrogen"):
            vary(toy_run, "low:1", tmp_path / "v", n=17, kit=KitOptions(("hydrogen",), "round-robin"))
        assert not (tmp_path / "v").exists()

    @pytest.mark.usefixtures("no_pictures")
    def test_default_folder_and_another_one(self, toy_run, tmp_path):
        assert vary(toy_run, "low:1", n=1, amount=0).folder == toy_run.path / "variations" / "low_1-seed0"
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(UserError, match=r"holds other files \(no vary.json\)"):
            vary(toy_run, "low:1", tmp_path, n=1, amount=0)


def test_the_help_says_what_variations_keep(run):
    code, out, _ = run("drums", "vary", "--help")
    assert code == 0
    assert "With --render sound, they keep its rate (up to 48 kHz), length (up to 60 s) and channels." in " ".join(
        out.split()
    )
