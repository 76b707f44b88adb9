"""Powers and descriptors between sounds, by hand."""

import numpy as np
import pytest

from audio_vae.audio.bands import cell_edges_s
from audio_vae.audio.descriptors import Descriptors
from audio_vae.shaping import targets

EDGES_S = cell_edges_s(2.0)
CENTRES_S = (EDGES_S[1:] + EDGES_S[:-1]) / 2


def decaying(decay_s, levels=(1.0, 1.0)):
    return np.outer(levels, np.exp(-CENTRES_S / decay_s))


def test_at_a_weight_of_one_it_is_that_sound():
    first, second = decaying(0.02, (1.0, 0.5)), decaying(0.2)
    found = targets.power_between([first, second], np.array([1.0, 0.0]), EDGES_S)
    heard = first > 1e-4
    ratios = 10 * np.log10(found[heard] / first[heard])
    assert np.ptp(ratios) < 1


def test_a_decay_moves_and_is_not_mixed():
    found = targets.power_between([decaying(0.02), decaying(0.2)], np.array([0.5, 0.5]), EDGES_S)[0]
    used = (CENTRES_S > 0.02) & (CENTRES_S < 0.3)
    slopes_s = -np.diff(CENTRES_S[used]) / np.diff(np.log(found[used]))
    # One decay near the geometric mean of 63 ms, and not 20 ms first and 200 ms later.
    assert slopes_s.min() > 0.03
    assert slopes_s.max() < 0.13


def test_energies_are_between_a_mix_and_the_geometric_mean():
    energies = np.array([[0.9, 0.1], [0.1, 0.9]])
    found = targets.energy_between(energies, np.array([0.5, 0.5]))
    assert (found > np.sqrt(0.09)).all()
    assert (found < 0.5).all()
    beyond = targets.energy_between(energies, np.array([1.5, -0.5]))
    np.testing.assert_allclose(beyond, np.exp(np.array([1.5, -0.5]) @ np.log(energies)))


def test_descriptors_lie_on_the_line():
    ends = [Descriptors(-30, 95, 18, 8, 0), Descriptors(-10, 395, 138, 12, 6)]
    found = targets.descriptors_between(ends, [0, 20], np.array([0.5, 0.5]))
    assert found.loudness_db == pytest.approx(-20)
    assert found.spectral_centroid_octaves == pytest.approx(10)
    assert found.decay_ms == pytest.approx(195)
    assert found.temporal_centroid_ms == pytest.approx(10 + np.sqrt(20 * 120) - 2)
    assert found.attack_ms == pytest.approx(2)
