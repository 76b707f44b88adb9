"""A tf.data pipeline straight from files gives the samples that training reads."""

import numpy as np
import pytest
import soundfile

from audio_vae.config import AudioConfig
from audio_vae.data import streaming
from audio_vae.data.reading import Item, read_sounds

CONFIG = AudioConfig(8000, 4096, onset_db=40.0)


@pytest.fixture
def files(tmp_path, rng):
    """Files of several formats: two channels at 44.1 kHz."""
    time_s = np.arange(30000) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s) * np.exp(-5 * time_s)
    samples = np.stack([tone, 0.5 * tone], axis=1) + rng.normal(0, 1e-3, (30000, 2))
    for name in ("1.wav", "2.flac", "3.aiff", "4.ogg", "5.mp3"):
        soundfile.write(tmp_path / name, samples, 44100)
    return [Item(path, path.name, "tone") for path in sorted(tmp_path.iterdir())]


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
