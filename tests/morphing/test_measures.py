"""The measures of a morph's scorecard, on sounds whose figures are known."""

import itertools
import json

import numpy as np
import pytest

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.features import mfcc
from audio_vae.morphing import measures as scoring
from audio_vae.morphing.measures import (
    MEASURES,
    compare,
    confidences,
    intermediateness,
    judge_sounds,
    nearest_real,
    scorecard,
    smoothness,
    spectral_residuals,
    step_distances,
    waveform_residuals,
)

RATE_HZ = 8000


def line(values):
    """MFCCs that are all of one value, a step for each."""
    return [np.full((4, 3), float(value)) for value in values]


def tone(frequency_hz, n_samples=2048, phase=0.0):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / RATE_HZ + phase)


class TestSteps:
    @pytest.mark.parametrize("n_steps", [2, 3, 8, 9, 10, 17, 40])
    def test_distances_equal_those_of_single_pairs(self, rng, n_steps):
        steps = list(rng.normal(size=(n_steps, 6, 4)))
        expected = [dtw_matrix([a], [b])[0, 0] for a, b in itertools.pairwise(steps)]
        np.testing.assert_allclose(step_distances(steps), expected)

    def test_straight_line(self):
        steps = line(np.linspace(0, 1, 6))
        np.testing.assert_allclose(step_distances(steps), np.sqrt(12) / 5)
        assert smoothness(step_distances(steps)) == pytest.approx(0, abs=1e-9)
        assert intermediateness(steps) == pytest.approx(1)

    def test_leap(self):
        steps = line([0, 0, 0, 1])
        assert smoothness(step_distances(steps)) == pytest.approx(np.sqrt(2))
        assert 0 < intermediateness(steps) < 1

    def test_back_and_forth_has_no_order(self):
        assert intermediateness(line([0, 5, -5, 5, -5, 0])) == pytest.approx(0, abs=0.2)

    def test_no_movement(self):
        steps = line([1, 1, 1])
        assert smoothness(step_distances(steps)) == 0
        assert intermediateness(steps) == 0


class TestValidity:
    def test_nearest_by_hand(self):
        distances, which = nearest_real(line([0, 4, 9]), line([1, 10]))
        np.testing.assert_allclose(distances, np.sqrt(12) * np.array([1, 3, 1]))
        assert which.tolist() == [0, 0, 1]

    def test_confidence_is_the_largest_probability(self):
        np.testing.assert_array_equal(confidences(np.array([[0.2, 0.7, 0.1], [0.4, 0.3, 0.3]])), [0.7, 0.4])


class TestNotAMix:
    def test_crossfade_has_no_residual_of_its_waveform(self, rng):
        ends = rng.normal(size=(2, 500))
        mixes = [(1 - share) * ends[0] + share * ends[1] for share in np.linspace(-0.25, 1.25, 7)]
        np.testing.assert_allclose(waveform_residuals(np.stack(mixes), ends), 0, atol=1e-12)

    def test_waveform_residual_equals_least_squares_by_hand(self, rng):
        sound, ends = rng.normal(size=500), rng.normal(size=(2, 500))
        gram = np.array([[a @ b for b in ends] for a in ends])
        fit = np.linalg.solve(gram, ends @ sound) @ ends
        expected = np.sum((sound - fit) ** 2) / np.sum(sound**2)
        assert waveform_residuals(sound[np.newaxis], ends)[0] == pytest.approx(expected)
        assert expected > 0.95

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
    def test_crossfade_of_different_tones_is_a_mix(self, share):
        ends = np.stack([tone(500), tone(2000)])
        mix = (1 - share) * ends[0] + share * ends[1]
        assert spectral_residuals([mix], ends, RATE_HZ)[0] < 0.01

    def test_tone_between_two_tones_is_no_mix(self):
        ends = np.stack([tone(500), tone(2000)])
        assert spectral_residuals([tone(1000)], ends, RATE_HZ)[0] > 0.95

    def test_phase_is_no_news_to_the_spectrum(self):
        ends = np.stack([tone(500), tone(2000)])
        turned = tone(500, phase=np.pi / 2) + tone(2000, phase=np.pi / 2)
        assert spectral_residuals([turned], ends, RATE_HZ)[0] < 0.01
        assert waveform_residuals([turned], ends)[0] > 0.95

    @pytest.mark.parametrize("gain", [1e-6, 1.0, 1e3])
    def test_level_does_not_decide(self, rng, gain):
        sounds, ends = rng.normal(size=(3, 2048)), rng.normal(size=(2, 2048))
        for residuals in (spectral_residuals(sounds, ends, RATE_HZ), waveform_residuals(sounds, ends)):
            assert ((residuals > 0) & (residuals < 1)).all()
        np.testing.assert_allclose(
            spectral_residuals(gain * sounds, ends, RATE_HZ), spectral_residuals(sounds, ends, RATE_HZ), rtol=1e-6
        )
        np.testing.assert_allclose(waveform_residuals(gain * sounds, ends), waveform_residuals(sounds, ends), rtol=1e-6)

    @pytest.mark.parametrize("ends", [np.zeros((2, 2048)), np.stack([tone(500), np.zeros(2048)])], ids=["both", "one"])
    def test_silence_gives_no_nan(self, ends):
        sounds = np.stack([np.zeros(2048), tone(500)])
        for residuals in (spectral_residuals(sounds, ends, RATE_HZ), waveform_residuals(sounds, ends)):
            assert residuals[0] == 0
            assert residuals[1] == pytest.approx(0.0 if ends.any() else 1.0, abs=1e-6)

    def test_three_ends(self):
        ends = np.stack([tone(500), tone(1000), tone(2000)])
        assert spectral_residuals([ends.sum(axis=0)], ends[:2], RATE_HZ)[0] > 0.2
        assert spectral_residuals([ends.sum(axis=0)], ends, RATE_HZ)[0] < 0.01


class TestScorecard:
    @pytest.fixture
    def steps(self):
        return np.stack([tone(frequency_hz) for frequency_hz in (500, 700, 1000, 1400, 2000)])

    @pytest.fixture
    def probabilities(self):
        return np.array([[1, 0], [0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0, 1]])

    def test_every_measure(self, steps, probabilities):
        mfccs = [mfcc(step, RATE_HZ) for step in steps]
        real = {"low": mfccs[0], "high": mfccs[-1]}
        judged = judge_sounds(
            mfccs,
            steps,
            steps[[0, -1]],
            RATE_HZ,
            real=real,
            probabilities=probabilities,
            latent_probabilities=probabilities[::-1],
        )
        card = scorecard(mfccs, judged)
        assert card == json.loads(json.dumps(card))
        assert set(MEASURES) <= set(card)
        assert card["smoothness"] == smoothness(step_distances(mfccs))
        assert card["intermediateness"] == intermediateness(mfccs)
        assert card["nearest_real_names"][0] == "low"
        assert card["nearest_real_distances"][0] == card["nearest_real_distances"][-1] == 0
        assert card["nearest_real_distance"] == pytest.approx(np.mean(card["nearest_real_distances"][1:4]))
        assert card["confidence"] == pytest.approx((0.9 + 0.6 + 0.8) / 3)
        assert card["latent_confidences"] == [1, 0.8, 0.6, 0.9, 1]
        assert card["not_a_mix"] == pytest.approx(np.mean(card["spectral_residuals"][1:4]))
        assert card["not_a_mix"] > 0.9

    def test_what_is_not_known_is_none(self, steps):
        mfccs = [mfcc(step, RATE_HZ) for step in steps]
        card = scorecard(mfccs, judge_sounds(mfccs, steps, steps[[0, -1]], RATE_HZ))
        assert card["nearest_real_distance"] is card["confidence"] is card["latent_confidence"] is None
        assert "nearest_real_names" not in card

    def test_two_steps_have_nothing_between(self, steps):
        mfccs = [mfcc(step, RATE_HZ) for step in steps[:2]]
        card = scorecard(mfccs, judge_sounds(mfccs, steps[:2], steps[:2], RATE_HZ))
        assert card["not_a_mix"] is None
        assert card["smoothness"] == 0

    def test_silence_gives_no_nan(self):
        steps = np.zeros((4, 2048))
        mfccs = [mfcc(step, RATE_HZ) for step in steps]
        card = scorecard(mfccs, judge_sounds(mfccs, steps, steps[:2], RATE_HZ, real={"a": mfccs[0]}))
        assert json.dumps(card, allow_nan=False)


GOOD = {
    "smoothness": 0.1,
    "intermediateness": 1.0,
    "nearest_real_distance": 10.0,
    "confidence": 0.9,
    "not_a_mix": 0.8,
}
BAD = {
    "smoothness": 0.5,
    "intermediateness": 0.4,
    "nearest_real_distance": 99.0,
    "confidence": 0.3,
    "not_a_mix": 0.1,
}


class TestCompare:
    @pytest.mark.parametrize("key", list(MEASURES))
    def test_better_in_the_direction_of_the_measure(self, key):
        assert compare(GOOD, BAD)[key]["better"] == "morph"
        assert compare(BAD, GOOD)[key]["better"] == "crossfade"
        assert compare(GOOD, GOOD)[key]["better"] == "equal"
        assert compare(GOOD, BAD)[key]["crossfade"] == BAD[key]

    def test_what_is_not_known_has_no_winner(self):
        known = compare({**GOOD, "confidence": None}, BAD)
        assert known["confidence"] == {"morph": None, "crossfade": 0.3, "better": None}

    def test_measures_that_only_one_has_are_left_out(self):
        assert list(compare({"not_a_mix": 0.5, "confidence": 1}, {"not_a_mix": 0.4}, ("a", "b"))) == ["not_a_mix"]

    def test_every_measure_of_single_sounds_is_one(self):
        assert set(scoring.SOUND_MEASURES) <= set(MEASURES)
