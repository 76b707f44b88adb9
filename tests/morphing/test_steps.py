"""Steps as sounds: paths, mixes, spacing."""

import dataclasses

import numpy as np
import pytest

from audio_vae.audio import descriptors
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.morphing.given import Given
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Scorer
from audio_vae.morphing.steps import crossfade, make_crossfade, make_path, score_tracks
from audio_vae.runs.run import Run

T = 512
RATE_HZ = 8000
_CENTROID = "spectral_centroid_octaves"

FADING = np.exp(-np.arange(T) / 55).astype(np.float32)
"""A decay that ends within T, as that of a sound does."""


@pytest.fixture
def ends(tone_run):
    """Two ends whose latents are 0 and 1 on the first axis."""
    made = [parse_endpoint(name, tone_run, tone_run.sounds) for name in ("low:0", "it's high:0")]
    return [dataclasses.replace(end, latent=np.float32([place, 0, 0])) for place, end in enumerate(made)]


def test_crossfade_by_hand():
    mixes = crossfade([np.float32([1, 0, -1]), np.float32([0, 1, 1])], np.linspace(0, 1, 3))
    np.testing.assert_array_equal(mixes, [[1, 0, -1], [0.5, 0.5, 0], [0, 1, 1]])


def test_mixes_that_are_cut_do_not_click(tone_run, ends):
    long = dataclasses.replace(ends[1], given=Given(np.ones((4 * T, 1), np.float32), RATE_HZ))
    mix = make_crossfade(tone_run, [ends[0], long], PathOptions(steps=3, length="A"))
    assert len(mix.steps[1].samples) == len(ends[0].given.samples)
    assert abs(mix.steps[1].samples[-1, 0]) < 1e-6 < np.abs(mix.steps[1].samples[-200, 0])


class TestTracks:
    def test_path_is_decoded_and_its_points_are_what_it_could_be_a_mix_of(self, tone_run, ends):
        options = PathOptions(steps=3, length="full", render="model")
        path, warnings = make_path(tone_run, ends, options)
        mix = make_crossfade(tone_run, ends, options)
        np.testing.assert_array_equal(path.latents, [[0, 0, 0], [0.5, 0, 0], [1, 0, 0]])
        np.testing.assert_allclose(path.decoded, tone_run.decode(path.latents), atol=1e-6)
        # What the toy decoder makes still rings at its end, and is faded out there.
        heard = slice(T - round(tone_run.config.audio.fade_s * RATE_HZ))
        np.testing.assert_allclose(path.ends[:, heard], path.uncut[[0, 2], heard], atol=1e-6)
        np.testing.assert_allclose(path.uncut[[0, 2], heard], path.decoded[[0, 2], heard], atol=1e-6)
        np.testing.assert_array_equal(mix.ends, [end.audio for end in ends])
        assert mix.latents is None
        assert warnings == []

    def test_decoded_steps_are_as_loud_and_bright_as_what_lies_between_the_ends(self, tone_run, ends, monkeypatch):
        """The toy decoder's middle has the peak of its ends, twenty times their power, and is brighter than both."""

        def decode(self, latents):
            times = np.arange(T) / RATE_HZ
            place = latents[:, :1].astype(np.float64)
            middle = 4 * place * (1 - place)
            tone = np.sin(2 * np.pi * 500 * times) + middle * np.sin(2 * np.pi * 2000 * times)
            return (tone * np.exp(-times / np.where(middle > 0.5, 1.0, 0.01))).astype(np.float32)

        monkeypatch.setattr(Run, "decode", decode)
        path, _ = make_path(tone_run, ends, PathOptions(steps=3, length="full", render="model"))
        described = [descriptors.describe(step.samples, RATE_HZ) for step in path.steps]
        loudness_db, octaves = ([getattr(each, name) for each in described] for name in ("loudness_db", _CENTROID))
        np.testing.assert_allclose(loudness_db[1], np.mean([loudness_db[0], loudness_db[2]]), atol=0.1)
        plain = [descriptors.describe(each, RATE_HZ).spectral_centroid_octaves for each in path.decoded]
        assert plain[1] - plain[0] > 0.3
        assert octaves[1] - octaves[0] < 0.5 * (plain[1] - plain[0])
        np.testing.assert_allclose(
            path.uncut[1] / np.abs(path.uncut[1]).max() * np.abs(path.steps[1].samples).max(),
            path.steps[1].samples[:, 0],
            atol=1e-5,
        )

    def test_silent_steps_stay_silent(self, tone_run, ends, monkeypatch):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.zeros((len(latents), T), np.float32))
        path, _ = make_path(tone_run, ends, PathOptions(steps=3, length="full", render="model"))
        assert not any(step.samples.any() for step in path.steps)

    def test_through_a_point(self, tone_run, ends):
        points = [*ends, dataclasses.replace(ends[0], latent=np.float32([1, 1, 0]))]
        path, _ = make_path(tone_run, points, PathOptions(steps=5))
        mix = make_crossfade(tone_run, points, PathOptions(steps=5))
        np.testing.assert_allclose(path.latents[:, :2], [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1]])
        np.testing.assert_array_equal(mix.uncut[[0, 2, 4]], [ends[0].audio, ends[1].audio, ends[0].audio])
        assert len(path.ends) == len(mix.ends) == 3

    def test_beyond_the_ends(self, tone_run, ends):
        options = PathOptions(steps=4, between=(-0.25, 1.25))
        path, _ = make_path(tone_run, ends, options)
        mix = make_crossfade(tone_run, ends, options)
        np.testing.assert_allclose(path.latents[:, 0], [-0.25, 0.25, 0.75, 1.25])
        np.testing.assert_allclose(mix.uncut[0], 1.25 * ends[0].audio - 0.25 * ends[1].audio, atol=1e-6)

    def test_shape_without_a_great_circle_is_told_of(self, tone_run, ends):
        _, warnings = make_path(tone_run, ends, PathOptions(shape="spherical"))
        assert len(warnings) == 1
        assert "zero of the latent space" in warnings[0]


class TestEvenSpacing:
    @pytest.fixture
    def toy_decoder(self, monkeypatch):
        """A high tone that fades, beside a low one, by decibels that go with the latent's cube: slowly at first."""

        def decode(self, latents):
            phase = 2 * np.pi * np.arange(T) / RATE_HZ
            gain = 10 ** (-2 * latents[:, :1].astype(np.float64) ** 3)
            return (FADING * (0.5 * np.sin(400 * phase) + 0.4 * gain * np.sin(2500 * phase))).astype(np.float32)

        monkeypatch.setattr(Run, "decode", decode)

    @pytest.mark.parametrize("between", [(0.0, 1.0), (0.2, 0.9)])
    def test_speed_of_a_toy_decoder_is_evened_out(self, tone_run, ends, toy_decoder, between):
        cards = {}
        for spacing in ("latent", "even"):
            options = PathOptions(length="full", spacing=spacing, between=between, render="model")
            path, _ = make_path(tone_run, ends, options)
            mix = make_crossfade(tone_run, ends, options)
            cards[spacing] = score_tracks(Scorer(tone_run, tone_run.sounds), path, mix, ends)
            assert tuple(path.positions[[0, -1]]) == between
            np.testing.assert_array_equal(mix.positions, np.linspace(*between, 9))
        assert cards["even"]["morph"]["smoothness"] < 0.3 * cards["latent"]["morph"]["smoothness"]
        # What is slow at first needs larger steps there.
        assert path.positions[1] - path.positions[0] > 2 * (path.positions[-1] - path.positions[-2])

    def test_decoder_that_does_not_move_keeps_the_latent_spacing(self, tone_run, ends, monkeypatch):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.tile(0.5 * FADING, (len(latents), 1)))
        points = [dataclasses.replace(end, peak=0.5) for end in ends]
        path, _ = make_path(tone_run, points, PathOptions(length="full", spacing="even"))
        np.testing.assert_allclose(path.positions, np.linspace(0, 1, 9))
