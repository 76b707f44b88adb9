"""The fidelity distance equals a slow reference, ignores level and noise of one colour, and hears what ears hear."""

import itertools

import librosa
import numpy as np
import pytest

from audio_vae.audio import fidelity

TIMES_MS = [0, 6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200]


def hit(rng, rate_hz=44100, decay_s=0.1, colour_hz=3000.0, duration_s=0.6):
    """Noise through a one-pole low-pass, with an exponential decay."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    noise = rng.standard_normal(len(time_s))
    spectrum = np.fft.rfft(noise) / (1 + 1j * np.fft.rfftfreq(len(noise), 1 / rate_hz) / colour_hz)
    return (np.fft.irfft(spectrum, len(noise)) * np.exp(-time_s / decay_s)).astype(np.float32)


def reference(first, second, rate_hz):
    """The distance from its definition, by librosa, of sounds of one length that start at once."""
    mel = librosa.filters.mel(sr=rate_hz, n_fft=1024, n_mels=32, fmin=30, fmax=min(rate_hz / 2, 16000))
    levels = []
    for sound in (first, second):
        samples = np.pad(sound.astype(np.float64) / np.linalg.norm(sound.astype(np.float64)), (0, 1024))
        power = mel @ np.abs(librosa.stft(samples, n_fft=1024, hop_length=64)) ** 2
        cells = []
        for start_ms, end_ms in itertools.pairwise(TIMES_MS):
            start, end = round(start_ms / 1000 * rate_hz / 64), round(end_ms / 1000 * rate_hz / 64)
            if start < len(sound) / 64:
                cells.append(power[:, start : max(end, start + 1)].mean(axis=1))
        decibels = 10 * np.log10(np.stack(cells, axis=1) + 1e-12)
        levels.append(np.maximum(decibels, decibels.max() - 50))
    a, b = levels
    heard = (a > a.max() - 50) | (b > b.max() - 50)
    return np.abs(a - b)[heard].mean()


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 48000])
def test_it_equals_a_slow_reference(rng, rate_hz):
    first, second = hit(rng, rate_hz), hit(rng, rate_hz, decay_s=0.03, colour_hz=800)
    assert fidelity.distance_db(first, second, rate_hz) == pytest.approx(reference(first, second, rate_hz), rel=1e-3)


def test_level_and_silence_before_the_onset_do_not_matter(rng):
    sound = hit(rng)
    later = np.concatenate([np.zeros(2000, np.float32), 0.01 * sound])
    assert fidelity.distance_db(sound, later, 44100) < 0.1
    assert fidelity.distance_db(sound, -sound, 44100) == pytest.approx(0, abs=1e-9)


def test_noise_of_one_colour_is_near_and_of_another_is_far(rng):
    sound = hit(rng)
    assert fidelity.distance_db(sound, hit(rng), 44100) < 2.1
    assert fidelity.distance_db(sound, hit(rng, decay_s=0.05), 44100) > 4
    assert fidelity.distance_db(sound, hit(rng, colour_hz=500), 44100) > 4


def test_a_shorter_sound_is_silent_after_its_end(rng):
    sound = hit(rng, duration_s=1.0)
    cut = np.where(np.arange(len(sound)) < 4000, sound, 0)
    padded, short = (fidelity.distance_db(sound, each, 44100) for each in (cut, cut[:4000]))
    assert short == pytest.approx(padded, rel=1e-6)
    assert short > 5


def test_batches(rng):
    sounds = np.stack([hit(rng), hit(rng, decay_s=0.02), np.zeros(26460, np.float32)])
    others = np.stack([sounds[0], sounds[0], sounds[0]])
    distances = fidelity.distances_db(sounds, others, 44100)
    expected = fidelity.distance_db(sounds[1], sounds[0], 44100)
    np.testing.assert_allclose(distances, [0, expected, np.nan])


def test_the_nearest_of_many_equals_pair_by_pair(rng):
    kinds = [(0.01, 300, 0.1), (0.02, 500, 0.3), (0.1, 900, 0.6), (0.3, 3000, 0.2)]
    cells = [
        fidelity.cells_db(hit(rng, 8000, decay_s, colour_hz, duration_s), 8000)
        for decay_s, colour_hz, duration_s in kinds
    ]
    expected = [min(fidelity.cell_distance_db(one, other) for other in cells if other is not one) for one in cells]
    np.testing.assert_allclose(fidelity.nearest_cell_distances_db(cells), expected, rtol=1e-9)
    np.testing.assert_array_equal(fidelity.nearest_cell_distances_db(cells[:1]), [np.inf])


def test_the_nearest_of_many_are_looked_for_some_at_a_time(rng, monkeypatch):
    cells = [fidelity.cells_db(hit(rng, 8000, decay_s, 500, 0.3), 8000) for decay_s in (0.01, 0.02, 0.03, 0.05, 0.1)]
    expected = fidelity.nearest_cell_distances_db(cells)
    monkeypatch.setattr(fidelity, "_SOUNDS_AT_ONCE", 2)
    np.testing.assert_array_equal(fidelity.nearest_cell_distances_db(cells), expected)


def test_reconstructions_begin_at_the_onset_of_their_sound(rng):
    sound = hit(rng)
    late = np.concatenate([np.zeros(2000, np.float32), sound[:-2000]])
    both = np.stack([sound, late, late, sound])
    made = np.stack([late, late, np.zeros_like(late), 1e-3 * sound])
    distances = [
        fidelity.cell_distance_db(*pair)
        for pair in zip(*fidelity.reconstruction_cells_db(both, made, 44100), strict=True)
    ]
    assert distances[0] > 5
    assert distances[1] == pytest.approx(0, abs=1e-9)
    assert distances[2] > 50
    assert distances[3] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("samples", [np.zeros(1000), np.full(1000, 1e-5), np.zeros(0)])
def test_silence_has_no_distance(samples):
    with pytest.raises(ValueError, match="received silence"):
        fidelity.cells_db(samples, 44100)


def test_a_click_of_one_sample_has_cells():
    assert fidelity.cells_db(np.ones(1), 8000).shape == (32, 1)
