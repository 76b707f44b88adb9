"""What a user is told if a model cannot be loaded: whether its file is damaged or only made by other versions."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from audio_vae import __version__
from audio_vae.utils.errors import one_line, raise_system_problem
from audio_vae.utils.files import read_json

if TYPE_CHECKING:
    from audio_vae.runs.run import Run

_MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
"""Files in every .keras file."""

_LONGEST_REASON = 200


def why_not_loaded(run: Run, error: Exception) -> str:
    """Return why the model of a run cannot be loaded and what to do, in one line.

    Args:
        run: the run, or the pretrained model.
        error: what loading it raised.

    Raises:
        UserError: the machine or the installation is to blame, and not the file.
    """
    raise_system_problem(error)
    path = run.model_path
    if isinstance(error, PermissionError):
        return f"{path} cannot be read ({error.strerror}): check its permissions"
    reason = one_line(error)[:_LONGEST_REASON]
    what, advice = _what_and_advice(run)
    return f"{path} cannot be loaded ({what}; {reason}): {advice}"


def _what_and_advice(run: Run) -> tuple[str, str]:
    path = run.model_path
    if _is_damaged(path):
        return "it is damaged", _instead(run)
    again = "install audio-vae again, or" if run.is_pretrained else "install"
    theirs, ours = _keras_version(path), _our_keras_version()
    if theirs and theirs != ours:
        return f"it was saved by Keras {theirs}, and this is Keras {ours}", f"{again} keras=={theirs}"
    made_with = _audio_vae_version(run)
    if made_with and made_with != __version__:
        return (
            f"it was made with audio-vae {made_with}, and this is audio-vae {__version__}",
            f"{again} audio-vae=={made_with}",
        )
    own = "" if run.is_pretrained else "if it is what the training wrote, "
    return "the file is intact", f"{own}install audio-vae again in a new virtual environment"


def _instead(run: Run) -> str:
    """Return what to do about a damaged file."""
    if run.is_pretrained:
        return "install audio-vae again"
    if run.checkpoints():
        return f"the training makes it anew from its newest checkpoint ({run.train_command()})"
    return "train again into a new --run"


def _is_damaged(path: Path) -> bool:
    """Return whether a .keras file is not what was written: cut off, altered or incomplete."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not _MEMBERS.issubset(archive.namelist()) or archive.testzip() is not None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return True


def _keras_version(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (ValueError, KeyError, TypeError):
        return None


def _our_keras_version() -> str:
    import keras

    return keras.__version__


def _audio_vae_version(run: Run) -> str | None:
    """Return the version of audio-vae that a run was made with, as its config.json says."""
    try:
        return read_json(run.config_path)["made_with"]["audio-vae"]
    except (ValueError, KeyError, TypeError, OSError):
        return None
