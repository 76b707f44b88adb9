"""Steps as sounds: mixes, levels, lengths, spacing."""

import dataclasses

import numpy as np
import pytest

from audio_vae.morphing import levels
from audio_vae.morphing import steps as tracks
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.morphing.levels import step_lengths, step_levels
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Judge
from audio_vae.morphing.steps import crossfade, make_tracks
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

T = 512
RATE_HZ = 8000


@pytest.fixture
def ends(tone_run):
    """Two ends whose latents are 0 and 1 on the first axis."""
    made = [parse_endpoint(name, tone_run, tone_run.sounds) for name in ("low:0", "it's high:0")]
    return [dataclasses.replace(end, latent=np.float32([place, 0, 0])) for place, end in enumerate(made)]


class TestSteps:
    def test_crossfade_by_hand(self):
        mixes = crossfade([np.float32([1, 0, -1]), np.float32([0, 1, 1])], np.linspace(0, 1, 3))
        np.testing.assert_array_equal(mixes, [[1, 0, -1], [0.5, 0.5, 0], [0, 1, 1]])

    def test_levels_are_even_in_decibels(self):
        np.testing.assert_allclose(step_levels([0.01, 1.0], np.linspace(0, 1, 3)), [0.01, 0.1, 1.0])

    def test_levels_stay_within_full_scale(self):
        assert step_levels([4.0, 0.25], np.linspace(0, 1, 3)).tolist() == [1.0, 1.0, 0.25]

    def test_levels_through_a_point_and_beyond(self):
        np.testing.assert_allclose(step_levels([0.01, 0.1, 0.1], [-0.5, 0.25, 0.5, 1]), [0.001, 10**-1.5, 0.1, 0.1])

    @pytest.mark.parametrize(
        ("length", "expected"),
        [("A", [100] * 3), ("B", [201] * 3), ("interpolate", [100, 150, 201]), ("full", [512] * 3)],
    )
    def test_lengths(self, length, expected):
        assert step_lengths([100, 201], 512, np.linspace(0, 1, 3), length) == expected

    def test_lengths_beyond_the_ends_are_of_some_use(self):
        assert step_lengths([100, 400], 512, [-1, 0, 1, 2], "interpolate") == [100, 100, 400, 512]

    @pytest.mark.parametrize("peak", [0.25, 1e-38, 1e-45])
    def test_gain_of_a_nearly_silent_sound_does_not_overflow(self, peak):
        levelled = levels.to_level(np.float32([0, peak, -peak]), 0.5)
        np.testing.assert_allclose(levelled, [0, 0.5, -0.5])

    def test_silence_is_not_amplified(self):
        assert not levels.to_level(np.zeros(4, np.float32), 0.5).any()

    @pytest.mark.parametrize(("steps", "expected"), [(2, ["00", "01"]), (101, ["000", "100"])])
    def test_names(self, steps, expected):
        names = tracks.step_names(steps)
        assert [names[0], names[-1]] == expected


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"steps": 1}, "a morph of 1 steps has no start and end: give 2 steps or more"),
            ({"length": "C"}, "unknown length 'C': choose one of A, B, interpolate, full"),
            ({"shape": "wavy"}, "unknown shape 'wavy': choose one of linear, spherical"),
            ({"spacing": "odd"}, "unknown spacing 'odd': choose one of latent, even"),
            ({"between": (1.0, 0.0)}, "cannot go from position 1 to 0: give two positions that rise"),
            ({"between": (0.5, 0.5)}, "give two positions that rise"),
            ({"between": (-11.0, 1.0)}, "from -10 to 10"),
            ({"between": (float("nan"), 1.0)}, "give two positions that rise"),
            ({"between": (0.0, float("inf"))}, "give two positions that rise"),
        ],
    )
    def test_unusable_value(self, options, match):
        with pytest.raises(UserError, match=match):
            PathOptions(**options)


class TestTracks:
    def test_path_is_decoded_and_its_points_are_what_it_could_be_a_mix_of(self, tone_run, ends):
        path, mix, warnings = make_tracks(tone_run, ends, PathOptions(steps=3, length="full"))
        np.testing.assert_array_equal(path.latents, [[0, 0, 0], [0.5, 0, 0], [1, 0, 0]])
        np.testing.assert_allclose(path.whole, tone_run.decode(path.latents), atol=1e-6)
        np.testing.assert_allclose(path.ends, path.whole[[0, 2]], atol=1e-6)
        np.testing.assert_array_equal(mix.ends, [end.audio for end in ends])
        assert mix.latents is None
        assert warnings == []

    def test_through_a_point(self, tone_run, ends):
        points = [*ends, dataclasses.replace(ends[0], latent=np.float32([1, 1, 0]))]
        path, mix, _ = make_tracks(tone_run, points, PathOptions(steps=5))
        np.testing.assert_allclose(path.latents[:, :2], [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1]])
        np.testing.assert_array_equal(mix.whole[[0, 2, 4]], [ends[0].audio, ends[1].audio, ends[0].audio])
        assert len(path.ends) == len(mix.ends) == 3

    def test_beyond_the_ends(self, tone_run, ends):
        path, mix, _ = make_tracks(tone_run, ends, PathOptions(steps=4, between=(-0.25, 1.25)))
        np.testing.assert_allclose(path.latents[:, 0], [-0.25, 0.25, 0.75, 1.25])
        np.testing.assert_allclose(mix.whole[0], 1.25 * ends[0].audio - 0.25 * ends[1].audio, atol=1e-6)

    def test_shape_without_a_great_circle_is_told_of(self, tone_run, ends):
        _, _, warnings = make_tracks(tone_run, ends, PathOptions(shape="spherical"))
        assert len(warnings) == 1
        assert "zero of the latent space" in warnings[0]


class TestEvenSpacing:
    @pytest.fixture
    def toy_decoder(self, monkeypatch):
        """A high tone that fades, beside a low one, by decibels that go with the latent's cube: slowly at first."""

        def decode(self, latents):
            phase = 2 * np.pi * np.arange(T) / RATE_HZ
            gain = 10 ** (-2 * latents[:, :1].astype(np.float64) ** 3)
            return (0.5 * np.sin(400 * phase) + 0.4 * gain * np.sin(2500 * phase)).astype(np.float32)

        monkeypatch.setattr(Run, "decode", decode)

    @pytest.mark.parametrize("between", [(0.0, 1.0), (0.2, 0.9)])
    def test_speed_of_a_toy_decoder_is_evened_out(self, tone_run, ends, toy_decoder, between):
        cards = {}
        for spacing in ("latent", "even"):
            options = PathOptions(length="full", spacing=spacing, between=between)
            path, mix, _ = make_tracks(tone_run, ends, options)
            cards[spacing] = tracks.judge_tracks(Judge(tone_run, tone_run.sounds), path, mix)
            assert tuple(path.positions[[0, -1]]) == between
            np.testing.assert_array_equal(mix.positions, np.linspace(*between, 9))
        assert cards["even"]["morph"]["smoothness"] < 0.3 * cards["latent"]["morph"]["smoothness"]
        # What is slow at first needs larger steps there.
        assert path.positions[1] - path.positions[0] > 2 * (path.positions[-1] - path.positions[-2])

    def test_decoder_that_does_not_move_keeps_the_latent_spacing(self, tone_run, ends, monkeypatch):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), 0.5, np.float32))
        path, _, _ = make_tracks(tone_run, ends, PathOptions(length="full", spacing="even"))
        np.testing.assert_allclose(path.positions, np.linspace(0, 1, 9))


class TestUnseen:
    def test_training_sounds_are_inside(self, tone_run):
        means, _ = tone_run.encode(tone_run.sounds.train.audio)
        assert tracks.warn_of_unseen(tone_run, means, [str(i) for i in range(len(means))]) == []

    def test_far_point_is_told_of_by_name(self, tone_run):
        latents = np.stack([tone_run.encode(tone_run.sounds.train.audio)[0].mean(axis=0), np.full(3, 1e3)])
        (warning,) = tracks.warn_of_unseen(tone_run, latents, ["00", "01"])
        assert warning.startswith("01 lies outside of what the model has seen (Mahalanobis distance up to ")
        assert "its farthest training sound has" in warning
        assert "\n" not in warning

    @pytest.mark.parametrize("n_sounds", [0, 1])
    def test_too_few_training_sounds_give_no_warning(self, tone_run, monkeypatch, n_sounds):
        monkeypatch.setattr(tracks, "training_means", lambda run: np.zeros((n_sounds, 3), np.float32))
        assert tracks.warn_of_unseen(tone_run, np.full((1, 3), 1e3), ["00"]) == []
