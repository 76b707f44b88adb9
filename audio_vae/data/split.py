"""The split of a data set into training and test sounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def stratified_split(
    names: Sequence[str],
    labels: np.ndarray,
    seed: int,
    test_share: float,
    group_of: Callable[[str], str] | None = None,
) -> np.ndarray:
    """Draw a share of each class for the test set. At least one sound of each class stays for training.

    The draw depends on the seed, the number of the class and the names in it, not on the order of the names. Groups are
    drawn whole, in a random order; one that no longer fits is skipped, so that the share may be a little smaller.

    Args:
        names: `[N]`.
        labels: int `[N]`, numbers of classes.
        seed: seed of the draw.
        test_share: 0 to 1; the number of test sounds of a class is rounded.
        group_of: name of a sound → the group of it, of which all sounds are on the same side; `None` draws sounds.

    Returns:
        bool `[N]`, true for the test set.
    """
    is_test = np.zeros(len(names), bool)
    for label in np.unique(labels):
        members = sorted(np.flatnonzero(labels == label), key=lambda i: names[i])
        n_test = min(round(test_share * len(members)), len(members) - 1)
        groups: dict[str, list[int]] = {}
        for i in members:
            groups.setdefault(group_of(names[i]) if group_of else names[i], []).append(i)
        by_group = list(groups.values())
        for drawn in np.random.default_rng((seed, int(label))).permutation(len(by_group)):
            if len(by_group[drawn]) <= n_test:
                is_test[by_group[drawn]] = True
                n_test -= len(by_group[drawn])
    return is_test
