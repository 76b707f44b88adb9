import time

import keras
import numpy as np
import pytest

from benchmarks import timing


def test_the_shortest_time_counts_without_the_first_call():
    pauses_s = iter([0.0, 0.08, 0.02, 0.05])
    fast = []
    slowest_s, fast_s = timing.best([lambda: time.sleep(next(pauses_s)), lambda: fast.append(1)], 3)
    assert 0.02 <= slowest_s < 0.08
    assert 0 < fast_s < 0.02
    assert len(fast) == 4


def test_functions_take_turns():
    called = []
    timing.best([lambda: called.append("a"), lambda: called.append("b")], 2)
    assert "".join(called) == "ababab"


@pytest.mark.parametrize("repeats", [0, -1])
def test_without_a_repeat_nothing_is_known(repeats):
    with pytest.raises(ValueError, match=f"Expected 1 repeat or more, received: {repeats}"):
        timing.best([lambda: None], repeats)


@pytest.mark.parametrize("n_sounds", [1, 5])
def test_decoding_is_of_so_many_latents_and_is_waited_for(n_sounds):
    latent = keras.Input((3,))
    decoder = keras.Model(latent, keras.layers.Dense(7, kernel_initializer="zeros", bias_initializer="ones")(latent))
    assert timing.decoding(decoder, n_sounds)() == np.float32(7 * n_sounds)


def test_times_are_read_from_the_clock_that_is_given():
    ticks = iter([0, 5, 10, 13, 20, 24])
    assert timing.best([lambda: None], 2, lambda: next(ticks)) == [3]
