"""The built-in kit: what each model is said to sound like, measured."""

import numpy as np
import pytest

from audio_vae.drums.synth import KINDS, kit

RATE_HZ = 44100


@pytest.fixture(scope="module")
def sounds():
    return kit(RATE_HZ, n_each=12, seed=0)


def of_kind(sounds, kind):
    return [samples for _, each, samples in sounds if each == kind]


def centroid_hz(samples):
    power = np.abs(np.fft.rfft(samples)) ** 2
    return (power * np.fft.rfftfreq(len(samples), 1 / RATE_HZ)).sum() / power.sum()


def strongest_hz(samples):
    padded = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    return padded.argmax() * RATE_HZ / (1 << 17)


def test_default_kit_has_forty_of_each():
    found = kit(22050)
    assert len(found) == 160
    assert len({name for name, _, _ in found}) == 160
    assert {kind: len(of_kind(found, kind)) for kind in KINDS} == dict.fromkeys(KINDS, 40)


def test_samples_are_sound(sounds):
    for name, kind, samples in sounds:
        assert name.startswith(f"{kind}/")
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        assert 0.05 <= len(samples) / RATE_HZ <= 1.3
        assert 0.2 <= np.abs(samples).max() <= 1
        assert samples[0] == samples[-1] == 0
        assert np.isfinite(samples).all()


def test_rate_without_room_for_hihats():
    with pytest.raises(ValueError, match="22050 Hz or more, received: rate_hz=8000"):
        kit(8000)


def test_seed_decides(sounds):
    again, other = kit(RATE_HZ, 12, seed=0), kit(RATE_HZ, 12, seed=1)
    assert all(np.array_equal(a, b) for (_, _, a), (_, _, b) in zip(sounds, again, strict=True))
    assert not any(np.array_equal(a, b) for (_, _, a), (_, _, b) in zip(sounds, other, strict=True))


def test_more_sounds_leave_the_first_as_they_are(sounds):
    fewer = {name: samples for name, _, samples in kit(RATE_HZ, 3, seed=0)}
    same = [np.array_equal(fewer[name], samples) for name, _, samples in sounds if name in fewer]
    assert same == [True] * 12


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_sounds_are_alike(sounds, kind):
    assert len({round(centroid_hz(samples), 3) for samples in of_kind(sounds, kind)}) == 12


@pytest.mark.parametrize(
    ("kind", "low_hz", "high_hz"),
    [("kick", 40, 900), ("snare", 150, 6500), ("tom", 80, 500), ("hihat", 7000, 16000)],
)
def test_brightness(sounds, kind, low_hz, high_hz):
    for samples in of_kind(sounds, kind):
        assert low_hz < centroid_hz(samples) < high_hz


@pytest.mark.parametrize(("kind", "low_hz", "high_hz"), [("kick", 40, 80), ("tom", 80, 260)])
def test_pitch_falls(sounds, kind, low_hz, high_hz):
    for samples in of_kind(sounds, kind):
        n_early = round(0.025 * RATE_HZ)
        late = samples[round(0.12 * RATE_HZ) :]
        assert low_hz < strongest_hz(late) < high_hz
        assert strongest_hz(samples[:n_early]) > strongest_hz(late)


def test_kicks_and_hihats_do_not_reach_into_each_others_band(sounds):
    for samples in of_kind(sounds, "hihat"):
        power = np.abs(np.fft.rfft(samples)) ** 2
        below = np.fft.rfftfreq(len(samples), 1 / RATE_HZ) < 2000
        assert power[below].sum() < 1e-3 * power.sum()


def test_sounds_decay():
    for _, _, samples in kit(RATE_HZ, 6, seed=2):
        quarter = len(samples) // 4
        assert np.square(samples[-quarter:]).sum() < 0.02 * np.square(samples).sum()
