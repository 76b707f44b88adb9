"""Dynamic time warping, against the recursion of a textbook."""

import numpy as np
import pytest
from tslearn.metrics import cdist_dtw

from audio_vae.audio import dtw


def accumulated_cost(local):
    """DTW's recursion: Müller, Fundamentals of Music Processing (2015), Section 3.2."""
    total = np.full((local.shape[0] + 1, local.shape[1] + 1), np.inf)
    total[0, 0] = 0
    for row in range(local.shape[0]):
        for column in range(local.shape[1]):
            before = min(total[row, column], total[row, column + 1], total[row + 1, column])
            total[row + 1, column + 1] = local[row, column] + before
    return total[1:, 1:]


FIRST = np.array([1.0, 3, 3, 8, 1])
SECOND = np.array([2.0, 0, 0, 8, 7, 2])


def test_the_reference_gives_the_textbook_matrix():
    # An example of Müller (2015), which librosa's tests/test_dtw.py::test_dtw_global checks as well.
    expected = [
        [1, 2, 3, 10, 16, 17],
        [2, 4, 5, 8, 12, 13],
        [3, 5, 7, 10, 12, 13],
        [9, 11, 13, 7, 8, 14],
        [10, 10, 11, 14, 13, 9],
    ]
    np.testing.assert_array_equal(accumulated_cost(np.abs(FIRST[:, None] - SECOND)), expected)


def test_dtw_of_the_textbook_sequences():
    # tslearn's distance is the root of the path's summed squared Euclidean distances.
    expected = np.sqrt(accumulated_cost((FIRST[:, None] - SECOND) ** 2)[-1, -1])
    assert dtw.dtw_matrix([FIRST[:, None]], [SECOND[:, None]])[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(("second", "expected"), [([1, 2, 2, 3], 0.0), ([1, 2, 2, 3, 4], 1.0)])
def test_dtw_of_tslearns_documented_examples(second, expected):
    first = np.array([1.0, 2, 3])[:, None]
    assert dtw.dtw_matrix([first], [np.array(second, float)[:, None]])[0, 0] == expected


def test_dtw_of_vectors_equals_the_reference(rng):
    first, second = rng.normal(size=(7, 20)), rng.normal(size=(9, 20))
    local = ((first[:, None] - second) ** 2).sum(axis=-1)
    expected = np.sqrt(accumulated_cost(local)[-1, -1])
    assert dtw.dtw_matrix([first], [second])[0, 0] == pytest.approx(expected)


def test_dtw_is_symmetric_zero_on_itself_and_at_most_euclidean(rng):
    sequences = list(rng.normal(size=(5, 8, 3)))
    distances = dtw.dtw_matrix(sequences)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diag(distances), 0)
    euclidean = np.linalg.norm((np.array(sequences)[:, None] - np.array(sequences)).reshape(5, 5, -1), axis=-1)
    assert (distances <= euclidean + 1e-12).all()
    np.testing.assert_allclose(dtw.dtw_matrix(sequences, sequences), distances)


def test_dtw_takes_sequences_of_different_lengths(rng):
    sequences = [rng.normal(size=(length, 3)) for length in (4, 6, 9)]
    pairs = [[dtw.dtw_matrix([a], [b])[0, 0] for b in sequences] for a in sequences]
    np.testing.assert_allclose(dtw.dtw_matrix(sequences), pairs)


@pytest.mark.parametrize("n_pairs", [0, 2, 8, 100])
@pytest.mark.parametrize("shapes", [(7, 9), (9, 7), (1, 5), (5, 1), (1, 1), (33, 33)])
def test_dtw_of_many_pairs_at_once_equals_tslearn(rng, monkeypatch, shapes, n_pairs):
    monkeypatch.setattr(dtw, "_CELLS_AT_ONCE", n_pairs * shapes[0] * shapes[1])
    first, second = ([rng.normal(size=(n, 20)) for _ in range(size)] for n, size in zip(shapes, (5, 3), strict=True))
    np.testing.assert_allclose(dtw.dtw_matrix(first, second), cdist_dtw(first, second), rtol=1e-12)
    np.testing.assert_allclose(dtw.dtw_matrix(first), cdist_dtw(first), rtol=1e-12)
