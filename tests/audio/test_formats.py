"""Which files are sounds by their names, and how others are converted."""

import numpy as np
import pytest
import soundfile

from audio_vae.audio import formats, io
from audio_vae.audio.waveform import AudioError


@pytest.mark.parametrize("name", ["a.wav", "a.WAV", "a.wave", "a.aif", "a.flac", "a.ogg", "a.mp3", "a.m4a", "A.WMA"])
def test_sounds(name):
    assert formats.is_sound(name)


@pytest.mark.parametrize("name", ["a.txt", "a", ".wav", "wav", "a.wav.asd", "a.raw", "a.mp4", "a.png"])
def test_no_sounds(name):
    assert not formats.is_sound(name)


@pytest.mark.parametrize("extension", sorted(formats.EXTENSIONS))
def test_what_is_said_to_be_read_is_read(tmp_path, extension):
    """Files of each extension, as far as libsndfile can write them, are found and decoded."""
    (major, subtype), _ = next(each for each in formats._KNOWN.items() if extension in each[1])
    rate_hz = 48000 if subtype == "OPUS" else 44100
    path = tmp_path / f"a{extension}"
    tone = 0.5 * np.sin(np.arange(rate_hz) * 0.05)
    # libsndfile reads Layer II and writes Layer III alone.
    subtype = "MPEG_LAYER_III" if major == "MP3" else subtype
    soundfile.write(path, tone, rate_hz, format=major, subtype=subtype)
    assert io.find_files(tmp_path) == [path]
    assert io.decode_file(path).samples.std() == pytest.approx(0.5 / 2**0.5, abs=0.02)


def test_opus_is_read_where_libsndfile_reads_it():
    assert (".opus" in formats.EXTENSIONS) == ("OPUS" in soundfile.available_subtypes("OGG"))
    assert not formats.EXTENSIONS & formats.CONVERTIBLE


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("x.m4a", "ffmpeg -i x.m4a x.wav"),
        ("It's loud.WMA", """ffmpeg -i 'It'"'"'s loud.WMA' 'It'"'"'s loud.wav'"""),
        ("a\nb.aac", "ffmpeg -i FILE.aac FILE.wav"),
    ],
)
def test_how_to_convert(tmp_path, name, command):
    path = tmp_path / name
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    extension = name.rpartition(".")[2].upper()
    with pytest.raises(AudioError) as caught:
        io.decode_file(path)
    assert str(caught.value) == f"libsndfile does not read {extension}: convert it, {command}"
    assert "\n" not in str(caught.value)


def test_wav_file_that_is_called_m4a_is_read(tmp_path):
    soundfile.write(tmp_path / "a.m4a", np.sin(np.arange(800)), 8000, format="WAV")
    assert len(io.decode_file(tmp_path / "a.m4a").samples) == 800
