"""Operations on a waveform: sample rate, length, fades, level."""

import librosa
import numpy as np
import pytest

from audio_vae.audio import waveform
from audio_vae.config import AudioConfig

RATE_HZ = 8000


def sine(frequency_hz, duration_s, rate_hz, level=0.5):
    return (level * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * rate_hz)) / rate_hz)).astype(
        np.float32
    )


class TestResample:
    @pytest.mark.parametrize("from_hz", [11025, 22050, 44100, 48000, 96000])
    def test_sine_stays_that_sine_without_delay(self, from_hz):
        resampled = waveform.resample(sine(440, 1.0, from_hz), from_hz, RATE_HZ)
        assert abs(len(resampled) - RATE_HZ) <= 1
        inner = slice(400, 7600)  # the edges are where a band-limited signal cannot start abruptly
        np.testing.assert_allclose(resampled[inner], sine(440, 1.0, RATE_HZ)[inner], atol=1e-4)

    def test_what_lies_above_nyquist_is_removed(self):
        resampled = waveform.resample(sine(5000, 1.0, 48000), 48000, RATE_HZ)
        assert np.abs(resampled[400:-400]).max() < 0.5 * 10 ** (-80 / 20)

    def test_impulse_stays_where_it_is(self):
        impulse = np.zeros(48000, np.float32)
        impulse[24000] = 1
        assert np.abs(waveform.resample(impulse, 48000, RATE_HZ)).argmax() == 4000

    def test_same_rate_is_untouched(self, rng):
        samples = rng.normal(size=100).astype(np.float32)
        assert waveform.resample(samples, RATE_HZ, RATE_HZ) is samples

    def test_result_is_float32(self):
        assert waveform.resample(sine(440, 0.1, 44100), 44100, RATE_HZ).dtype == np.float32


class TestFit:
    def test_short_sound_is_padded_and_normalised(self):
        samples = sine(440, 0.1, RATE_HZ, 0.25)
        fitted, peak, length = waveform.fit(samples, AudioConfig(RATE_HZ, 1024))
        assert fitted.dtype == np.float32
        assert (fitted.shape, length) == ((1024,), 800)
        assert peak == pytest.approx(waveform.peak(samples))
        np.testing.assert_allclose(fitted[:800] * peak, samples, atol=1e-7)
        assert not fitted[800:].any()
        assert waveform.peak(fitted) == 1

    def test_sound_of_the_very_length_is_not_faded(self):
        samples = np.ones(1024, np.float32)
        fitted, _, length = waveform.fit(samples, AudioConfig(RATE_HZ, 1024))
        assert length == 1024
        np.testing.assert_array_equal(fitted, samples)

    def test_long_sound_is_faded_out(self):
        fitted, _, length = waveform.fit(np.ones(2000, np.float32), AudioConfig(RATE_HZ, 1024, fade_s=0.01))
        assert length == 1024
        np.testing.assert_array_equal(fitted[:944], 1)
        assert (np.diff(fitted[944:]) < 1e-6).all()
        assert fitted[-1] == pytest.approx(0, abs=1e-6)

    def test_peak_is_that_of_the_part_that_is_kept(self):
        samples = np.concatenate([np.full(1024, 0.25), np.full(500, 0.9)]).astype(np.float32)
        assert waveform.fit(samples, AudioConfig(RATE_HZ, 1024))[1] == pytest.approx(0.25)

    def test_starts_at_the_onset(self):
        samples = np.zeros(900, np.float32)
        samples[100:300] = 0.004  # 42 dB below the peak: not yet the sound
        samples[300:400] = 0.006  # 38 dB below
        samples[400:] = 0.5
        fitted, peak, length = waveform.fit(samples, AudioConfig(RATE_HZ, 1024, onset_db=40.0))
        assert length == 600
        assert fitted[0] * peak == pytest.approx(0.006)

    def test_keeps_its_own_start_without_an_onset_rule(self):
        samples = np.concatenate([np.zeros(100), np.ones(100)]).astype(np.float32)
        fitted, _, length = waveform.fit(samples, AudioConfig(RATE_HZ, 1024))
        assert length == 200
        assert not fitted[:100].any()

    def test_silent_start_that_fills_the_length_is_refused(self):
        samples = np.concatenate([np.zeros(5000), np.ones(100)]).astype(np.float32)
        with pytest.raises(waveform.AudioError, match=r"silent for the first 0\.13 s"):
            waveform.fit(samples, AudioConfig(RATE_HZ, 1024))

    def test_input_is_left_as_it_is(self):
        samples = np.ones(2000, np.float32)
        waveform.fit(samples, AudioConfig(RATE_HZ, 1024))
        assert (samples == 1).all()


def trimmed_by_the_code(samples, length):
    """The rule of the paper's code, a block at a time."""
    x = samples.astype(np.float64) - np.mean(samples, dtype=np.float64)
    x = x / np.abs(x).max()
    for i in range(len(x) // 128):
        if np.sum(x[i * 128 : (i + 1) * 128] ** 2) / 128 < 0.00005:
            continue
        x = x[i * 128 : length - i * 128]
        break
    return np.pad(x, (0, length - len(x)))


class TestTrimmingOfTheCode:
    CONFIG = AudioConfig(RATE_HZ, 1024, removes_mean=True, trims_long=True)

    @pytest.mark.parametrize("n_silent", [0, 127, 128, 300])
    @pytest.mark.parametrize("n_sound", [1100, 3000])
    def test_long_sounds_are_trimmed_as_there(self, rng, n_silent, n_sound):
        samples = np.concatenate([np.zeros(n_silent), rng.uniform(-0.4, 0.6, n_sound)]).astype(np.float32)
        samples -= np.float32(0.05) * (np.arange(len(samples)) >= n_silent)
        fitted, _, _ = waveform.fit(samples, self.CONFIG)
        expected = trimmed_by_the_code(samples, 1024)
        np.testing.assert_allclose(fitted, expected / np.abs(expected).max(), atol=1e-5)

    def test_short_sounds_keep_their_start_and_lose_their_mean(self):
        samples = np.concatenate([np.zeros(200), np.ones(200)]).astype(np.float32)
        fitted, _, length = waveform.fit(samples, self.CONFIG)
        np.testing.assert_allclose(fitted[:400], np.repeat([-1, 1], 200))
        assert (length, fitted[400:].any()) == (400, False)

    def test_a_sound_that_starts_late_leaves_nothing(self, rng):
        samples = np.concatenate([np.zeros(512), rng.uniform(-1, 1, 2000)]).astype(np.float32)
        with pytest.raises(waveform.AudioError, match=r"nothing is left of it .* \(it starts at 512\)"):
            waveform.fit(samples - samples.mean(), AudioConfig(RATE_HZ, 1024, trims_long=True))


class TestExtent:
    def tone_and(self, tail):
        return np.concatenate([np.zeros(100), sine(440, 0.1, RATE_HZ), tail]).astype(np.float32)

    @pytest.mark.parametrize("tail_level", [0.0, 4e-4])
    def test_silent_tail_is_no_part_of_a_sound(self, tail_level):
        samples = self.tone_and(np.full(5000, tail_level))
        start, end = waveform.extent(samples, RATE_HZ, onset_db=40.0)
        assert start == pytest.approx(100, abs=2)
        assert end == pytest.approx(900 + 80, abs=2)

    def test_what_is_within_60_db_of_the_peak_is_a_part(self):
        samples = self.tone_and(np.full(5000, 6e-4))
        assert waveform.extent(samples, RATE_HZ, None) == (0, len(samples))

    def test_pause_within_a_sound_is_a_part(self):
        samples = self.tone_and(np.concatenate([np.zeros(4000), [0.01]]))
        assert waveform.extent(samples, RATE_HZ, None) == (0, len(samples))

    def test_length_of_a_fitted_sound_ends_where_it_ends(self):
        samples = self.tone_and(np.zeros(5000))
        fitted, _, length = waveform.fit(samples, AudioConfig(RATE_HZ, 4096))
        assert length == pytest.approx(980, abs=2)
        assert not fitted[length:].any()


class TestFadeOut:
    def test_is_a_raised_cosine(self):
        faded = waveform.fade_out(np.ones(100, np.float32), 50)
        np.testing.assert_allclose(faded[50:], 0.5 + 0.5 * np.cos(np.pi * np.arange(50) / 49), atol=1e-6)

    @pytest.mark.parametrize("n_fade", [0, 1, 10, 50])
    def test_any_length(self, n_fade):
        assert waveform.fade_out(np.ones(10, np.float32), n_fade).shape == (10,)


def test_librosa_resamples_the_same(rng):
    samples = rng.uniform(-1, 1, 4410).astype(np.float32)
    expected = librosa.resample(samples, orig_sr=44100, target_sr=RATE_HZ, res_type="soxr_hq")
    np.testing.assert_allclose(waveform.resample(samples, 44100, RATE_HZ)[: len(expected)], expected, atol=1e-6)


@pytest.mark.parametrize(("samples", "expected"), [([], 0.0), ([0.2, -0.7], 0.7)])
def test_peak(samples, expected):
    assert waveform.peak(np.array(samples)) == expected


def test_silence_is_not_normalised():
    np.testing.assert_array_equal(waveform.normalised(np.array([0.1, -0.5])), [0.2, -1])
    np.testing.assert_array_equal(waveform.normalised(np.array([5e-5])), [5e-5])
