"""How to go from one sound to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.audio import io
from audio_vae.config import AudioConfig
from audio_vae.morphing import interpolation
from audio_vae.utils.errors import UserError

LENGTHS = ("A", "B", "interpolate", "full")
"""Length of the steps: that of the start, that of the end, from one to the other, or all T samples of the model (of the
longest end, if the steps are made of the sounds). An end that is a real sound always has its own length."""

RENDERS = ("sound", "model")
"""What the steps are made of: the sounds of the ends, shaped and joined, or what the model decodes."""

LEVELS = ("keep", "peak")
"""Level of the steps: between those of the ends, or a true peak of −0.3 dB of full scale for all."""

_FARTHEST = 10.0


def usual_options(audio: AudioConfig, **asked: Any) -> dict[str, Any]:
    """Return the options that were asked for, with the `length` and `render` that suit a model's sounds where not.

    One-shots, which are cut to start at their onset, are shaped out of the sounds. Speech that is shaped sounds warped,
    so what the model decodes is taken, in full length.
    """
    if audio.onset_db is None:
        return {"length": "full", "render": "model", **asked}
    return {"length": "interpolate", "render": "sound", **asked}


@dataclass(frozen=True)
class PathOptions:
    """How to go from one sound to another.

    Attributes:
        steps: number of sounds on the path, both ends included.
        length: one of `LENGTHS`.
        shape: one of `morphing.interpolation.SHAPES`.
        spacing: one of `morphing.interpolation.SPACINGS`.
        between: positions of the first and the last step. 0 is the start and 1 the end; positions beyond them
            continue in the same direction.

        render: one of `RENDERS`.
        level: one of `LEVELS`.
        subtype: how the files hold samples, one of `audio.io.SUBTYPES`.

    Raises:
        UserError: a value cannot be used.
    """

    steps: int = 9
    length: str = "interpolate"
    shape: str = "linear"
    spacing: str = "latent"
    between: tuple[float, float] = (0.0, 1.0)
    render: str = "sound"
    level: str = "keep"
    subtype: str = "PCM_24"

    def __post_init__(self):
        if self.steps < 2:
            raise UserError(f"a morph of {self.steps} steps has no start and end: give 2 steps or more")
        choices = {
            "length": LENGTHS,
            "shape": interpolation.SHAPES,
            "spacing": interpolation.SPACINGS,
            "render": RENDERS,
            "level": LEVELS,
            "subtype": io.SUBTYPES,
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise UserError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        first, last = self.between
        if not -_FARTHEST <= first < last <= _FARTHEST:
            raise UserError(
                f"a morph cannot go from position {first:g} to {last:g}: give two positions that rise, from "
                f"{-_FARTHEST:g} to {_FARTHEST:g} (0 is the start, 1 the end)"
            )

    @property
    def positions(self) -> np.ndarray:
        """Equally spaced positions, float64 `[steps]`."""
        return np.linspace(*self.between, self.steps)
