"""Write one shard: read some sound files, and put their samples one after the other into a `.npy` file.

Beside each shard `00012.npy` lies `00012.json`: the shard's hash, and of each file that it covers, in this order, what
the file held, and where its samples are or why it was refused. A shard that is there already is kept if its hash, the
files and the settings are the same.

The module is also the program of a worker process, which gets tasks on its standard input and answers on its standard
output, both pickled. It has no command line of its own that users call.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import decoding
from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig
from audio_vae.data.fingerprints import Fingerprint, differs, fingerprint
from audio_vae.data.reading import Item, valid_sound
from audio_vae.data.stored_audio import HEADER_BYTES, SAMPLE
from audio_vae.utils.files import atomic_file, read_json, write_json

_BLOCK = 1 << 20


@dataclass(frozen=True)
class ShardTask:
    """A shard to write.

    Attributes:
        path: its file.
        items: the sounds that it covers.
        config: sample rate and length to bring them to.
        is_new: write it even if a shard of the same sounds is there.
    """

    path: Path
    items: Sequence[Item]
    config: AudioConfig
    is_new: bool = False


def make_shard(task: ShardTask) -> dict[str, Any]:
    """Write a shard, or keep the one that is there, and return what the file beside it holds.

    Returns:
        `settings` (how it was made), `n_sounds`, `bytes`, `sha256` and `files`. Each of these has `name`; `bytes`,
        `modified_ns` and `blake2b` of a file that could be read; and `reason` if it was refused, or else `peak`,
        `length`, `digest` (in hexadecimal), `start` and `stored`, position and number of its samples in the shard.

    Raises:
        OSError: the shard cannot be written.
        UserError: the disk is full.
    """
    decode = decoding.best_decoder()
    settings = {**dataclasses.asdict(task.config), "decoder": decode.__name__}
    kept = None if task.is_new else _kept(task, settings)
    if kept:
        return kept
    files, end = [], 0
    with atomic_file(task.path) as part:
        with part.open("wb") as shard:
            shard.write(bytes(HEADER_BYTES))
            for item in task.items:
                # Taken before the file is read: what changes meanwhile is noticed the next time.
                found = {"name": item.name, **_source(item)}
                try:
                    sound = valid_sound(item, task.config, decode)
                except AudioError as error:
                    files.append({**found, "reason": str(error)})
                    continue
                stored = n_stored(sound.fitted)
                shard.write(sound.fitted[:stored].astype(SAMPLE).tobytes())
                files.append(
                    found
                    | {"peak": sound.peak, "length": sound.length, "digest": sound.digest.hex()}
                    | {"start": end, "stored": stored}
                )
                end += stored
            shard.seek(0)
            shard.write(header(end))
        sha256 = hash_of(part)
    found = {
        "settings": settings,
        "n_sounds": sum("reason" not in each for each in files),
        "bytes": HEADER_BYTES + SAMPLE.itemsize * end,
        "sha256": sha256,
        "files": files,
    }
    write_json(beside(task.path), found)
    return found


def beside(path: Path) -> Path:
    """Return the JSON file that lies beside a shard."""
    return path.with_suffix(".json")


def n_stored(samples: np.ndarray) -> int:
    """Return the number of samples up to the last that is not +0: the others need not be stored."""
    is_kept = samples.view(np.uint32) != 0
    return len(samples) - int(np.argmax(is_kept[::-1])) if is_kept.any() else 0


def header(n_samples: int) -> bytes:
    """Return the header of a `.npy` file of float32 `[n_samples]`, of `HEADER_BYTES` (NEP 1, version 1.0)."""
    length = HEADER_BYTES - 10
    about = f"{{'descr': '{SAMPLE.str}', 'fortran_order': False, 'shape': ({n_samples},), }}".ljust(length - 1) + "\n"
    return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + about.encode("ascii")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _kept(task: ShardTask, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return what lies beside the shard that is there, if it is whole and of the same files and settings."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = read_json(beside(task.path))
        is_same = (
            found["settings"] == settings
            and [each["name"] for each in found["files"]] == [item.name for item in task.items]
            and all(map(_is_source, found["files"], task.items))
            and task.path.stat().st_size == found["bytes"]
            and hash_of(task.path) == found["sha256"]
        )
        return found if is_same else None
    return None


def _source(item: Item) -> Fingerprint:
    """Return the fingerprint of a file, or the hash of samples in memory."""
    if item.path is not None:
        return fingerprint(item.path)
    return {"blake2b": hashlib.blake2b(item.samples.tobytes(), digest_size=16).hexdigest()}


def _is_source(found: dict[str, Any], item: Item) -> bool:
    if item.path is None:
        return found["blake2b"] == _source(item)["blake2b"]
    # What could not be read then is tried again.
    return "modified_ns" in found and not differs(found, item.path)


def _tasks(stream) -> Iterator[ShardTask]:
    """Yield the tasks that come, until the process that sends them closes the pipe or ends."""
    with suppress(EOFError):
        while True:
            yield pickle.load(stream)


def main() -> None:
    """Work until the standard input ends."""
    # Ctrl-C reaches all processes of a terminal; the one that started this one then ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # What libraries print must not get into the answers.
    os.dup2(2, 1)
    for task in _tasks(sys.stdin.buffer):
        try:
            answer = make_shard(task)
        except Exception as error:
            answer = error
        try:
            pickled = pickle.dumps(answer)
            pickle.loads(pickled)
        except Exception:
            pickled = pickle.dumps(OSError(f"{type(answer).__name__}: {answer}"))
        answers.write(pickled)
        answers.flush()


if __name__ == "__main__":
    main()
