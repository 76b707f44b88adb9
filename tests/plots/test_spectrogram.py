"""Spectrograms for the eye."""

import numpy as np
import pytest
from sound_files import tone

from audio_vae.plots import figure
from audio_vae.plots.spectrogram import RANGE_DB, draw_spectrogram, label_frequencies, spectrograms

RATE_HZ = 8000


@pytest.mark.parametrize("frequency_hz", [100, 440, 1000, 3500])
def test_a_tone_is_loudest_in_its_band(frequency_hz):
    (image,) = spectrograms([tone(frequency_hz, 4096)], RATE_HZ)
    edges_hz = np.geomspace(50, RATE_HZ / 2, len(image.decibels) + 1)
    loudest = image.decibels[:, image.decibels.shape[1] // 2].argmax()
    # A bin of the window is 31 Hz wide.
    assert edges_hz[loudest] - 16 <= frequency_hz <= edges_hz[loudest + 1] + 16


def test_power_of_the_bands_is_that_of_the_transform(rng):
    """White noise has the same density in narrow bands, below a bin, and in wide ones, of many bins."""
    (image,) = spectrograms([rng.normal(size=16384)], RATE_HZ)
    density_db = 10 * np.log10(np.mean(10 ** (image.decibels / 10), axis=1))
    assert np.ptp(density_db[5:-3]) < 3


def test_levels_are_relative_to_the_loudest_of_all():
    loud, quiet, silent = spectrograms([tone(1000, 4096), 0.01 * tone(1000, 4096), np.zeros(4096)], RATE_HZ)
    assert loud.decibels.max() == pytest.approx(0)
    assert quiet.decibels.max() == pytest.approx(-40, abs=0.1)
    assert (silent.decibels == -RANGE_DB).all()


@pytest.mark.parametrize("lengths", [[1], [7, 100], [512, 30000], [8000 * 120]])
def test_frames_cover_each_sound_from_start_to_end(lengths):
    for length, image in zip(lengths, spectrograms([np.ones(each) for each in lengths], RATE_HZ), strict=True):
        assert image.decibels.shape[1] + 1 == len(image.edges_s)
        assert image.decibels.shape[1] <= 257
        assert image.edges_s[0] == 0
        assert image.edges_s[-1] == pytest.approx(length / RATE_HZ)
        assert (np.diff(image.edges_s) > 0).all()


def test_a_click_is_seen_when_it_is_heard():
    samples = np.zeros(8192)
    samples[6000] = 1
    (image,) = spectrograms([samples], RATE_HZ)
    loudest = image.decibels.sum(axis=0).argmax()
    assert image.edges_s[loudest] - 0.016 <= 6000 / RATE_HZ <= image.edges_s[loudest + 1] + 0.016


def test_strips_and_their_frequencies():
    axes = figure.new_figure(4, 3).subplots()
    (image,) = spectrograms([tone(1000, 4096)], RATE_HZ)
    for bottom in (0, -2):
        draw_spectrogram(axes, image, bottom)
    label_frequencies(axes, RATE_HZ, (0, -2))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0.1", "1"] * 2
    places = np.log([2, 20]) / np.log(80)
    np.testing.assert_allclose(axes.get_yticks(), [*places, *(places - 2)])
    low, high = (mesh.get_datalim(axes.transData).intervaly for mesh in axes.collections[::-1])
    np.testing.assert_allclose([*low, *high], [-2, -1, 0, 1])
