"""Versions, machine, git commit and command, on which a result depends besides its config."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_vae import __version__
from audio_vae.utils.files import read_json

if TYPE_CHECKING:
    from audio_vae.runs.run import Run

_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "scipy", "librosa", "scikit-learn", "tslearn", "soundfile", "soxr")


COMMAND: ContextVar[str | None] = ContextVar("command", default=None)
"""The command line that this process runs, as `recorded` has it; `None` from Python."""


def recorded(words: Sequence[str]) -> str:
    """Return a command line as it is written beside results: of absolute paths the last part alone.

    Results, morphs and models are given to others, whom the folders of this machine do not concern.
    """
    return shlex.join(_shortened(word) for word in words)


def _shortened(word: str) -> str:
    option, equals, value = word.partition("=")
    if word.startswith("-") and equals:
        return f"{option}={_shortened(value)}"
    return Path(word).name if os.path.isabs(word) else word


def environment() -> dict[str, Any]:
    """Return package versions, platform, Keras backend, git commit and command as JSON values."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "audio-vae": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions,
        "keras_backend": _keras_backend(),
        "git_commit": _git_commit(),
        "command": COMMAND.get(),
    }


def made_by(run: Run) -> dict[str, Any]:
    """Return what made a result of a trained run, as JSON values: config, hash of the model, and `environment()`."""
    return {"config": run.config.to_dict(), "model_sha256": run.model_sha256, "made_with": environment()}


def _keras_backend() -> str:
    """Return the backend that Keras runs on, or will run on: what it says itself, a variable, or its settings file."""
    if "keras" in sys.modules:
        return sys.modules["keras"].backend.backend()
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    stored = None
    with suppress(OSError, ValueError, AttributeError):
        stored = read_json(home / "keras.json").get("backend")
    return os.environ.get("KERAS_BACKEND") or stored or "tensorflow"


def _git_commit() -> str | None:
    """Return the commit of this checkout, or `None` if the package is not in a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
