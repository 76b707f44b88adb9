import dataclasses
import itertools
import json

import librosa
import numpy as np
import pytest

from audio_vae.evaluation import metrics, reconstruction
from audio_vae.evaluation.multi_resolution import multi_resolution_spectral_distance

RATE_HZ = 8000


@pytest.fixture
def pairs(rng):
    """130 sounds, more than are scores at once, with their reconstructions."""
    audio = rng.normal(size=(130, 400)) * np.exp(-np.arange(400) / 80)
    return audio, 0.8 * audio + rng.normal(0, 0.05, audio.shape)


def test_scores_are_the_functions_of_metrics(pairs):
    audio, decoded = pairs
    scores = reconstruction.score(audio, decoded, RATE_HZ)
    expected = {
        "signal_to_noise_db": metrics.signal_to_noise_db(audio, decoded),
        "log_spectral_distance_db": metrics.log_spectral_distances_db(audio, decoded, RATE_HZ)[0],
        "log_spectral_distance_unfloored_db": metrics.log_spectral_distances_db(audio, decoded, RATE_HZ)[1],
        "multi_resolution_spectral_distance": multi_resolution_spectral_distance(audio, decoded),
        "peak_time_error_s": metrics.peak_time_s(decoded, RATE_HZ) - metrics.peak_time_s(audio, RATE_HZ),
        "attack_time_s": metrics.attack_time_s(audio, RATE_HZ),
        "attack_time_error_s": metrics.attack_time_s(decoded, RATE_HZ) - metrics.attack_time_s(audio, RATE_HZ),
        "peak_level_error_db": metrics.peak_level_error_db(audio, decoded),
        "strongest_frequency_error_octaves": np.log2(
            metrics.strongest_frequency_hz(decoded, RATE_HZ).clip(20)
            / metrics.strongest_frequency_hz(audio, RATE_HZ).clip(20)
        ),
    }
    assert set(scores) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(scores[key], values, rtol=1e-9, atol=1e-12)


def test_summary_by_hand():
    summary = reconstruction.summarise(
        {
            "signal_to_noise_db": np.array([1.0, 2.0, 6.0]),
            "log_spectral_distance_db": np.array([10.0, 14.0, np.nan]),
            "log_spectral_distance_unfloored_db": np.array([20.0, 30.0, np.nan]),
            "multi_resolution_spectral_distance": np.array([1.0, 2.0, np.nan]),
            "peak_time_error_s": np.array([-0.004, 0.001, 0.002]),
            "attack_time_s": np.array([0.010, 0.004, 0.001]),
            "attack_time_error_s": np.array([-0.001, 0.002, np.nan]),
            "peak_level_error_db": np.array([-6.0, 5.0, -1.0]),
            "strongest_frequency_error_octaves": np.array([-3.0, 0.5, np.nan]),
        }
    )
    assert summary == {
        "signal_to_noise_db": pytest.approx(3),
        "log_spectral_distance_db": pytest.approx({"mean": 12, "std": 2}),
        "log_spectral_distance_unfloored_db": pytest.approx({"mean": 25, "std": 5}),
        "multi_resolution_spectral_distance": pytest.approx(1.5),
        "peak_time_error_ms": pytest.approx(2),
        "attack_time_error_ms": pytest.approx(1.5),
        "attack_time_error_relative": pytest.approx((0.1 + 0.5) / 2),
        "peak_level_error_db": {"median": -1, "median_absolute": 5},
        "strongest_frequency_error_octaves": 1.75,
    }


def test_perfect_reconstructions_have_no_error(tone_run):
    sounds = tone_run.sounds
    figures, warnings = reconstruction.evaluate_reconstructions(sounds, sounds.audio)
    assert warnings == []
    for name in ("train", "test"):
        assert figures["signal_to_noise_db"][name] > 100
        assert figures["log_spectral_distance_db"][name] == {"mean": 0, "std": 0}
        assert figures["attack_time_error_ms"][name] == figures["attack_time_error_relative"][name] == 0
        assert figures["peak_level_error_db"][name] == {"median": 0, "median_absolute": 0}
        assert figures["strongest_frequency_error_octaves"][name] == 0
        assert figures["fidelity_db"][name]["median"] == figures["peak_time_error_ms"][name] == 0
        assert figures["multi_resolution_spectral_distance"][name] == 0
        assert figures["better_than_nearest"][name] == 1


def yardstick(sounds, decoded, rate_hz):
    """Fidelity, nearest other, share and error of the attack as the yardstick of one-shots computes them, by librosa.

    Sounds of one length that start at their onset.
    """
    mel = librosa.filters.mel(sr=rate_hz, n_fft=1024, n_mels=32, fmin=30, fmax=min(rate_hz / 2, 16000))
    edges = [round(each / 1000 * rate_hz / 64) for each in (0, 6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200)]

    def cells(sound):
        scaled = np.pad(sound, (0, 1024)) / (np.sqrt((sound**2).sum()) + 1e-9)
        power = mel @ np.abs(librosa.stft(scaled, n_fft=1024, hop_length=64)) ** 2
        pairs = itertools.pairwise(edges)
        levels = [power[:, i : max(j, i + 1)].mean(axis=1) for i, j in pairs if i < len(sound) / 64]
        decibels = 10 * np.log10(np.stack(levels, axis=1) + 1e-12)
        return np.maximum(decibels, decibels.max() - 50)

    def distance(a, b):
        heard = (a > a.max() - 50) | (b > b.max() - 50)
        return np.abs(a - b)[heard].mean()

    def attack_ms(sound):
        return np.convolve(np.abs(sound), np.ones(64) / 64, "same").argmax() / rate_hz * 1000

    decoded = decoded / np.abs(decoded).max(axis=1, keepdims=True)
    of_sounds, made = [cells(each) for each in sounds], [cells(each) for each in decoded]
    distances = np.array([distance(*pair) for pair in zip(of_sounds, made, strict=True)])
    nearest = np.array([min(distance(a, b) for b in of_sounds if b is not a) for a in of_sounds])
    errors_ms = [abs(attack_ms(a) - attack_ms(b)) for a, b in zip(sounds, decoded, strict=True)]
    return distances, nearest, np.median(errors_ms)


@pytest.mark.parametrize("rate_hz", [22050, 44100])
def test_fidelity_is_that_of_the_yardstick(rng, tone_run, rate_hz):
    """Noise bursts of different decays, decoded too late, too dull or as another sound."""
    decays = np.geomspace(300, 6000, 12)[:, None]
    sounds = rng.normal(size=(12, 9000)) * np.exp(-np.arange(9000) / decays)
    sounds[:, 0] = np.abs(sounds).max(axis=1)
    decoded = 0.3 * np.stack(
        [
            *sounds[1:5],
            *np.roll(sounds[4:8], 300, axis=1) * (np.arange(9000) >= 300),
            *(sounds[8:] + 0.1 * rng.normal(size=(4, 9000))),
        ]
    )
    labels = np.tile(np.arange(3, dtype=np.int32), 4)
    whole = dataclasses.replace(
        tone_run.sounds,
        names=tuple(map(str, range(12))),
        audio=sounds.astype(np.float32),
        labels=labels,
        is_test=np.arange(12) % 2 == 1,
        peaks=np.ones(12, np.float32),
        lengths=np.full(12, 9000, np.int32),
        groups=("",) * 12,
        rate_hz=rate_hz,
    )
    figures, warnings = reconstruction.evaluate_reconstructions(whole, decoded.astype(np.float32), [32])
    assert warnings == []
    for name, which in (("train", ~whole.is_test), ("test", whole.is_test)):
        distances, nearest, attack_ms = yardstick(sounds[which], decoded[which], rate_hz)
        assert figures["fidelity_db"][name]["median"] == pytest.approx(np.median(distances), abs=1e-3)
        assert figures["nearest_other_db"][name]["median"] == pytest.approx(np.median(nearest), abs=1e-3)
        assert figures["better_than_nearest"][name] == np.mean(distances < nearest)
        assert figures["peak_time_error_ms"][name] == pytest.approx(attack_ms, abs=1e-6)
        for key, values in (("fidelity_db", distances), ("nearest_other_db", nearest)):
            expected = {
                class_name: pytest.approx(np.median(values[labels[which] == label]), abs=1e-3)
                for label, class_name in enumerate(whole.class_names)
            }
            assert figures[key][name]["classes"] == expected
        assert set(figures["buzz_db"][name]["frame_rates"]) == {f"{rate_hz / 32:.1f}"}
    json.dumps(figures, allow_nan=False)


def test_fidelity_by_hand():
    scores = {"fidelity_db": np.array([1.0, 2.0, 6.0, 9.0]), "nearest_other_db": np.array([3.0, 1.0, 7.0, 8.0])}
    assert reconstruction.summarise_fidelity(scores, np.array(["a", "a", "a", "b"])) == {
        "fidelity_db": {"median": 4, "classes": {"a": 2, "b": 9}},
        "nearest_other_db": {"median": 5, "classes": {"a": 3, "b": 8}},
        "better_than_nearest": 0.5,
    }


def test_a_set_of_one_sound_has_no_nearest_other():
    scores = {"fidelity_db": np.array([2.0]), "nearest_other_db": np.array([np.inf])}
    figures = reconstruction.summarise_fidelity(scores, np.array(["a"]))
    assert figures["nearest_other_db"] == {"median": None, "classes": {"a": None}}
    assert figures["better_than_nearest"] is None
    assert figures["fidelity_db"]["median"] == 2


def test_each_set_has_the_figures_of_its_own_sounds(tone_run):
    sounds = tone_run.sounds
    decoded = np.where(sounds.is_test[:, np.newaxis], 0.5, 2) * sounds.audio
    levels_db = reconstruction.evaluate_reconstructions(sounds, decoded)[0]["peak_level_error_db"]
    assert levels_db["train"]["median"] == pytest.approx(20 * np.log10(2))
    assert levels_db["test"]["median"] == pytest.approx(-20 * np.log10(2))


def test_a_level_in_place_of_a_tone_counts_from_20_hz():
    tone = np.sin(2 * np.pi * 160 * np.arange(4000) / RATE_HZ)[np.newaxis]
    scores = reconstruction.score(tone, np.ones_like(tone), RATE_HZ)
    # What leaks from a level of half a second has its first peak above 20 Hz at 21 Hz.
    np.testing.assert_allclose(scores["strongest_frequency_error_octaves"], np.log2([21 / 160]), atol=0.01)


def test_silence_is_said_and_left_out_of_the_attack_time(tone_run):
    sounds = tone_run.sounds
    decoded = sounds.audio.copy()
    decoded[sounds.is_test] = 0
    decoded[0] = 0
    figures, warnings = reconstruction.evaluate_reconstructions(sounds, decoded)
    assert warnings == [
        "1 training sounds are silent or decoded as silence: left out of the attack time",
        "2 test sounds are silent or decoded as silence: left out of the attack time",
    ]
    assert figures["attack_time_error_ms"] == figures["attack_time_error_relative"] == {"train": 0, "test": None}
    assert figures["strongest_frequency_error_octaves"] == {"train": 0, "test": None}
    assert figures["log_spectral_distance_db"]["test"]["mean"] > 10
    assert figures["peak_level_error_db"]["test"]["median"] == -80
    assert figures["fidelity_db"]["test"]["median"] > 50
    assert figures["better_than_nearest"]["test"] == 0
    assert figures["peak_time_error_ms"] == {"train": 0, "test": None}
    json.dumps(figures, allow_nan=False)
