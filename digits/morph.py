"""Morph spoken digits.

audio-vae digits morph 3 7
python -m audio_vae.digits.morph 3 7        # the same command as a script
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_vae.morphing.morph import MorphResult

EXAMPLE_ENDS = ("3", "7")
"""Two classes that the help of the commands names."""

LENGTH = "full"
"""Length of the steps unless another is asked for, one of `morphing.options.LENGTHS`."""


def morph(start: str, end: str, **options: Any) -> MorphResult:
    """Morph from one sound to another and write the morph folder; options: `morphing.session.morph_dataset`."""
    from audio_vae.digits.dataset import DATASET
    from audio_vae.morphing.session import morph_dataset

    return morph_dataset(DATASET, start, end, **{"length": LENGTH, **options})


def all_pairs(**options: Any) -> dict[str, Any]:
    """Compare the morphs between all pairs of classes with cross-fades; see `morphing.session.all_pairs_of_dataset`."""
    from audio_vae.digits.dataset import DATASET
    from audio_vae.morphing.session import all_pairs_of_dataset

    return all_pairs_of_dataset(DATASET, **{"length": LENGTH, **options})


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["digits", "morph", *sys.argv[1:]])
