"""Channels mixed down, and those that cancel each other found."""

import numpy as np
import pytest

from audio_vae.audio.channels import Mixdown, mixed_down


def loudest(frames, n_blocks=3):
    """The channel that stands for all of some frames `[n, channels]`."""
    mixdown = Mixdown(frames.shape[1])
    for block in np.array_split(np.float32(frames), n_blocks):
        np.testing.assert_allclose(mixdown.mix(block), block.mean(axis=1), atol=1e-7)
    return mixdown.loudest()


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([[1], [-1]], 0),
        ([[1], [-0.99]], 0),
        ([[0.99], [-1]], 1),
        ([[1], [-1], [1e-4], [0]], 0),
        ([[1], [1]], None),
        ([[1], [0]], None),
        ([[1], *[[0]] * 63], None),
        ([[1], [-0.5]], None),
        ([[0], [0]], None),
        ([[1]], None),
    ],
)
def test_shares_of_one_sound(rng, shares, expected):
    assert loudest(rng.normal(0, 0.1, (9000, 1)) @ np.transpose(shares)) == expected


def test_independent_channels_do_not_cancel(rng):
    assert loudest(rng.normal(0, 0.1, (9000, 6))) is None


@pytest.mark.parametrize(("correlation", "cancels"), [(-0.95, True), (-0.8, False)])
def test_correlation_at_which_channels_cancel(rng, correlation, cancels):
    left, other = rng.normal(0, 0.1, (2, 100_000))
    right = correlation * left + np.sqrt(1 - correlation**2) * other
    assert (loudest(np.stack([left, right], axis=1)) is not None) == cancels


@pytest.mark.parametrize(("share", "only"), [(0.5, None), (-0.99, 0), (-1.5, 1)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_whole_sound(rng, share, only, n_channels):
    frames = np.float32(rng.normal(0, 0.1, (9000, 1)) @ [[1, share]])[:, :n_channels]
    given = frames.copy()
    mono, found = mixed_down(frames)
    assert found == (only if n_channels == 2 else None)
    np.testing.assert_allclose(mono, given.mean(axis=1) if found is None else given[:, found], atol=1e-7)
    mono[:] = 0
    np.testing.assert_array_equal(frames, given)


def test_levels_of_opposite_sign_do_not_cancel_a_sound(rng):
    sound = rng.normal(0, 0.05, 9000)
    assert loudest(np.stack([sound + 0.4, sound - 0.4], axis=1)) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_samples_of_broken_files(value):
    frames = np.float32([[value, -value], [0.1, 0.2]] * 100)
    mixdown = Mixdown(2)
    mixdown.mix(frames)
    assert mixdown.loudest() in (None, 0)
