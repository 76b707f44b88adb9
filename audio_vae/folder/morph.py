"""Morph your own sounds: the functions behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae folder morph cat dog
    python -m audio_vae.folder.morph cat dog
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from audio_vae.morphing.dataset_morphs import DatasetMorphs

if TYPE_CHECKING:
    from audio_vae.data.dataset import Dataset


def _dataset() -> Dataset:
    from audio_vae.folder.dataset import DATASET

    return DATASET


MORPHS = DatasetMorphs(_dataset, example_ends=("cat", "dog"), length="interpolate", render="sound")
"""What is usual for the morphs of your own sounds."""

morph, all_pairs = MORPHS.morph, MORPHS.all_pairs


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["folder", "morph", *sys.argv[1:]])
