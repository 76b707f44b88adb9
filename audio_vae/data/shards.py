"""Prepared sounds on disk: the shards of a run are written in parallel, checked by their hashes, and mended.

RUN/sounds/00000.npy      the samples of the first few hundred sounds, one after the other
RUN/sounds/00000.json     what they were made of (`data.shard_worker`)
RUN/sounds/manifest.json  the shards that belong to the run, each with its size and hash
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from audio_vae.config import AudioConfig
from audio_vae.data.reading import Item, Refusal, map_ahead
from audio_vae.data.shard_worker import ShardTask, beside, hash_of
from audio_vae.data.stored_audio import SAMPLE, StoredAudio, shard_name
from audio_vae.data.worker_pool import map_in_processes
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import read_json, write_json
from audio_vae.utils.progress import Progress

LARGE_BYTES = 1 << 30
"""Sounds that would take more memory than this are streamed unless an option says otherwise."""

MOST_BYTES = 1 << 26
"""Most bytes of samples in a shard."""

MOST_SOUNDS = 1024
"""Most sounds in a shard: one that is interrupted or damaged is written anew as a whole."""

MANIFEST_NAME = "manifest.json"


class StoredSound(NamedTuple):
    """Where a usable sound is: its shard, position and number of its samples; the rest as in `ValidSound`."""

    shard: int
    start: int
    stored: int
    peak: float
    length: int
    digest: bytes


def is_large(n_sounds: int, n_samples: int) -> bool:
    """Return whether `[n_sounds, n_samples]` are so many samples that they are streamed."""
    return n_sounds * n_samples * SAMPLE.itemsize > LARGE_BYTES


class ShardStore:
    """The shards of a run.

    Args:
        folder: their folder.
        say: receives lines on the progress if no bar is drawn.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] | None = None):
        self.folder = folder
        self.say = say

    @property
    def manifest_path(self) -> Path:
        return self.folder / MANIFEST_NAME

    def write(
        self, items: Sequence[Item], config: AudioConfig, *, show_progress: bool = False
    ) -> Iterator[tuple[Item, StoredSound | Refusal]]:
        """Read the items into shards, and yield what became of each, in their order.

        Shards that an interrupted preparation has left are kept if they are whole and nothing has changed. The
        manifest is written after the last item.

        Args:
            items: the sounds.
            config: sample rate and length to bring them to.
            show_progress: draw a progress bar.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manifest_path.unlink(missing_ok=True)
        size = min(MOST_SOUNDS, max(1, MOST_BYTES // (SAMPLE.itemsize * config.n_samples)))
        tasks = [
            ShardTask(self.folder / shard_name(number), items[start : start + size], config)
            for number, start in enumerate(range(0, len(items), size))
        ]
        shards = []
        with Progress(len(items), "reading", "sounds", show_bar=show_progress, say=self.say) as progress:
            for number, (task, found) in enumerate(map_in_processes(tasks)):
                shards.append(self._entry(task.path, found))
                for item, of_item in zip(task.items, found["files"], strict=True):
                    yield item, _outcome(number, of_item)
                progress.update(len(task.items))
        self._remove_others({each["file"] for each in shards})
        write_json(
            self.manifest_path,
            {
                "rate_hz": config.rate_hz,
                "n_samples": config.n_samples,
                "n_sounds": sum(each["n_sounds"] for each in shards),
                "shards": shards,
            },
        )

    def audio(self, sounds: Sequence[StoredSound], n_samples: int) -> StoredAudio:
        """Return the samples of stored sounds, `[N, n_samples]`."""
        shards, starts, stored = (
            np.array([getattr(each, name) for each in sounds], kind)
            for name, kind in (("shard", np.int32), ("start", np.int64), ("stored", np.int32))
        )
        return StoredAudio(self.folder, n_samples, shards, starts, stored)

    def fingerprints(self) -> dict[str, Mapping[str, Any]]:
        """Return name → fingerprint (`data.fingerprints`) of the files that the shards cover."""
        return {
            of_file["name"]: {key: of_file[key] for key in ("bytes", "modified_ns", "blake2b") if key in of_file}
            for each in self._manifest()["shards"]
            for of_file in read_json(beside(self.folder / each["file"]))["files"]
            if "modified_ns" in of_file
        }

    def damaged(self, *, every: bool, show_progress: bool = False) -> list[str]:
        """Return the files of the shards that are missing or not as they were written.

        Args:
            every: compare the hash of every shard, not only of those whose size or time of change is another.
            show_progress: draw a progress bar.

        Raises:
            UserError: the manifest is damaged.
        """
        shards = self._manifest()["shards"]
        found = []
        with Progress(len(shards), "checking", "shards", show_bar=show_progress, say=self.say) as progress:
            for each, is_intact in zip(shards, map_ahead(lambda one: self._is_intact(one, every), shards), strict=True):
                if not is_intact:
                    found.append(each["file"])
                progress.update()
        return found

    def mend(
        self, files: Sequence[str], items: Callable[[], Sequence[Item]], config: AudioConfig, *, show_progress: bool
    ) -> None:
        """Write damaged shards anew.

        Args:
            files: what `damaged` returned.
            items: returns the sounds of the data folder; it is called if there is a damaged shard.
            config: sample rate and length of the sounds.
            show_progress: draw a progress bar.

        Raises:
            UserError: the data folder no longer holds the same files.
        """
        if not files:
            return
        manifest = self._manifest()
        known = {each["file"]: each for each in manifest["shards"]}
        by_name = {item.name: item for item in items()}
        tasks = []
        for file in files:
            path = self.folder / file
            try:
                chosen = [by_name[each["name"]] for each in read_json(beside(path))["files"]]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise_system_problem(error)
                raise self._lost(path, f"{one_line(error)} is not there") from error
            tasks.append(ShardTask(path, chosen, config, is_new=True))
        with Progress(len(tasks), "mending", "shards", show_bar=show_progress, say=self.say) as progress:
            for task, found in map_in_processes(tasks):
                if found["sha256"] != known[task.path.name]["sha256"]:
                    raise self._lost(task.path, "they give other samples now")
                known[task.path.name] = self._entry(task.path, found)
                progress.update()
        write_json(self.manifest_path, {**manifest, "shards": list(known.values())})

    def _lost(self, path: Path, reason: str) -> UserError:
        return UserError(
            f"{path} is damaged, and cannot be written anew from the sound files ({reason}): give --data with the "
            "sounds that the run was made from, or prepare them in another --run"
        )

    def _is_intact(self, entry: Mapping[str, Any], every: bool) -> bool:
        path = self.folder / entry["file"]
        try:
            state = path.stat()
            if state.st_size != entry["bytes"]:
                return False
            is_touched = every or state.st_mtime_ns != entry["modified_ns"]
            return not is_touched or hash_of(path) == entry["sha256"]
        except OSError as error:
            raise_system_problem(error)
            return False

    def _entry(self, path: Path, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entry of a shard in the manifest."""
        sources = hashlib.sha256(json.dumps(found["files"]).encode("utf-8", "backslashreplace")).hexdigest()
        return {
            "file": path.name,
            "n_sounds": found["n_sounds"],
            "bytes": found["bytes"],
            "modified_ns": path.stat().st_mtime_ns,
            "sha256": found["sha256"],
            "sources_sha256": sources,
        }

    def _manifest(self) -> dict[str, Any]:
        try:
            manifest = read_json(self.manifest_path)
            # So that what is damaged is noticed here, not where it is used.
            _ = [(each["file"], each["bytes"], each["modified_ns"], each["sha256"]) for each in manifest["shards"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise_system_problem(error)
            raise UserError(
                f"{self.manifest_path} cannot be read ({one_line(error)}): prepare the sounds in another --run"
            ) from error
        return manifest

    def holds_nothing_else(self) -> bool:
        """Return whether the folder holds nothing but what this module writes."""
        return all(map(_is_of_shards, self.folder.iterdir()))

    def remove(self) -> None:
        """Remove the shards and, if nothing else is in it, their folder."""
        if not self.folder.is_dir():
            return
        for path in filter(_is_of_shards, list(self.folder.iterdir())):
            path.unlink()
        with suppress(OSError):
            self.folder.rmdir()

    def _remove_others(self, files: set[str]) -> None:
        """Remove the shards of an earlier preparation that had more of them."""
        for path in self.folder.glob("*.npy"):
            if path.name not in files:
                path.unlink()
                beside(path).unlink(missing_ok=True)


def _is_of_shards(path: Path) -> bool:
    return path.name == MANIFEST_NAME or bool(re.fullmatch(r"\d{5,}\.(npy|json)|\.part-.*", path.name))


def _outcome(shard: int, found: Mapping[str, Any]) -> StoredSound | Refusal:
    if "reason" in found:
        return Refusal(found["name"], found["reason"])
    where = (found[key] for key in ("start", "stored", "peak", "length"))
    return StoredSound(shard, *where, bytes.fromhex(found["digest"]))
