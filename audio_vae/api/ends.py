"""What may be given as an end of a morph or a part of a blend, besides the names that the command line knows."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_vae.api.results import Sound
from audio_vae.morphing.endpoints import Endpoint, array_endpoint, parse_endpoint
from audio_vae.utils.errors import UserError

if TYPE_CHECKING:
    from audio_vae.runs.run import Run

End = str | os.PathLike | np.ndarray | Sound | tuple[np.ndarray, int]
"""A class, `CLASS:N`, the name of a sound or a sound file; samples `[n]` or `[n, channels]`, alone or with their rate,
as `soundfile.read` returns them; or a sound of a result, which keeps its latent."""


def to_endpoint(end: Any, run: Run, rate_hz: int | None = None, name: str = "array") -> Endpoint:
    """Return the point of the latent space that an `End` means.

    Args:
        end: an `End`.
        run: the run.
        rate_hz: the rate of an array that comes without one; by default, that of the model.
        name: what an array is called.

    Raises:
        UserError: there is no such sound, or it cannot be used.
    """
    if isinstance(end, str | os.PathLike):
        # A path is a file and never a class, so its folder is named.
        text = os.path.join(os.curdir, end) if isinstance(end, Path) and not end.is_absolute() else os.fspath(end)
        return parse_endpoint(text, run, run.sounds)
    if isinstance(end, Sound):
        point = array_endpoint(end.samples, end.rate_hz, run, end.name)
        return point if end.latent is None else dataclasses.replace(point, latent=end.latent)
    if isinstance(end, tuple) and len(end) == 2:
        return array_endpoint(end[0], end[1], run, name)
    if isinstance(end, np.ndarray):
        return array_endpoint(end, run.config.audio.rate_hz if rate_hz is None else rate_hz, run, name)
    raise UserError(
        f"{type(end).__name__} cannot be an end: give a class, the name of a sound, a sound file, an array of samples, "
        "(samples, rate_hz), or a sound of a result"
    )
