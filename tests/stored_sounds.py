"""Sounds of a test in shards on disk."""

import dataclasses
import itertools
import json

import numpy as np

from audio_vae.data.shard_worker import hash_of, header, n_stored
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.stored_audio import SAMPLE, StoredAudio, shard_name


def stored(sounds: SoundSet, folder, n_in_shard: int = 3) -> SoundSet:
    """Write sounds into shards of a folder, and return the set that reads them."""
    folder.mkdir(parents=True)
    counts = [n_stored(each) for each in sounds.audio]
    shards, starts, entries = [], [], []
    for first in range(0, len(sounds), n_in_shard):
        of_shard = counts[first : first + n_in_shard]
        rows = [row[:count] for row, count in zip(sounds.audio[first:], of_shard, strict=False)]
        path = folder / shard_name(first // n_in_shard)
        path.write_bytes(header(sum(of_shard)) + np.concatenate(rows).astype(SAMPLE).tobytes())
        shards += [first // n_in_shard] * len(of_shard)
        starts += list(itertools.accumulate(of_shard, initial=0))[:-1]
        state = path.stat()
        entries.append(
            {
                "file": path.name,
                "n_sounds": len(of_shard),
                "bytes": state.st_size,
                "modified_ns": state.st_mtime_ns,
                "sha256": hash_of(path),
                "sources_sha256": "",
            }
        )
    (folder / "manifest.json").write_text(json.dumps({"shards": entries}))
    places = (np.array(each, np.int64) for each in (shards, starts, counts))
    return dataclasses.replace(sounds, audio=StoredAudio(folder, sounds.audio.shape[1], *places))
