"""Runs whose sounds are read from shards on disk: which runs these are, and whether their shards are intact."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audio_vae.data.dataset import Dataset
from audio_vae.data.shards import ShardStore, is_large
from audio_vae.data.sound_set import shards_folder
from audio_vae.runs.create import refuse_changes
from audio_vae.runs.run import Run


def store_of(run: Run, say: Callable[[str], None] | None = None) -> ShardStore:
    """Return the shards of a run, whether it has any or not; `say` receives lines on the progress of what is done."""
    return ShardStore(shards_folder(run.sounds_path), say)


def new_store(
    run: Run, n_sounds: int, stream: bool | None, say: Callable[[str], None] | None = None
) -> ShardStore | None:
    """Return where the sounds of a new run go: into shards, or `None` for memory and one file.

    Args:
        run: the run, which is not prepared yet.
        n_sounds: number of sounds that the data folder offers.
        stream: whether to use shards; `None` decides by the size of the sounds in memory.
        say: receives lines on the progress if no bar is drawn.
    """
    if _streams(run, n_sounds) if stream is None else stream:
        return store_of(run, say)
    # An interrupted preparation that used shards may have left some.
    store_of(run).remove()
    return None


@contextmanager
def passing_store(run: Run, n_sounds: int, say: Callable[[str], None] | None = None) -> Iterator[ShardStore | None]:
    """Yield where the sounds of another folder go while a run looks at them: into shards, or `None` for memory.

    The shards are in the system's folder for temporary files and are gone when the block ends.

    Args:
        run: the run that reads the sounds, as its config says.
        n_sounds: number of sounds that the other folder offers.
        say: receives lines on the progress if no bar is drawn.
    """
    if not _streams(run, n_sounds):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="audio-vae-") as folder:
        yield ShardStore(Path(folder), say)


def _streams(run: Run, n_sounds: int) -> bool:
    return is_large(n_sounds, run.config.audio.n_samples)


def require_same_storage(run: Run, stream: bool | None) -> None:
    """Check that a run streams as an option says.

    Raises:
        UserError: it does not.
    """
    is_stored = store_of(run).manifest_path.exists()
    if stream is not None and stream != is_stored:
        refuse_changes(run.path, ["its sounds are in shards" if is_stored else "its sounds are in one file"])


def mend_shards(
    dataset: Dataset,
    run: Run,
    data: Path | None,
    found: Mapping[str, Any],
    *,
    every: bool = False,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> list[str]:
    """Find damaged shards of a run and write them anew from the sound files; without shards this does nothing.

    Args:
        dataset: the data set of the run.
        run: the run.
        data: the folder of the sounds; `None` takes the one that the run was made from.
        found: the values of the run's prepare.json.
        every: compare the hash of every shard, not only of those whose size or time of change is another.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.

    Returns:
        The files of the shards that were damaged.

    Raises:
        UserError: a shard is damaged, and the folder no longer holds the files that it was made from.
    """
    store = store_of(run, say)
    if not store.manifest_path.exists():
        return []
    damaged = store.damaged(every=every, show_progress=show_progress)
    folder = data or (Path(found["data"]) if found["data"] else None)
    store.mend(
        damaged,
        lambda: [] if folder and not folder.exists() else dataset.find(run.config, folder),
        run.config.audio,
        show_progress=show_progress,
    )
    return damaged
