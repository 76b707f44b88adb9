"""Warnings of silent output, and of latents that the model has not seen."""

import numpy as np
import pytest

from audio_vae.morphing import checks
from audio_vae.morphing.checks import SeenRegion
from audio_vae.morphing.interpolation import along
from audio_vae.utils.errors import UserError


class TestCheckLevels:
    @pytest.mark.parametrize(("peaks", "n_quiet"), [([0.5, 0.009], 1), ([1e-6, 1e-9], 2)])
    def test_quiet_output_is_told_of_with_its_numbers(self, tone_run, peaks, n_quiet):
        (warning,) = checks.check_levels(tone_run, peaks, ["00", "01"])
        assert f"peak {min(peaks):.2g} of full scale, {n_quiet} of 2 sounds below 0.01" in warning

    def test_loud_output_gives_no_warning(self, tone_run):
        assert checks.check_levels(tone_run, [0.01, 1.0], ["00", "01"]) == []

    def test_silent_output_is_an_error_that_names_the_first_sounds(self, tone_run):
        names = [f"{number:02d}" for number in range(20)]
        with pytest.raises(UserError, match=r"decodes to silence \(01, 02, 03, 04, 05, 06, 07, 08, 09\): train it"):
            checks.check_levels(tone_run, [0.5] + [0.0] * 19, names)


class TestCheckSeen:
    def test_training_sounds_are_inside(self, tone_run):
        means, _ = tone_run.encode(tone_run.sounds.train.audio)
        assert checks.check_seen(tone_run, means, [str(i) for i in range(len(means))]) == []

    def test_far_point_is_told_of_by_name(self, tone_run):
        latents = np.stack([tone_run.encode(tone_run.sounds.train.audio)[0].mean(axis=0), np.full(3, 1e3)])
        (warning,) = checks.check_seen(tone_run, latents, ["00", "01"])
        assert warning.startswith("01 lies outside of what the model has seen (Mahalanobis distance up to ")
        assert "its farthest training sound has" in warning
        assert "\n" not in warning

    @pytest.mark.parametrize("n_sounds", [0, 1])
    def test_too_few_training_sounds_give_no_warning(self, tone_run, monkeypatch, n_sounds):
        monkeypatch.setattr(checks, "training_means", lambda run: np.zeros((n_sounds, 3), np.float32))
        assert checks.check_seen(tone_run, np.full((1, 3), 1e3), ["00"]) == []


class TestSeenRegion:
    def test_distance_is_mahalanobis(self, rng):
        latents = rng.normal(size=(400, 3)) * [1, 5, 0.2] + [3, 0, -1]
        region = SeenRegion.of(latents)
        points = rng.normal(size=(6, 3))
        expected = [np.sqrt((p - region.centre) @ region.precision @ (p - region.centre)) for p in points]
        np.testing.assert_allclose(region.distances(points), expected)
        # With many sounds there is hardly any shrinking.
        np.testing.assert_allclose(np.linalg.inv(region.precision), np.cov(latents.T, bias=True), rtol=0.1, atol=0.3)

    def test_holds_every_training_sound_and_what_lies_between(self, rng):
        latents = rng.normal(size=(12, 30)).astype(np.float32)
        region = SeenRegion.of(latents)
        assert region.distances(latents).max() <= region.limit
        between = along(latents, np.linspace(0, 1, 200))
        assert (region.distances(between) <= region.limit * (1 + 1e-9)).all()

    def test_far_beyond_is_outside(self, rng):
        latents = rng.normal(size=(50, 4))
        region = SeenRegion.of(latents)
        assert (region.distances(along(latents[:2], [-9, 10])) > region.limit).all()

    def test_sounds_at_one_point_give_no_nan(self):
        region = SeenRegion.of(np.ones((5, 3)))
        assert np.isfinite(region.limit)
        assert np.isfinite(region.distances(np.zeros((2, 3)))).all()

    def test_takes_two_sounds(self):
        with pytest.raises(ValueError, match="Expected 2 training sounds or more, received: 1"):
            SeenRegion.of(np.zeros((1, 3)))
