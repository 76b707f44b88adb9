"""Morph spoken digits: the functions behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae digits morph 3 7
    python -m audio_vae.digits.morph 3 7
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from audio_vae.morphing.dataset_morphs import DatasetMorphs

if TYPE_CHECKING:
    from audio_vae.data.dataset import Dataset


def _dataset() -> Dataset:
    from audio_vae.digits.dataset import DATASET

    return DATASET


# Speech that is shaped sounds warped.
MORPHS = DatasetMorphs(_dataset, example_ends=("3", "7"), length="full", render="model")
"""What is usual for the morphs of spoken digits."""

morph, all_pairs = MORPHS.morph, MORPHS.all_pairs


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["digits", "morph", *sys.argv[1:]])
