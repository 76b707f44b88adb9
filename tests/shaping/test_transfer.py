"""The change between two sounds of a model, done to a real sound."""

import numpy as np
import pytest

from audio_vae.audio.descriptors import describe
from audio_vae.audio.fidelity import distance_db
from audio_vae.audio.waveform import true_peak
from audio_vae.shaping.pitch import strongest_partial
from audio_vae.shaping.transfer import Transfer

RATE_HZ = 8000
TIME_S = np.arange(4000) / RATE_HZ


def tone(frequency_hz=300.0, decay=12.0, high=0.3):
    wave = np.sin(2 * np.pi * frequency_hz * TIME_S) + high * np.sin(2 * np.pi * 2100 * TIME_S)
    return np.float32(0.5 * wave * np.exp(-decay * TIME_S))


@pytest.fixture
def given(rng):
    """A stereo sound at another rate, with a noise that the model does not have, and a silent second channel."""
    time_s = np.arange(22050) / 44100
    wave = np.sin(2 * np.pi * 300 * time_s) + 0.3 * np.sin(2 * np.pi * 2100 * time_s)
    wave = 0.3 * (wave + 0.03 * rng.normal(size=len(time_s))) * np.exp(-12 * time_s)
    return np.stack([wave, np.zeros_like(wave)], axis=1).astype(np.float32)


def test_no_change_is_the_sound_itself(given):
    for level in (1, 2):
        np.testing.assert_array_equal(Transfer(given, 44100, tone(), RATE_HZ).sound(level * tone()), given)


def test_a_small_change_is_a_small_one(given):
    made = Transfer(given, 44100, tone(), RATE_HZ).sound(tone(high=0.303))
    assert made.shape == given.shape
    assert distance_db(made[:, 0], given[:, 0], 44100) < 0.15


@pytest.mark.parametrize(
    ("changed", "name", "sign"),
    [
        ({"decay": 24.0}, "decay_ms", -1),
        ({"decay": 8.0}, "decay_ms", 1),
        ({"high": 1.0}, "spectral_centroid_octaves", 1),
        ({"high": 0.05}, "spectral_centroid_octaves", -1),
    ],
)
def test_descriptors_change_as_those_of_the_model(given, changed, name, sign):
    made = Transfer(given, 44100, tone(), RATE_HZ).sound(tone(**changed))
    before, after = (getattr(describe(each, 44100), name) for each in (given, made))
    of_model = [getattr(describe(each, RATE_HZ), name) for each in (tone(), tone(**changed))]
    assert np.sign(after - before) == sign
    assert after - before == pytest.approx(of_model[1] - of_model[0], rel=0.6)


@pytest.mark.parametrize("factor", [0.8, 1.3])
def test_pitch_changes_as_that_of_the_model(given, factor):
    made = Transfer(given, 44100, tone(), RATE_HZ).sound(tone(300 * factor))
    assert strongest_partial(made, 44100).frequency_hz == pytest.approx(300 * factor, rel=0.02)


def test_channels_stay_apart_and_nothing_is_too_loud(given):
    made = Transfer(3 * given, 44100, tone(), RATE_HZ).sound(tone(decay=6.0))
    assert not made[:, 1].any()
    assert 20 * np.log10(true_peak(made, 44100)) <= -0.29


def test_what_comes_before_the_onset_stays_quiet(given):
    late = np.concatenate([np.zeros((4410, 2), np.float32), given])
    made = Transfer(late, 44100, tone(), RATE_HZ).sound(tone(high=1.0, decay=20))
    assert np.abs(made[:4200]).max() < 1e-6
    assert len(made) == len(late)


def test_silence_is_refused():
    with pytest.raises(ValueError, match="Expected sounds, received silence"):
        Transfer(np.zeros((100, 1)), 44100, tone(), RATE_HZ)
