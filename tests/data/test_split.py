"""The split into training and test sounds."""

import numpy as np

from audio_vae.data.split import stratified_split


class TestStratifiedSplit:
    names = tuple(f"n{i:02d}" for i in range(36))
    labels = np.array([0] * 10 + [1] * 20 + [2] * 1 + [3] * 2 + [4] * 3)

    def test_share_of_each_class(self):
        is_test = stratified_split(self.names, self.labels, 0, 0.2)
        assert [int(is_test[self.labels == label].sum()) for label in range(5)] == [2, 4, 0, 0, 1]

    def test_at_least_one_stays_for_training(self):
        is_test = stratified_split(self.names, self.labels, 0, 1.0)
        assert [int((~is_test[self.labels == label]).sum()) for label in range(5)] == [1] * 5

    def test_depends_on_the_seed(self):
        draws = {tuple(stratified_split(self.names, self.labels, seed, 0.2)) for seed in range(5)}
        assert len(draws) > 1
        assert tuple(stratified_split(self.names, self.labels, 3, 0.2)) in draws

    def test_does_not_depend_on_the_order(self, rng):
        order = rng.permutation(len(self.names))
        shuffled = stratified_split([self.names[i] for i in order], self.labels[order], 0, 0.2)
        np.testing.assert_array_equal(shuffled, stratified_split(self.names, self.labels, 0, 0.2)[order])

    def test_groups_are_on_one_side(self):
        groups = {name: f"drum{i // 5}" for i, name in enumerate(self.names)}
        for seed in range(10):
            is_test = stratified_split(self.names, self.labels, seed, 0.3, groups.get)
            sides = {(groups[name], label): set() for name, label in zip(self.names, self.labels, strict=True)}
            for name, label, side in zip(self.names, self.labels, is_test, strict=True):
                sides[groups[name], label].add(bool(side))
            assert all(len(side) == 1 for side in sides.values())
            # Of class 1, one group of 5 is at most 30 %, two are more. None of class 0 fits into 3 sounds.
            assert [int(is_test[self.labels == label].sum()) for label in range(2)] == [0, 5]
