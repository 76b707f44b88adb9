"""The measures of a morph's scorecard, on sounds whose figures are known."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from sound_files import tone

from audio_vae.audio.dtw import dtw_matrix
from audio_vae.audio.features import magnitude_spectrogram
from audio_vae.morphing import measures
from audio_vae.morphing.measures import (
    confidences,
    intermediateness,
    nearest_real,
    smoothness,
    spectral_residuals,
    step_distances,
    waveform_residuals,
)

RATE_HZ = 8000


def line(values):
    """MFCCs that are all of one value, a step for each."""
    return [np.full((4, 3), float(value)) for value in values]


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

    def test_order_is_spearmans_correlation_of_scipy_also_with_equal_distances(self, rng):
        for _ in range(20):
            # Whole numbers, so that distances are equal now and then.
            steps = list(rng.integers(0, 2, (6, 2, 1)).astype(float))
            steps[0], steps[-1] = np.zeros((2, 1)), np.full((2, 1), 2.0)
            first, last = dtw_matrix([steps[0], steps[-1]], steps)
            expected = [scipy.stats.spearmanr(np.arange(6), away).statistic for away in (first, -last)]
            assert intermediateness(steps) == pytest.approx(np.mean(expected))

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

    @pytest.mark.parametrize("n_ends", [2, 3])
    def test_spectral_residual_equals_that_of_the_whole_spectrograms(self, rng, n_ends):
        sounds, ends = rng.normal(size=(3, 2048)), rng.normal(size=(n_ends, 2048))
        # Of the first end, as of one that a sound lacks, the best gain is 0.
        ends[0] = 100 * tone(3000)
        columns = np.stack([magnitude_spectrogram(end, RATE_HZ).ravel() for end in ends], axis=1)
        for residual, sound in zip(spectral_residuals(sounds, ends, RATE_HZ), sounds, strict=True):
            magnitudes = magnitude_spectrogram(sound, RATE_HZ).ravel()
            remains = scipy.optimize.nnls(columns, magnitudes)[1]
            assert residual == pytest.approx(remains**2 / np.sum(magnitudes**2), rel=1e-9)

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


class TestBetween:
    """Descriptors of steps, on a scale on which the ends are 0 and 1."""

    STEPS = np.array([[-30, 100, 50, 8, 1], [-20, 150, 60, 9, 1], [-10, 200, 70, 10, 1.0]])

    def test_a_straight_way_lies_between_its_ends(self):
        scaled = measures.in_ranges(self.STEPS)
        np.testing.assert_allclose(scaled, [[0, 0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5, 0], [1, 1, 1, 1, 0]])
        assert not measures.outside(scaled).any()
        assert measures.roughness(scaled) == measures.non_smoothness(scaled) == pytest.approx(0, abs=1e-12)
        assert measures.non_linearity(scaled, np.array([0, 0.5, 1])) == pytest.approx(0, abs=1e-12)

    def test_what_lies_outside_counts_in_distances_of_the_ends(self):
        steps = self.STEPS.copy()
        steps[1] = [-40, 250, 60, 9, 3.5]
        # The attack of the ends is the same, so that 5 ms count as 1.
        np.testing.assert_allclose(measures.outside(measures.in_ranges(steps)), [[0.5, 0.5, 0, 0, 0.5]])

    def test_a_step_off_the_line(self):
        steps = self.STEPS.copy()
        steps[1, 0] = -10
        scaled = measures.in_ranges(steps)
        assert measures.roughness(scaled) == pytest.approx(1 / 5)
        assert measures.non_smoothness(scaled) == pytest.approx(np.sqrt(1 / 5))
        assert measures.non_linearity(scaled, np.array([0, 0.5, 1])) == pytest.approx(np.sqrt(0.25 / 5))

    def test_falling_descriptors_are_between_as_well(self):
        assert not measures.outside(measures.in_ranges(self.STEPS[::-1])).any()

    def test_two_steps_have_no_inner_one(self):
        scaled = measures.in_ranges(self.STEPS[:2])
        assert measures.outside(scaled).size == 0
        assert measures.roughness(scaled) is measures.non_linearity(scaled, np.array([0, 1])) is None


class TestDetour:
    def test_a_straight_way_is_one_and_a_way_there_and_back_has_no_length_to_compare(self):
        mfccs = [np.full((4, 3), level) for level in (0.0, 1.0, 2.0, 3.0)]
        assert measures.detour(measures.step_distances(mfccs), mfccs) == pytest.approx(1)
        around = [mfccs[0], mfccs[3], mfccs[1]]
        assert measures.detour(measures.step_distances(around), around) == pytest.approx(5)
        there_and_back = [mfccs[0], mfccs[3], mfccs[0]]
        assert measures.detour(measures.step_distances(there_and_back), there_and_back) is None
