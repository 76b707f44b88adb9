"""Files decoded by libsndfile, and by tensorflow-io where it works."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_vae.audio import decoding, io
from audio_vae.audio.waveform import AudioError

FORMATS = [
    ("wav", "PCM_U8"),
    ("wav", "PCM_16"),
    ("wav", "PCM_24"),
    ("wav", "PCM_32"),
    ("wav", "FLOAT"),
    ("wav", "DOUBLE"),
    ("flac", "PCM_16"),
    ("flac", "PCM_24"),
    ("aiff", "PCM_16"),
    ("ogg", "VORBIS"),
    ("mp3", "MPEG_LAYER_III"),
]
IDS = ["-".join(each) for each in FORMATS]
TFIO_SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "FLOAT")
"""Subtypes of WAV files that tensorflow-io decodes."""


@pytest.fixture
def files(tmp_path, rng):
    """A file of each format: two channels at 44.1 kHz."""
    time_s = np.arange(30000) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s) * np.exp(-5 * time_s)
    samples = np.stack([tone, 0.5 * tone], axis=1) + rng.normal(0, 1e-3, (30000, 2))
    paths = [tmp_path / f"{subtype}.{suffix}" for suffix, subtype in FORMATS]
    for path, (_, subtype) in zip(paths, FORMATS, strict=True):
        soundfile.write(path, samples, 44100, subtype=subtype)
    return paths


@pytest.mark.parametrize("position", range(len(FORMATS)), ids=IDS)
def test_libsndfile_mixes_down_at_the_files_rate(files, position):
    decoded = decoding.decode_soundfile(files[position])
    expected, rate_hz = soundfile.read(files[position], dtype="float32")
    assert decoded[1:] == (rate_hz, 2, False, None)
    assert decoded.samples.dtype == np.float32
    np.testing.assert_allclose(decoded.samples, expected.mean(axis=1), atol=1e-7)


def decoders():
    """The decoders that work here."""
    return [decoding.decode_soundfile, *([decoding.decode_tfio] if decoding.tfio_works() else [])]


@pytest.mark.parametrize("decode", decoders())
@pytest.mark.parametrize(
    ("factor", "only"), [(-1.0, 0), (-0.99, 0), (-1.01, 1), (-0.3, None), (0.0, None), (1.0, None)]
)
def test_loudest_of_channels_that_cancel(tmp_path, decode, factor, only):
    left = 0.5 * np.sin(np.arange(100_000) * 0.1)
    frames = np.stack([left, factor * left], axis=1)
    soundfile.write(tmp_path / "a.wav", frames, 8000, subtype="FLOAT")
    decoded = decode(tmp_path / "a.wav")
    assert decoded[1:] == (8000, 2, False, only)
    np.testing.assert_allclose(decoded.samples, frames.mean(axis=1) if only is None else frames[:, only], atol=1e-6)


class TestLateSound:
    """Silence before a sound does not count as what is read of a file."""

    def write(self, path, silence_s, sound_s=1.0, rate_hz=1000):
        tone = 0.5 * np.cos(np.arange(round(sound_s * rate_hz)) * 0.3)
        soundfile.write(path, np.concatenate([np.zeros(round(silence_s * rate_hz)), tone]), rate_hz, subtype="PCM_16")
        return tone

    @pytest.mark.parametrize("silence_s", [59.5, 61.0, 190.0])
    def test_is_read_whole(self, tmp_path, silence_s):
        tone = self.write(tmp_path / "late.wav", silence_s)
        decoded = decoding.decode_soundfile(tmp_path / "late.wav")
        assert not decoded.is_cut
        np.testing.assert_allclose(decoded.samples[-len(tone) :], tone, atol=1e-4)
        assert not decoded.samples[: -len(tone)].any()

    def test_memory_does_not_grow_with_the_silence(self, tmp_path):
        self.write(tmp_path / "late.wav", 500.0)
        n_samples = len(decoding.decode_soundfile(tmp_path / "late.wav").samples)
        # The silence that is kept and the block in which it ends.
        assert n_samples <= decoding.MAX_DURATION_S * 1000 + 2 * (1 << 16)

    def test_channels_that_cancel_are_no_silence(self, tmp_path):
        tone = 0.5 * np.cos(np.arange(70_000) * 0.3)
        soundfile.write(tmp_path / "a.wav", np.stack([tone, -tone], axis=1), 1000, subtype="FLOAT")
        decoded = decoding.decode_soundfile(tmp_path / "a.wav")
        assert (decoded.only_channel, decoded.is_cut) == (0, True)
        np.testing.assert_allclose(decoded.samples, tone[:60_000], atol=1e-6)

    def test_sound_after_more_silence_than_is_read(self, tmp_path):
        self.write(tmp_path / "late.wav", decoding.MAX_SILENCE_S + 70)
        with pytest.raises(AudioError, match="the file is silent for its first 600 s, and no more of it is read"):
            io.decode_file(tmp_path / "late.wav")


@pytest.mark.parametrize(("works", "decoder"), [(False, decoding.decode_soundfile), (True, decoding.decode_tfio)])
def test_tensorflow_io_is_used_where_it_works(monkeypatch, works, decoder):
    monkeypatch.setattr(decoding, "tfio_works", lambda: works)
    assert decoding.best_decoder() is decoder


@pytest.mark.parametrize(
    ("works", "names", "expected"),
    [
        (False, ["a.wav", "b.flac"], "libsndfile"),
        (True, ["a.flac", "b.WAV"], "tensorflow-io"),
        (True, ["a.flac", "b.mp3"], "libsndfile"),
    ],
)
def test_name_of_the_decoder(monkeypatch, works, names, expected):
    monkeypatch.setattr(decoding, "tfio_works", lambda: works)
    assert decoding.decoder_name(map(Path, names)) == expected


def test_missing_tensorflow_io_is_found_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    decoding.tfio_works.cache_clear()
    assert not decoding.tfio_is_installed()
    assert not decoding.tfio_works()
    decoding.tfio_works.cache_clear()


@pytest.mark.skipif(decoding.tfio_is_installed(), reason="tensorflow-io is installed")
def test_tensorflow_is_not_imported_to_find_out_that_tensorflow_io_is_missing():
    code = (
        "import sys; from audio_vae.audio import decoding; decoding.best_decoder(); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif(not decoding.tfio_works(), reason="tensorflow-io is not installed or too old for this TensorFlow")
class TestTensorFlowIO:
    @pytest.mark.parametrize("position", range(len(FORMATS)), ids=IDS)
    def test_decodes_as_libsndfile(self, files, position):
        path = files[position]
        ours, theirs = decoding.decode_tfio(path), decoding.decode_soundfile(path)
        assert ours[1:] == theirs[1:]
        np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-7)

    @pytest.mark.parametrize("subtype", TFIO_SUBTYPES)
    def test_decodes_wav_without_libsndfile(self, files, subtype, monkeypatch):
        monkeypatch.setattr(decoding, "decode_soundfile", None)
        path = next(path for path in files if path.name == f"{subtype}.wav")
        assert len(decoding.decode_tfio(path).samples) == 30000

    @pytest.mark.parametrize(
        ("at", "field"),
        [(32, b"\0\0"), (28, b"\1\0\0\0"), (34, b"\x18\0"), (40, b"\0\0\0\x80"), (40, b"\xff\xff\xff\xff")],
        ids=["frame size 0", "bytes per second", "24 bits", "2 GiB of samples", "4 GiB of samples"],
    )
    def test_header_that_contradicts_itself_is_left_to_libsndfile(self, files, at, field):
        """tensorflow-io would end the process, or allocate what the header claims."""
        content = bytearray(files[1].read_bytes())
        content[at : at + len(field)] = field
        files[1].write_bytes(content)
        np.testing.assert_array_equal(
            decoding.decode_tfio(files[1]).samples, decoding.decode_soundfile(files[1]).samples
        )

    def test_broken_file_is_refused_with_a_reason(self, tmp_path):
        path = tmp_path / "broken.wav"
        path.write_bytes(b"RIFF this is no sound")
        with pytest.raises(AudioError, match="not readable as sound"):
            io.decode_file(path, decoding.decode_tfio)

    def test_truncated_file_gives_what_is_there(self, files):
        os.truncate(files[1], 44 + 2 * 2 * 3000)
        np.testing.assert_allclose(
            decoding.decode_tfio(files[1]).samples, decoding.decode_soundfile(files[1]).samples, atol=1e-7
        )

    def test_long_file_is_cut(self, tmp_path):
        soundfile.write(tmp_path / "long.wav", np.full(61 * 8000, 0.1), 8000)
        decoded = decoding.decode_tfio(tmp_path / "long.wav")
        assert (len(decoded.samples), decoded.is_cut) == (60 * 8000, True)

    def test_several_threads_at_once(self, files):
        alone = [decoding.decode_tfio(path).samples for path in files]
        with ThreadPoolExecutor(4) as pool:
            together = [decoded.samples for decoded in pool.map(decoding.decode_tfio, files * 8)]
        for number, samples in enumerate(together):
            np.testing.assert_array_equal(samples, alone[number % len(files)])

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
    def test_name_that_is_not_utf_8(self, files, tmp_path):
        odd = tmp_path / os.fsdecode(b"not utf-8 \xff.wav")
        files[1].rename(odd)
        assert len(decoding.decode_tfio(odd).samples) == 30000
