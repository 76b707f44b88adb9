import numpy as np
import pytest

from audio_vae.model_config import with_values


@pytest.fixture
def batch(rng):
    return rng.uniform(-1, 1, size=(6, 64)).astype("float32"), np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def tiny_voice(tiny_cc):
    voice = {"hop_length": 16, "filters": (4,), "dilations": (1,), "n_frames": 2, "n_noise_bands": 4}
    return with_values(tiny_cc, {"architecture": "voice", "voice": voice})
