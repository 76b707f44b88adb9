"""Morph drum one-shots: the functions behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae drums morph hihat tom
    python -m audio_vae.drums.morph hihat tom
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_vae.utils.folders import MadeFolder

EXAMPLE_ENDS = ("hihat", "tom")
"""Two classes, for the examples in the help of the commands."""

LENGTH = "interpolate"
"""Default length of the steps, one of `morphing.options.LENGTHS`."""

RENDER = "sound"
"""What the steps are made of by default, one of `morphing.options.RENDERS`."""


def morph(start: str, end: str, **options: Any) -> MadeFolder:
    """Morph from one sound to another and write the morph folder.

    Args:
        start: a class, `CLASS:N` for the N-th sound of a class, or a sound file.
        end: likewise.
        options: those of `morphing.session.morph_dataset`, such as `run`, `out` and `steps`. The default of
            `length` is `LENGTH`, that of `render` is `RENDER`.

    Returns:
        The morph folder, and what is in it.

    Raises:
        UserError: an end or an option cannot be used, there is no model, or the folder cannot be written.
    """
    from audio_vae.drums.dataset import DATASET
    from audio_vae.morphing.session import morph_dataset

    return morph_dataset(DATASET, start, end, **{"length": LENGTH, "render": RENDER, **options})


def all_pairs(**options: Any) -> dict[str, Any]:
    """Morph between all pairs of classes and compare each morph with a plain cross-fade; no file is written.

    Args:
        options: those of `morphing.session.all_pairs_of_dataset`, such as `run` and `steps`. The default of
            `length` is `LENGTH`, that of `render` is `RENDER`.

    Returns:
        JSON values; see `morphing.all_pairs.all_pairs`.

    Raises:
        UserError: an option cannot be used, or there is no model.
    """
    from audio_vae.drums.dataset import DATASET
    from audio_vae.morphing.session import all_pairs_of_dataset

    return all_pairs_of_dataset(DATASET, **{"length": LENGTH, "render": RENDER, **options})


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["drums", "morph", *sys.argv[1:]])
