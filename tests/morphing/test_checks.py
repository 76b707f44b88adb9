"""Warnings of silent output, and of ends that the model cannot render."""

import dataclasses

import numpy as np
import pytest

from audio_vae.morphing import checks
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.runs.run import Run
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


class TestCheckEnds:
    @pytest.fixture
    def perfect(self, tone_run, monkeypatch):
        """A run whose model gives each sound back, but for a little noise."""
        run = Run(tone_run.path, tone_run.config)
        noise = np.random.default_rng(0).standard_normal(512).astype(np.float32)
        monkeypatch.setattr(Run, "encode", lambda self, audio: (audio, audio))
        monkeypatch.setattr(Run, "decode", lambda self, latents: 0.5 * latents + 1e-3 * noise)
        return run

    def test_a_sound_of_the_training_is_rendered(self, perfect):
        points = [parse_endpoint(name, perfect, perfect.sounds) for name in ("low:0", "low")]
        distances_db = checks.model_distances_db(perfect, points, perfect.decode(np.stack([p.audio for p in points])))
        assert max(distances_db) < 5
        assert checks.check_ends(perfect, points, [99.0, 99.0]) == []

    def test_a_file_that_is_rendered_badly_is_named(self, perfect):
        known = [parse_endpoint(name, perfect, perfect.sounds) for name in ("low:0", "it's high:0")]
        points = [dataclasses.replace(point, kind="file") for point in known]
        other = perfect.decode(np.stack([points[0].audio, points[0].audio]))
        distances_db = checks.model_distances_db(perfect, points, other)
        (warning,) = checks.check_ends(perfect, points, distances_db)
        assert warning.startswith(
            f"the model cannot render it's high:0 (what it makes of it is {distances_db[1]:.1f} dB away from it, and at"
        )
        assert checks.check_ends(perfect, known, distances_db) == []

    def test_silence_has_no_distance(self, perfect):
        point = parse_endpoint("low:0", perfect, perfect.sounds)
        silent = dataclasses.replace(point, audio=np.zeros(512, np.float32))
        assert checks.model_distances_db(perfect, [silent], np.zeros((1, 512), np.float32)) == [None]
        assert checks.check_ends(perfect, [silent], [None]) == []

    def test_training_sounds_are_compared_only_while_it_matters(self, perfect, monkeypatch):
        point = dataclasses.replace(parse_endpoint("low:0", perfect, perfect.sounds), kind="file")
        n_train = len(perfect.sounds.train)
        compared = []

        def distances_db(sounds, others, rate_hz):
            compared.append(float(len(compared)))
            return np.array(compared[-1:])

        monkeypatch.setattr(checks.fidelity, "distances_db", distances_db)
        for distance_db, n_compared in ((1.0, 2), (0.5, 2), (2.5, 4)):
            assert checks.check_ends(perfect, [point], [distance_db]) == []
            assert len(compared) == n_compared
        (warning,) = checks.check_ends(perfect, [point], [99.0])
        assert f"at most {n_train - 1:.1f} dB of a training sound" in warning
        assert len(compared) == n_train > 4

    @pytest.mark.parametrize("n_sounds", [0, 1])
    def test_too_few_training_sounds_give_no_warning(self, perfect, n_sounds):
        point = dataclasses.replace(parse_endpoint("low:0", perfect, perfect.sounds), kind="file")
        perfect.__dict__["sounds"] = perfect.sounds.take(np.arange(n_sounds))
        assert checks.check_ends(perfect, [point], [99.0]) == []
