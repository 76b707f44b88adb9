"""Sounds as the bytes of an answer.

4 bytes              size of the header in bytes, little-endian
header               JSON, filled up with spaces to a multiple of 4 bytes: `sounds`, one object for each sound with
`n_samples`, `n_channels` and `rate_hz`
float32, little-endian   the samples of all sounds, channel after channel
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import numpy as np

from audio_vae.morphing.given import Given


def to_bytes(sounds: Sequence[Given]) -> bytes:
    """Return sounds as bytes."""
    about = [
        {"n_samples": len(each.samples), "n_channels": each.samples.shape[1], "rate_hz": each.rate_hz}
        for each in sounds
    ]
    header = json.dumps({"sounds": about}).encode("ascii")
    header += b" " * (-len(header) % 4)
    samples = [np.ascontiguousarray(each.samples.T, "<f4").tobytes() for each in sounds]
    return b"".join([struct.pack("<I", len(header)), header, *samples])


def from_bytes(content: bytes) -> list[Given]:
    """Return the sounds in bytes that `to_bytes` made, for clients in Python."""
    (size,) = struct.unpack_from("<I", content)
    at = 4 + size
    sounds = []
    for each in json.loads(content[4:at])["sounds"]:
        n_samples, n_channels = each["n_samples"], each["n_channels"]
        samples = np.frombuffer(content, "<f4", n_samples * n_channels, at).reshape(n_channels, n_samples)
        sounds.append(Given(samples.T.astype(np.float32), each["rate_hz"]))
        at += samples.nbytes
    return sounds
