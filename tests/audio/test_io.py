"""Sound files read, refused, written and found."""

import errno
import os

import numpy as np
import pytest
import soundfile

from audio_vae.audio import decoding, io, waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig
from audio_vae.utils.errors import UserError

RATE_HZ = 8000


def sine(frequency_hz, duration_s, rate_hz, level=0.5):
    return (level * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * rate_hz)) / rate_hz)).astype(
        np.float32
    )


def read(path, rate_hz=RATE_HZ):
    """A file decoded, and its samples at a rate."""
    decoded = io.decode_file(path)
    return decoded, io.at_rate(decoded, rate_hz)


class TestRead:
    @pytest.mark.parametrize(
        ("suffix", "subtype", "tolerance"),
        [
            (".wav", "PCM_U8", 1e-2),
            (".wav", "PCM_16", 1e-4),
            (".wav", "PCM_24", 1e-6),
            (".wav", "PCM_32", 1e-6),
            (".wav", "FLOAT", 1e-7),
            (".wav", "DOUBLE", 1e-7),
            (".flac", "PCM_16", 1e-4),
            (".flac", "PCM_24", 1e-6),
            (".aiff", "PCM_16", 1e-4),
            (".aiff", "PCM_24", 1e-6),
            (".ogg", "VORBIS", 5e-2),
        ],
    )
    def test_formats(self, tmp_path, suffix, subtype, tolerance):
        path = tmp_path / f"tone{suffix}"
        tone = sine(440, 0.5, RATE_HZ)
        soundfile.write(path, tone, RATE_HZ, subtype=subtype)
        decoded, samples = read(path)
        assert (samples.dtype, decoded[1:]) == (np.float32, (RATE_HZ, 1, False, None))
        np.testing.assert_allclose(samples[400:-400], tone[400:-400], atol=tolerance)

    def test_mp3(self, tmp_path):
        path = tmp_path / "tone.mp3"
        soundfile.write(path, sine(440, 1.0, 44100), 44100, format="MP3")
        _, samples = read(path, 22050)
        # The encoder pads, so the length and start are its own; the tone has to be there.
        spectrum = np.abs(np.fft.rfft(samples[2205:19845]))
        assert spectrum.argmax() * 22050 / 17640 == pytest.approx(440, abs=1.3)
        assert waveform.peak(samples) == pytest.approx(0.5, abs=0.05)

    def test_channels_are_averaged(self, tmp_path):
        path = tmp_path / "stereo.wav"
        left, right = sine(440, 0.2, RATE_HZ, 0.6), sine(880, 0.2, RATE_HZ, 0.2)
        soundfile.write(path, np.stack([left, right], axis=1), RATE_HZ, subtype="FLOAT")
        decoded, samples = read(path)
        assert decoded.n_channels == 2
        np.testing.assert_allclose(samples, (left + right) / 2, atol=1e-7)

    def test_48_khz_stereo_is_resampled(self, tmp_path):
        path = tmp_path / "stereo.wav"
        tone = sine(440, 0.5, 48000)
        soundfile.write(path, np.stack([tone, tone], axis=1), 48000)
        decoded, samples = read(path)
        assert (len(samples), decoded.rate_hz) == (4000, 48000)
        np.testing.assert_allclose(samples[400:-400], sine(440, 0.5, RATE_HZ)[400:-400], atol=1e-3)

    def test_ten_minutes_are_read_up_to_the_limit(self, tmp_path):
        path = tmp_path / "long.wav"
        n_samples = 600 * RATE_HZ
        tone = sine(440, 1.0, RATE_HZ)
        soundfile.write(path, tone, RATE_HZ, subtype="PCM_16")
        header = bytearray(path.read_bytes()[:44])
        header[4:8] = (36 + 2 * n_samples).to_bytes(4, "little")
        header[40:44] = (2 * n_samples).to_bytes(4, "little")
        with path.open("r+b") as file:
            file.write(header)
            file.truncate(44 + 2 * n_samples)  # the rest is a hole that takes no space
        decoded, samples = read(path)
        assert decoded.is_cut
        # The first sample of a sine is silence.
        assert len(samples) == decoding.MAX_DURATION_S * RATE_HZ + 1
        np.testing.assert_allclose(samples[:RATE_HZ], tone, atol=1e-4)

    def test_truncated_file_gives_what_is_there(self, tmp_path):
        path = tmp_path / "cut.wav"
        tone = sine(440, 1.0, RATE_HZ)
        soundfile.write(path, tone, RATE_HZ, subtype="PCM_16")
        os.truncate(path, 44 + 2 * 3000)
        np.testing.assert_allclose(read(path)[1], tone[:3000], atol=1e-4)


def write_wav(path, samples, rate_hz=RATE_HZ):
    soundfile.write(path, np.asarray(samples, np.float32), rate_hz, subtype="FLOAT")


UNUSABLE = {
    "missing": (lambda path: None, "No such file"),
    "zero bytes": (lambda path: path.write_bytes(b""), "empty"),
    "text": (lambda path: path.write_text("these are no samples\n"), "not readable as sound"),
    "noise for a header": (lambda path: path.write_bytes(bytes(range(256)) * 8), "not readable as sound"),
    "header alone": (lambda path: write_wav(path, []), "no samples"),
    "silent": (lambda path: write_wav(path, np.zeros(1000)), "silent"),
    "nearly silent": (lambda path: write_wav(path, sine(440, 0.1, RATE_HZ, 5e-5)), "silent"),
    "NaN": (lambda path: write_wav(path, [0.1, np.nan, 0.2] * 100), "NaN"),
    "infinite": (lambda path: write_wav(path, [0.1, np.inf, 0.2] * 100), "infinite"),
    "too large": (lambda path: write_wav(path, np.tile([3e38, 3e38, -3e38, -3e38], 500), 48000), "too large"),
    "a folder": (lambda path: path.mkdir(), "not readable as sound"),
    "one sample at 192 kHz": (lambda path: write_wav(path, [0.5], 192000), "nothing"),
    "above Nyquist": (lambda path: write_wav(path, sine(20000, 0.5, 48000) * np.hanning(24000), 48000), "nothing"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_file_has_a_reason(tmp_path, case):
    make, reason = UNUSABLE[case]
    path = tmp_path / "sound.wav"
    make(path)
    with pytest.raises(waveform.AudioError, match=reason) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_headerless_file_has_a_reason(tmp_path):
    path = tmp_path / "sound.raw"
    path.write_bytes(bytes(1000))
    with pytest.raises(waveform.AudioError, match="not readable as sound"):
        read(path)


class TestWrite:
    def test_round_trip(self, tmp_path):
        samples = sine(440, 0.1, RATE_HZ)
        io.write(tmp_path / "a.wav", samples, RATE_HZ)
        info = soundfile.info(tmp_path / "a.wav")
        assert (info.samplerate, info.channels, info.subtype) == (RATE_HZ, 1, "PCM_16")
        np.testing.assert_allclose(read(tmp_path / "a.wav")[1], samples, atol=1e-4)

    def test_too_loud_is_scaled_and_not_clipped(self, tmp_path):
        samples = sine(440, 0.1, RATE_HZ, 3.0)
        io.write(tmp_path / "a.wav", samples, RATE_HZ)
        np.testing.assert_allclose(read(tmp_path / "a.wav")[1], samples / waveform.peak(samples), atol=1e-4)

    @pytest.mark.parametrize(("subtype", "bits"), [("PCM_16", 16), ("PCM_24", 24)])
    def test_samples_are_rounded_and_not_cut_down(self, tmp_path, rng, subtype, bits):
        samples = rng.uniform(-0.9, 0.9, 5000)
        io.write(tmp_path / "a.wav", samples, RATE_HZ, subtype)
        io.write(tmp_path / "b.wav", -samples, RATE_HZ, subtype)
        one, other = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "ab")
        np.testing.assert_array_equal(one, -other)
        steps = (one - samples) * 2.0 ** (bits - 1)
        assert np.abs(steps).max() <= 0.5 + 1e-6
        assert abs(steps.mean()) < 0.02

    @pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
    def test_samples_of_a_file_are_written_as_they_were(self, tmp_path, subtype):
        samples = np.float32([-1, 1, 0, 0.5, -0.25])
        soundfile.write(tmp_path / "a.wav", samples, RATE_HZ, subtype)
        given, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
        io.write(tmp_path / "b.wav", given, RATE_HZ, subtype)
        assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()

    def test_nan_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="finite"):
            io.write(tmp_path / "a.wav", np.array([0, np.nan]), RATE_HZ)
        assert not (tmp_path / "a.wav").exists()


class TestFindFiles:
    def test_walks_sorted_and_skips_what_is_no_sound(self, tmp_path):
        for name in ("b/2.WAV", "b/1.flac", "a.aiff", "c/d/x.mp3", "notes.txt", ".hidden.wav", ".git/y.wav"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        found = [path.relative_to(tmp_path).as_posix() for path in io.find_files(tmp_path)]
        assert found == ["a.aiff", "b/1.flac", "b/2.WAV", "c/d/x.mp3"]

    def test_link_that_closes_a_circle(self, tmp_path):
        folder = tmp_path / "kit"
        folder.mkdir()
        (folder / "a.wav").touch()
        (folder / "again").symlink_to(tmp_path, target_is_directory=True)
        assert io.find_files(tmp_path) == [folder / "a.wav"]

    def test_linked_folder_is_walked(self, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "a.wav").touch()
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        assert io.find_files(tmp_path / "data") == [tmp_path / "data" / "link" / "a.wav"]

    def test_empty_folder(self, tmp_path):
        assert io.find_files(tmp_path) == []


def test_all_real_drums_are_read(shared_data):
    paths = io.find_files(shared_data / "drums")
    config = AudioConfig(22050, 16384, onset_db=40.0, fade_s=0.02)
    fitted = [waveform.fit(read(path, config.rate_hz)[1], config)[0] for path in paths]
    assert len(fitted) == 154
    assert all(np.isfinite(each).all() and waveform.peak(each) == 1 for each in fitted)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_called_that():
    with pytest.raises(OSError, match="No space left on device"):
        io.write("/dev/full", sine(440, 0.1, RATE_HZ), RATE_HZ)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory"),
        (RuntimeError("can't start new thread"), "no more threads can be started"),
    ],
)
def test_a_shortage_is_not_blamed_on_the_file(tmp_path, error, words):
    def fail(path):
        raise error

    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(UserError, match=words):
        io.decode_file(tmp_path / "a.wav", fail)


def test_a_file_that_its_disk_does_not_give_is_left_out(tmp_path):
    def fail(path):
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"not readable as sound \(Input/output error\)"):
        io.decode_file(tmp_path / "a.wav", fail)
