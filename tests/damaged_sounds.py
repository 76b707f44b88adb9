"""Sound files in every format, and what damage makes of them."""

import io

import numpy as np
import soundfile

FORMATS = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "FLOAT"),
    ("WAV", "IMA_ADPCM"),
    ("FLAC", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("OGG", "VORBIS"),
    ("MP3", "MPEG_LAYER_III"),
]


def corpus():
    """A sound of a quarter of a second in every format, as bytes."""
    time_s = np.arange(4000) / 16000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s) * np.exp(-8 * time_s)
    made = []
    for number, (kind, subtype) in enumerate(FORMATS):
        buffer = io.BytesIO()
        samples = np.stack([tone, -0.3 * tone], axis=1) if number % 2 else tone
        soundfile.write(buffer, samples, 16000, format=kind, subtype=subtype)
        made.append(buffer.getvalue())
    return made


CORPUS = corpus()


def damaged(rng: np.random.Generator) -> bytes:
    """A file of the corpus with bytes cut, flipped, overwritten, repeated or mixed with another file's."""
    content = bytearray(CORPUS[rng.integers(len(CORPUS))])
    for _ in range(rng.integers(1, 5)):
        # Half of the damage goes to the first bytes, where headers are.
        reach = min(len(content), 64) if rng.random() < 0.5 else len(content)
        at = int(rng.integers(max(reach, 1)))
        match rng.integers(6):
            case 0:
                del content[at:]
            case 1:
                content[at : at + 1] = bytes([rng.integers(256)])
            case 2:
                value = [0, 0xFF, 0x7F, 0x80][rng.integers(4)]
                content[at : at + 4] = bytes([value]) * 4
            case 3:
                content[at:at] = content[at : at + int(rng.integers(1, 256))]
            case 4:
                del content[at : at + int(rng.integers(1, 64))]
            case 5:
                other = CORPUS[rng.integers(len(CORPUS))]
                content[at:] = other[min(at, len(other) - 1) :]
    return bytes(content)
