import numpy as np
import pytest
from tslearn.metrics import cdist_dtw

from audio_vae import metrics


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
    assert metrics.dtw_matrix([FIRST[:, None]], [SECOND[:, None]])[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(("second", "expected"), [([1, 2, 2, 3], 0.0), ([1, 2, 2, 3, 4], 1.0)])
def test_dtw_of_tslearns_documented_examples(second, expected):
    first = np.array([1.0, 2, 3])[:, None]
    assert metrics.dtw_matrix([first], [np.array(second, float)[:, None]])[0, 0] == expected


def test_dtw_of_vectors_equals_the_reference(rng):
    first, second = rng.normal(size=(7, 20)), rng.normal(size=(9, 20))
    local = ((first[:, None] - second) ** 2).sum(axis=-1)
    expected = np.sqrt(accumulated_cost(local)[-1, -1])
    assert metrics.dtw_matrix([first], [second])[0, 0] == pytest.approx(expected)


def test_dtw_is_symmetric_zero_on_itself_and_at_most_euclidean(rng):
    sequences = list(rng.normal(size=(5, 8, 3)))
    distances = metrics.dtw_matrix(sequences)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diag(distances), 0)
    euclidean = np.linalg.norm((np.array(sequences)[:, None] - np.array(sequences)).reshape(5, 5, -1), axis=-1)
    assert (distances <= euclidean + 1e-12).all()
    np.testing.assert_allclose(metrics.dtw_matrix(sequences, sequences), distances)


def test_dtw_takes_sequences_of_different_lengths(rng):
    sequences = [rng.normal(size=(length, 3)) for length in (4, 6, 9)]
    pairs = [[metrics.dtw_matrix([a], [b])[0, 0] for b in sequences] for a in sequences]
    np.testing.assert_allclose(metrics.dtw_matrix(sequences), pairs)


@pytest.mark.parametrize("shapes", [(7, 9), (9, 7), (1, 5), (33, 33)])
def test_dtw_of_many_pairs_at_once_equals_tslearn(rng, monkeypatch, shapes):
    monkeypatch.setattr(metrics, "_PAIRS_AT_ONCE", 8)
    first, second = ([rng.normal(size=(n, 20)) for _ in range(size)] for n, size in zip(shapes, (5, 3), strict=True))
    np.testing.assert_allclose(metrics.dtw_matrix(first, second), cdist_dtw(first, second), rtol=1e-12)
    np.testing.assert_allclose(metrics.dtw_matrix(first), cdist_dtw(first), rtol=1e-12)


def test_deviation_by_hand():
    # Sequences of one frame, so DTW is the distance of two numbers: the sounds are 0, 1 and 3, the centre 2.
    sounds = [np.array([[value]]) for value in (0.0, 1.0, 3.0)]
    deviation = metrics.mfcc_dtw_deviation(np.array([[2.0]]), sounds)
    # To the others: 0 → {1, 3}, 1 → {1, 2}, 3 → {3, 2}; means 2, 1.5, 2.5; standard deviations 1, 0.5, 0.5.
    np.testing.assert_allclose(deviation, [(2 - 2) / 1, (1 - 1.5) / 0.5, (1 - 2.5) / 0.5])


def test_deviation_takes_distances_that_are_known_already(rng):
    sounds = list(rng.normal(size=(4, 6, 3)))
    centre = rng.normal(size=(6, 3))
    np.testing.assert_array_equal(
        metrics.mfcc_dtw_deviation(centre, sounds, metrics.dtw_matrix(sounds)),
        metrics.mfcc_dtw_deviation(centre, sounds),
    )


def test_deviation_of_equally_far_sounds_is_nan():
    deviation = metrics.mfcc_dtw_deviation(np.array([[1.0]]), [np.array([[0.0]])] * 3)
    assert np.isnan(deviation).all()


@pytest.mark.parametrize("n_sounds", [0, 1, 2])
def test_deviation_takes_three_sounds(n_sounds):
    with pytest.raises(ValueError, match=f"at least 3 sounds of a class, received: {n_sounds}"):
        metrics.mfcc_dtw_deviation(np.zeros((4, 3)), [np.zeros((4, 3))] * n_sounds)


def test_one_nn_by_hand():
    train = np.array([[0.0, 0], [10, 0], [0, 10]])
    test = np.array([[1.0, 1], [9, 1], [1, 9], [2, 0]])
    assert metrics.one_nn_accuracy(train, np.array([0, 1, 2]), test, np.array([0, 1, 2, 1])) == 0.75


@pytest.mark.parametrize(("n_train", "n_test"), [(0, 2), (2, 0)])
def test_one_nn_takes_both_sets(n_train, n_test):
    with pytest.raises(ValueError, match=f"received: {n_train} train, {n_test} test"):
        metrics.one_nn_accuracy(np.zeros((n_train, 2)), np.zeros(n_train), np.zeros((n_test, 2)), np.zeros(n_test))


def test_class_centres_are_means_and_nan_without_sounds():
    latents = np.array([[0.0, 2], [2, 4], [5, 5]])
    centres = metrics.class_centres(latents, np.array([0, 0, 2]), 3)
    np.testing.assert_array_equal(centres, [[1, 3], [np.nan, np.nan], [5, 5]])


def test_signal_to_noise_by_hand():
    audio = np.array([[1.0, -1], [1, 1], [1, 0]])
    reconstruction = np.array([[0.9, -0.9], [0, 0], [1, 0]])
    ratio_db = metrics.signal_to_noise_db(audio, reconstruction)
    np.testing.assert_allclose(ratio_db[:2], [20, 0], atol=1e-9)
    assert np.isfinite(ratio_db[2])
    assert ratio_db[2] > 100
