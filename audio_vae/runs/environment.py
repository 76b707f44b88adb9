"""Versions, machine, git commit and command, on which a result depends besides its config."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from audio_vae import __version__

_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "scipy", "librosa", "scikit-learn", "tslearn", "soundfile", "soxr")


COMMAND: ContextVar[str | None] = ContextVar("command", default=None)
"""The command line that this process runs; `None` from Python."""


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
        "keras_backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "git_commit": _git_commit(),
        "command": COMMAND.get(),
    }


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
