import numpy as np
import pytest
import soundfile

from audio_vae.audio import io as audio
from audio_vae.audio import waveform
from audio_vae.config import AudioConfig
from audio_vae.data import streaming
from audio_vae.data.reading import Item, read_sounds

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
CONFIG = AudioConfig(8000, 4096, onset_db=40.0)


@pytest.fixture
def files(tmp_path, rng):
    """A file of each format: two channels at 44.1 kHz."""
    time_s = np.arange(30000) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s) * np.exp(-5 * time_s)
    samples = np.stack([tone, 0.5 * tone], axis=1) + rng.normal(0, 1e-3, (30000, 2))
    paths = [tmp_path / f"{subtype}.{suffix}" for suffix, subtype in FORMATS]
    for path, (_, subtype) in zip(paths, FORMATS, strict=True):
        soundfile.write(path, samples, 44100, subtype=subtype)
    return [Item(path, path.name, "tone") for path in paths]


def test_stream_gives_the_samples_of_the_plain_path(files):
    _, sounds, refused = read_sounds(files, CONFIG)
    assert refused == []
    streamed = list(streaming.stream(files, CONFIG, range(len(files))).as_numpy_iterator())
    assert [int(label) for _, label in streamed] == list(range(len(files)))
    np.testing.assert_allclose([samples for samples, _ in streamed], sounds.audio, atol=1e-5)


def test_sounds_in_memory_stream_too(rng):
    items = [Item(None, "noise", "noise", samples=rng.uniform(-1, 1, 9000).astype(np.float32), rate_hz=16000)]
    _, sounds, _ = read_sounds(items, CONFIG)
    (streamed, _), *_ = streaming.stream(items, CONFIG, [0]).as_numpy_iterator()
    np.testing.assert_array_equal(streamed, sounds.audio[0])


@pytest.mark.skipif(not streaming.tfio_works(), reason="tensorflow-io is not installed or too old for this TensorFlow")
class TestTensorFlowIO:
    @pytest.mark.parametrize("position", range(len(FORMATS)), ids=[f"{a}-{b}" for a, b in FORMATS])
    def test_decodes_as_libsndfile(self, files, position):
        path = files[position].path
        ours, theirs = streaming.decode_tfio(path), audio.decode_soundfile(path)
        assert ours[1:] == theirs[1:]
        lossless = FORMATS[position][0] not in ("ogg", "mp3")
        np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-7 if lossless else 2e-6)

    def test_broken_file_is_refused_with_a_reason(self, tmp_path):
        path = tmp_path / "broken.wav"
        path.write_bytes(b"RIFF this is no sound")
        with pytest.raises(waveform.AudioError, match="not readable as sound"):
            audio.read(path, 8000, streaming.decode_tfio)


def test_missing_tensorflow_io_is_told_by_the_probe(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorflow_io", None)
    streaming.tfio_works.cache_clear()
    assert not streaming.tfio_works()
    streaming.tfio_works.cache_clear()
