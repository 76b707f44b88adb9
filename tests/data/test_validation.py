"""One file: usable or not and why, and what was found in it."""

import re

import numpy as np
import pytest
from sound_files import decaying_tone, write_sound

from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig
from audio_vae.data import validation

CONFIG = AudioConfig(8000, 4096)


def tone(duration_s):
    return 0.5 * np.sin(np.arange(round(8000 * duration_s)))


def padded(samples, duration_s):
    return np.concatenate([samples, np.zeros(round(8000 * duration_s) - len(samples))])


class TestValidateFile:
    def notes(self, path, config=CONFIG):
        return {note.kind: note.text for note in validation.validate_file(path, config).notes}

    def test_clean_sound_has_no_notes(self, tmp_path):
        assert self.notes(write_sound(tmp_path / "a.wav", decaying_tone())) == {}

    @pytest.mark.parametrize(
        ("kind", "samples", "rate_hz", "text"),
        [
            ("clipped", np.clip(5 * decaying_tone(), -1, 1), 8000, r"clipped \(\d+ samples at full scale\)"),
            ("dc offset", 0.5 * decaying_tone() + 0.2, 8000, r"DC offset \(\+0\.2\d\d of full scale\)"),
            ("too long", decaying_tone(1.012), 8000, r"0\.50 s longer than the model's 0\.51 s, and cut there"),
            ("too long", tone(61), 8000, r"at least 59\.49 s longer than the model's 0\.51 s, and cut there"),
            ("not read", padded(decaying_tone(), 61), 8000, "longer than 60 s, the rest is not read"),
            (
                "channels cancel",
                np.stack([decaying_tone(), -0.99 * decaying_tone()], axis=1),
                8000,
                "stereo whose channels cancel each other: the left one is used alone, as the loudest",
            ),
            (
                "channels cancel",
                np.stack([0 * decaying_tone(), -decaying_tone(), decaying_tone()], axis=1),
                8000,
                "3 channels whose channels cancel each other: channel 2 is used alone, as the loudest",
            ),
            (
                "mixed down",
                np.stack([decaying_tone(), 0.2 * decaying_tone()], axis=1),
                8000,
                "stereo mixed down to mono",
            ),
            ("mixed down", np.stack([decaying_tone()] * 6, axis=1), 8000, "6 channels mixed down to mono"),
            ("resampled", decaying_tone(rate_hz=44100), 44100, "resampled from 44100 Hz"),
        ],
    )
    def test_notes(self, tmp_path, kind, samples, rate_hz, text):
        notes = self.notes(write_sound(tmp_path / "a.wav", samples, rate_hz))
        assert list(notes) == [kind]
        assert re.fullmatch(text, notes[kind])

    def test_silent_tail_is_not_too_long(self, tmp_path):
        sound = validation.validate_file(write_sound(tmp_path / "a.wav", padded(decaying_tone(), 3)), CONFIG)
        assert (sound.notes, sound.length) == ((), 2480)

    def test_silence_before_a_sound_is_not_its_length(self, tmp_path):
        path = write_sound(tmp_path / "a.wav", np.concatenate([np.zeros(70 * 8000), decaying_tone()]))
        sound = validation.validate_file(path, AudioConfig(8000, 4096, onset_db=40.0))
        assert sound.notes == ()
        assert sound.length == pytest.approx(2400, abs=2)
        with pytest.raises(AudioError, match=r"silent for the first 0\.51 s"):
            validation.validate_file(path, CONFIG)

    def test_notes_add_up(self, tmp_path):
        samples = np.stack([np.clip(9 * decaying_tone(2, 16000), -1, 1)] * 2, axis=1)
        assert list(self.notes(write_sound(tmp_path / "a.wav", samples, 16000))) == [
            "clipped",
            "too long",
            "mixed down",
            "resampled",
        ]

    def test_loud_and_low_is_not_clipped(self, tmp_path):
        samples = np.sin(2 * np.pi * 50 * np.arange(22050) / 44100) * 32767 / 32768
        assert "clipped" not in self.notes(write_sound(tmp_path / "a.wav", samples, 44100, "PCM_16"))

    @pytest.mark.parametrize(
        ("samples", "reason"),
        [
            (decaying_tone(0.005), r"too short \(5\.0 ms, 10 ms is the least\)"),
            (np.full(4000, 0.3), "constant level and no sound"),
            (np.zeros(4000), "silent"),
            (np.full(4000, np.inf), "infinite"),
        ],
    )
    def test_refusals(self, tmp_path, samples, reason):
        with pytest.raises(AudioError, match=reason):
            validation.validate_file(write_sound(tmp_path / "a.wav", samples), CONFIG)

    def test_digest_tells_copies_in_any_lossless_format(self, tmp_path):
        pcm = np.round(decaying_tone() * 32767).astype(np.int16)
        digests = {
            validation.validate_file(write_sound(tmp_path / name, samples, rate_hz, "PCM_16"), CONFIG).digest
            for name, samples, rate_hz in [("a.wav", pcm, 8000), ("b.flac", pcm, 8000), ("c.aiff", pcm, 8000)]
        }
        assert len(digests) == 1
        other_rate = validation.validate_file(write_sound(tmp_path / "d.wav", pcm, 16000, "PCM_16"), CONFIG).digest
        assert other_rate not in digests

    def test_clipped_samples(self, rng):
        samples = rng.uniform(-0.9, 0.9, 1000)
        samples[100:105] = 1
        samples[300:307] = -1
        samples[500:503] = 1
        assert validation.clipped_samples(samples) == 12


class TestArrays:
    def test_an_array_is_what_its_file_is(self, tmp_path):
        stereo = np.stack([decaying_tone(0.2), -decaying_tone(0.2)], axis=1).astype(np.float32)
        path = write_sound(tmp_path / "own.wav", stereo, 16000)
        config = AudioConfig(rate_hz=8000, n_samples=512)
        of_file, of_array = validation.validate_file(path, config), validation.validate_array(stereo, 16000, config)
        np.testing.assert_array_equal(of_array.fitted, of_file.fitted)
        assert (of_array.notes, of_array.peak, of_array.digest) == (of_file.notes, of_file.peak, of_file.digest)

    def test_of_a_long_one_the_rest_is_left_out(self):
        samples = np.tile(np.float32(decaying_tone(1.0, 1000)), 70)
        sound = validation.validate_array(samples, 1000, AudioConfig(rate_hz=1000, n_samples=512))
        assert sound.duration_s == 60

    @pytest.mark.parametrize(
        ("samples", "rate_hz", "match"),
        [
            (np.zeros(0), 8000, "the array holds no samples"),
            (np.ones(1000), 8000, "the array holds a constant level and no sound"),
            (decaying_tone(), 0, "the array claims a sample rate of 0 Hz"),
            (np.ones(1000, np.int16), 8000, "the array holds no floats"),
            (np.ones((2, 2, 2)), 8000, r"the array has the shape \(2, 2, 2\), not \[n\] or \[n, channels\]"),
        ],
    )
    def test_what_is_no_sound(self, samples, rate_hz, match):
        with pytest.raises(AudioError, match=match):
            validation.validate_array(samples, rate_hz, AudioConfig(rate_hz=8000, n_samples=512))
