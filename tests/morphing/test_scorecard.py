"""Scorecards, and which of two is better."""

import json

import numpy as np
import pytest
from sound_files import tone

from audio_vae.audio.descriptors import describe
from audio_vae.audio.features import mfcc
from audio_vae.morphing.measures import MEASURES, in_ranges, intermediateness, outside, smoothness, step_distances
from audio_vae.morphing.scorecard import SOUND_MEASURES, compare, score_sounds, scorecard

RATE_HZ = 8000


def descriptors_of(steps):
    return np.array([describe(step, RATE_HZ) for step in steps])


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
        scores = score_sounds(
            mfccs,
            steps,
            steps[[0, -1]],
            RATE_HZ,
            real=real,
            class_names=("bell", "drum"),
            probabilities=probabilities,
            latent_probabilities=probabilities[::-1],
        )
        card = scorecard(mfccs, scores, descriptors_of(steps), [0.0, 4.0])
        assert card == json.loads(json.dumps(card))
        assert set(MEASURES) <= set(card)
        assert card["smoothness"] == smoothness(step_distances(mfccs))
        assert card["intermediateness"] == intermediateness(mfccs)
        assert card["nearest_real_names"][0] == "low"
        assert card["nearest_real_distances"][0] == card["nearest_real_distances"][-1] == 0
        assert card["nearest_real_distance"] == pytest.approx(np.mean(card["nearest_real_distances"][1:4]))
        assert card["confidence"] == pytest.approx((0.9 + 0.6 + 0.8) / 3)
        assert card["confidence_classes"] == ["bell", "bell", "bell", "drum", "drum"]
        assert card["latent_confidences"] == [1, 0.8, 0.6, 0.9, 1]
        assert card["latent_confidence_classes"] == ["drum", "drum", "bell", "bell", "bell"]
        assert card["not_a_mix"] == pytest.approx(np.mean(card["spectral_residuals"][1:4]))
        assert card["not_a_mix"] > 0.9
        assert card["outside"] == pytest.approx(outside(in_ranges(descriptors_of(steps))).mean())
        assert card["end_distance_db"] == 2
        assert card["descriptors"]["decay_ms"] == descriptors_of(steps)[:, 1].tolist()

    def test_what_is_not_known_is_none(self, steps):
        mfccs = [mfcc(step, RATE_HZ) for step in steps]
        card = scorecard(mfccs, score_sounds(mfccs, steps, steps[[0, -1]], RATE_HZ), descriptors_of(steps), [0.0, None])
        assert card["nearest_real_distance"] is card["confidence"] is card["latent_confidence"] is None
        assert card["end_distance_db"] is None
        assert "nearest_real_names" not in card

    def test_two_steps_have_nothing_between(self, steps):
        mfccs = [mfcc(step, RATE_HZ) for step in steps[:2]]
        card = scorecard(
            mfccs, score_sounds(mfccs, steps[:2], steps[:2], RATE_HZ), descriptors_of(steps[:2]), [0.0, 0.0]
        )
        assert card["not_a_mix"] is None
        assert card["smoothness"] == 0
        assert card["outside"] is card["worst"] is card["roughness"] is card["non_linearity"] is None

    def test_silence_gives_no_nan(self):
        steps = np.zeros((4, 2048))
        mfccs = [mfcc(step, RATE_HZ) for step in steps]
        scores = score_sounds(mfccs, steps, steps[:2], RATE_HZ, real={"a": mfccs[0]})
        card = scorecard(mfccs, scores, descriptors_of(steps), [None, None])
        assert json.dumps(card, allow_nan=False)


GOOD = {
    "smoothness": 0.1,
    "intermediateness": 1.0,
    "nearest_real_distance": 10.0,
    "confidence": 0.9,
    "not_a_mix": 0.8,
    "outside": 0.0,
    "worst": 0.1,
    "roughness": 0.05,
    "non_linearity": 0.1,
    "detour": 1.1,
    "end_distance_db": 0.0,
}
BAD = {
    "smoothness": 0.5,
    "intermediateness": 0.4,
    "nearest_real_distance": 99.0,
    "confidence": 0.3,
    "not_a_mix": 0.1,
    "outside": 0.2,
    "worst": 0.9,
    "roughness": 0.3,
    "non_linearity": 0.4,
    "detour": 3.0,
    "end_distance_db": 6.0,
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
        assert set(SOUND_MEASURES) <= set(MEASURES)
