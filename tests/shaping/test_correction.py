"""Descriptors that are brought to what is wanted, and true peaks to what is allowed."""

import numpy as np
import pytest

from audio_vae.audio import waveform
from audio_vae.audio.descriptors import describe
from audio_vae.shaping.correction import (
    MOST_TILT_DB,
    TRUE_PEAK_DB,
    at_brightness_and_loudness,
    at_most_true_peak,
    corrected,
)

RATE_HZ = 22050
LOW_HZ, HIGH_HZ = 300, 2100


def tone(decay_s=0.1, attack_s=0.004, level=0.3, n_channels=1):
    """A decaying tone of two partials, the higher one 10 dB below the lower one: float32 `[n, channels]`."""
    time_s = np.arange(round(0.8 * RATE_HZ)) / RATE_HZ
    envelope = np.minimum(1, time_s / attack_s) * np.exp(-np.maximum(time_s - attack_s, 0) / decay_s)
    wave = np.sin(2 * np.pi * LOW_HZ * time_s) + 0.3 * np.sin(2 * np.pi * HIGH_HZ * time_s)
    return np.repeat(np.float32(level * envelope * wave)[:, None], n_channels, axis=1)


def wanted_of(sound, **changes):
    """The descriptors of a sound, some of them changed by so much."""
    own = describe(sound, RATE_HZ)
    return own._replace(**{name: getattr(own, name) + change for name, change in changes.items()})


def true_peak_db(sound):
    return 20 * np.log10(waveform.true_peak(sound, RATE_HZ))


def partials_db(sound):
    """The levels of the two partials."""
    time_s = np.arange(len(sound)) / RATE_HZ
    return [20 * np.log10(abs(sound[:, 0] @ np.exp(-2j * np.pi * each * time_s))) for each in (LOW_HZ, HIGH_HZ)]


class TestTruePeak:
    @pytest.mark.parametrize("level", [0.01, 0.75])
    def test_a_quiet_sound_is_left_as_it_is(self, level):
        sound = tone(level=level)
        assert true_peak_db(sound) < TRUE_PEAK_DB
        assert at_most_true_peak(sound, RATE_HZ) is sound

    @pytest.mark.parametrize("level", [0.9, 3.0])
    def test_a_loud_sound_is_turned_down(self, level):
        sound = tone(level=level)
        assert true_peak_db(sound) > TRUE_PEAK_DB + 0.2
        made = at_most_true_peak(sound, RATE_HZ)
        assert true_peak_db(made) == pytest.approx(-0.3, abs=1e-3)
        np.testing.assert_allclose(made * (sound.max() / made.max()), sound, atol=1e-6)

    def test_a_peak_between_samples_counts(self):
        # At a quarter of the rate, with samples at 45°, 135°, …: they are 3 dB below the peak.
        sound = np.float32(1.3 * np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4) * np.hanning(4000))[:, None]
        assert waveform.peak(sound) < 10 ** (TRUE_PEAK_DB / 20)
        made = at_most_true_peak(sound, RATE_HZ)
        assert true_peak_db(made) == pytest.approx(TRUE_PEAK_DB, abs=1e-3)


class TestBrightnessAndLoudness:
    @pytest.mark.parametrize("loudness_db", [-6, 0, 3])
    @pytest.mark.parametrize("octaves", [-0.15, 0, 0.4])
    def test_they_are_reached_and_the_decay_stays(self, loudness_db, octaves):
        sound = tone()
        wanted = wanted_of(sound, loudness_db=loudness_db, spectral_centroid_octaves=octaves)
        made = at_brightness_and_loudness(sound, RATE_HZ, wanted, 0.0)
        assert (made.shape, made.dtype) == (sound.shape, np.float32)
        found = describe(made, RATE_HZ)
        assert found.loudness_db == pytest.approx(wanted.loudness_db, abs=0.1)
        assert found.spectral_centroid_octaves == pytest.approx(wanted.spectral_centroid_octaves, abs=0.02)
        # The decay ends where the envelope crosses a level, with a ripple of the two partials that the tilt changes.
        assert found.decay_ms == pytest.approx(wanted.decay_ms, abs=1)

    def test_a_sound_that_has_them_is_left_as_it_is(self):
        sound = tone()
        made = at_brightness_and_loudness(sound, RATE_HZ, wanted_of(sound), 0.0)
        np.testing.assert_allclose(made, sound, rtol=1e-6)

    @pytest.mark.parametrize("octaves", [-4, 4])
    def test_the_tilt_is_bounded(self, octaves):
        sound = tone()
        wanted = wanted_of(sound, spectral_centroid_octaves=octaves)
        made = at_brightness_and_loudness(sound, RATE_HZ, wanted, 0.0)
        tilt_db = (np.diff(partials_db(made)) - np.diff(partials_db(sound)))[0] / np.log2(HIGH_HZ / LOW_HZ)
        assert tilt_db == pytest.approx(np.sign(octaves) * MOST_TILT_DB, abs=0.05)
        assert describe(made, RATE_HZ).loudness_db == pytest.approx(wanted.loudness_db, abs=0.1)

    def test_what_is_too_loud_is_limited(self):
        sound = tone(level=0.75)
        # Single waves are limited, so that the loudness is reached without a higher peak.
        wanted = wanted_of(sound, loudness_db=1)
        made = at_brightness_and_loudness(sound, RATE_HZ, wanted, 0.0)
        assert true_peak_db(made) <= TRUE_PEAK_DB + 1e-3
        assert describe(made, RATE_HZ).loudness_db == pytest.approx(wanted.loudness_db, abs=0.1)
        # There is no way to so much more.
        wanted = wanted_of(sound, loudness_db=20)
        made = at_brightness_and_loudness(sound, RATE_HZ, wanted, 0.0)
        assert true_peak_db(made) == pytest.approx(TRUE_PEAK_DB, abs=1e-3)
        assert describe(made, RATE_HZ).loudness_db < wanted.loudness_db - 5


class TestCorrected:
    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("loudness_db", 4),
            ("loudness_db", -4),
            ("decay_ms", 100),
            ("decay_ms", -100),
            ("temporal_centroid_ms", 15),
            ("temporal_centroid_ms", -15),
            ("spectral_centroid_octaves", 0.4),
            ("spectral_centroid_octaves", -0.15),
            ("attack_ms", 8),
            ("attack_ms", -3),
        ],
    )
    def test_a_descriptor_is_moved_to_what_is_wanted_and_the_others_stay(self, name, change):
        sound = tone()
        wanted = wanted_of(sound, **{name: change})
        made = corrected(sound, RATE_HZ, wanted, 0.0, waveform.peak(sound))
        assert (made.shape, made.dtype) == (sound.shape, np.float32)
        misses = np.abs(np.array(describe(made, RATE_HZ)) - wanted)
        # A peak can only be moved to a wave of the tone, and these are 3.3 ms apart.
        assert (misses < [0.1, 1, 0.5, 0.02, 1.67]).all()
        assert misses[wanted._fields.index(name)] < abs(change) / 2

    def test_an_echo_after_the_decay_that_is_wanted_is_lowered(self):
        sound = tone()
        sound[round(0.6 * RATE_HZ) :] += 0.6 * sound[: -round(0.6 * RATE_HZ)]
        wanted = wanted_of(tone(), decay_ms=-100)
        assert describe(sound, RATE_HZ).decay_ms > wanted.decay_ms + 300
        found = describe(corrected(sound, RATE_HZ, wanted, 0.0, 1.0), RATE_HZ)
        assert found.decay_ms == pytest.approx(wanted.decay_ms, rel=0.1)

    def test_a_sound_that_has_them_is_hardly_changed(self):
        sound = tone()
        made = corrected(sound, RATE_HZ, wanted_of(sound), 0.0, waveform.peak(sound))
        np.testing.assert_allclose(made, sound, atol=1e-3 * waveform.peak(sound))

    def test_peaks_are_limited(self):
        sound = tone()
        wanted = wanted_of(sound)
        free, limited = (corrected(sound, RATE_HZ, wanted, 0.0, share * waveform.peak(sound)) for share in (1, 0.7))
        # The loudness and the decay that are wanted raise some of it again.
        assert waveform.peak(limited) < 0.95 * waveform.peak(free)
        assert describe(limited, RATE_HZ).loudness_db == pytest.approx(wanted.loudness_db, abs=0.1)

    def test_channels_stay_apart(self):
        sound = tone(n_channels=2) * np.float32([1, 0])
        made = corrected(sound, RATE_HZ, wanted_of(sound, loudness_db=3, decay_ms=-50), 0.0, 1.0)
        assert made[:, 0].any()
        assert not made[:, 1].any()

    def test_what_comes_before_the_onset_is_no_part_of_the_decay(self):
        late = np.concatenate([np.zeros((2205, 1), np.float32), tone()])
        wanted = wanted_of(late, decay_ms=-100)
        found = describe(corrected(late, RATE_HZ, wanted, 100.0, 1.0), RATE_HZ)
        assert found.decay_ms == pytest.approx(wanted.decay_ms, abs=1)
        assert found.temporal_centroid_ms == pytest.approx(wanted.temporal_centroid_ms, abs=0.5)
