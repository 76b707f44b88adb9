import json

import numpy as np
import pytest

from audio_vae.evaluation import metrics, reconstruction

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
        "log_spectral_distance_db": metrics.log_spectral_distance_db(audio, decoded, RATE_HZ),
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
            "attack_time_s": np.array([0.010, 0.004, 0.001]),
            "attack_time_error_s": np.array([-0.001, 0.002, np.nan]),
            "peak_level_error_db": np.array([-6.0, 5.0, -1.0]),
            "strongest_frequency_error_octaves": np.array([-3.0, 0.5, np.nan]),
        }
    )
    assert summary == {
        "signal_to_noise_db": pytest.approx(3),
        "log_spectral_distance_db": pytest.approx({"mean": 12, "std": 2}),
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


def test_each_set_has_the_figures_of_its_own_sounds(tone_run):
    sounds = tone_run.sounds
    decoded = np.where(sounds.is_test[:, np.newaxis], 0.5, 2) * sounds.audio
    levels_db = reconstruction.evaluate_reconstructions(sounds, decoded)[0]["peak_level_error_db"]
    assert levels_db["train"]["median"] == pytest.approx(20 * np.log10(2))
    assert levels_db["test"]["median"] == pytest.approx(-20 * np.log10(2))


def test_a_level_in_place_of_a_tone_counts_from_20_hz():
    tone = np.sin(2 * np.pi * 160 * np.arange(4000) / RATE_HZ)[np.newaxis]
    scores = reconstruction.score(tone, np.ones_like(tone), RATE_HZ)
    np.testing.assert_allclose(scores["strongest_frequency_error_octaves"], [-3], atol=0.01)


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
    json.dumps(figures, allow_nan=False)
