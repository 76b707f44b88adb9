"""Sounds as the bytes of an answer."""

import numpy as np
import pytest

from audio_vae.explorer import frames
from audio_vae.morphing.given import Given


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_sounds_come_back_as_they_were(rng, rate_hz):
    sounds = [
        Given(rng.normal(size=(n, channels)).astype(np.float32), rate_hz) for n, channels in ((5, 1), (7, 2), (0, 1))
    ]
    content = frames.to_bytes(sounds)
    assert len(content) % 4 == 0
    back = frames.from_bytes(content)
    for one, other in zip(sounds, back, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.rate_hz == other.rate_hz
