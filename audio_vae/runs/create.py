"""Make a run folder, or continue one with the same settings."""

from __future__ import annotations

from pathlib import Path

from audio_vae.config import Config
from audio_vae.data.shards import ShardStore
from audio_vae.runs.environment import environment
from audio_vae.runs.lock import LOCK_NAME
from audio_vae.runs.run import Run, is_run, open_run, read_config
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import PART_PREFIX, remove_unfinished, write_json


def create_run(path: Path, config: Config) -> Run:
    """Make a run folder, or open an existing one whose config is the same except for the epochs.

    What was trained to its end keeps the versions that trained it.

    Raises:
        UserError: the folder holds a run with another config, or other files.
    """
    require_free(path, config)
    run = Run(path, config)
    if is_run(path) and read_config(path) == config and run.epochs_done() >= config.training.epochs:
        return run
    write_json(run.config_path, {"config": config.to_dict(), "made_with": environment()})
    return run


def require_free(path: Path, config: Config) -> None:
    """Check that a folder is free for a run with this config, or holds one that differs only in the epochs.

    Raises:
        UserError: the folder holds a run with another config, or other files.
    """
    if path.is_file():
        raise UserError(f"{path} is a file: choose a folder with --run")
    if is_run(path):
        refuse_changes(path, _differences(open_run(path, config.dataset).config.to_dict(), config.to_dict()))
    elif path.is_dir() and not all(map(_is_unfinished, path.iterdir())):
        raise UserError(f"{path} holds files that are not of a run: choose an empty or new folder with --run")


def refuse_changes(path: Path, changed: list[str]) -> None:
    """Refuse to continue a run with other settings.

    Args:
        path: the run folder.
        changed: the settings that differ, in words; empty if none does.

    Raises:
        UserError: some settings differ; the first of them are named.
    """
    if changed:
        raise UserError(
            f"{path} holds a run with other settings ({'; '.join(changed[:4])}): "
            "give the same settings to go on with it, or another --run"
        )


def _is_unfinished(path: Path) -> bool:
    """Return whether a file belongs to a run whose preparation was stopped before its config was written."""
    if path.name == "sounds" and path.is_dir():
        return ShardStore(path).holds_nothing_else()
    return path.name in ("sounds.npz", "prepare.json", LOCK_NAME) or path.name.startswith(PART_PREFIX)


def remove_leftovers(path: Path) -> None:
    """Remove the incomplete files of a killed training or preparation. The caller has to hold the folder's lock.

    Incomplete folders stay: an evaluation or a morph, which take no lock, may be writing them.
    """
    for folder in (path, path / "checkpoints", path / "logs", path / "sounds"):
        remove_unfinished(folder)


def _differences(old: dict, new: dict, prefix: str = "") -> list[str]:
    """Return the differences between two configs in words, except that of the epochs."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if f"{prefix}{name}" == "training.epochs" or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += _differences(before, after, f"{prefix}{name}.")
        else:
            found.append(f"{prefix}{name} is {before!r}, not {after!r}")
    return found
