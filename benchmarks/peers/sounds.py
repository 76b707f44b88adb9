"""The one-shots of the comparison: 150 to train on and 30 that no training sees, chosen by a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

N_TRAIN, N_TEST = 150, 30
"""Number of training sounds and of held-out sounds."""

LEAST_SOUNDS = 10
"""A class with fewer sounds is left out."""

SUFFIXES = (".wav", ".flac", ".aif", ".aiff")


def choose(drums: Sequence[tuple[str, str]], n_train: int, n_test: int, seed: int) -> tuple[list[str], list[str]]:
    """Choose training sounds and held-out sounds evenly from the classes with enough sounds, no drum on both sides.

    The drums of each class are shuffled. Classes give a drum each in turn: first to the held-out sounds, then to the
    training sounds, until there are enough. A drum gives one sound, until all drums are used; then further ones of
    those drums that are trained on.

    Args:
        drums: class and drum of each sound, by position.
        n_train: number of training sounds.
        n_test: number of held-out sounds.
        seed: of the draw.

    Returns:
        Positions of the training sounds and of the held-out sounds, in order.

    Raises:
        ValueError: there are not enough sounds.
    """
    rng = np.random.default_rng(seed)
    of_drum: dict[tuple[str, str], list[int]] = {}
    sizes = Counter(kind for kind, _ in drums)
    for position in rng.permutation(len(drums)):
        if sizes[drums[position][0]] >= LEAST_SOUNDS:
            of_drum.setdefault(drums[position], []).append(int(position))
    by_class: dict[str, list[tuple[str, str]]] = {}
    for drum in of_drum:
        by_class.setdefault(drum[0], []).append(drum)
    names = sorted(by_class)
    longest = max(map(len, by_class.values()))
    in_turn = [by_class[name][i] for i in range(longest) for name in names if i < len(by_class[name])]
    held_out, trained = in_turn[:n_test], in_turn[n_test:]
    rounds = max(map(len, of_drum.values()))
    more = [of_drum[drum][i] for i in range(rounds) for drum in trained if i < len(of_drum[drum])]
    if len(held_out) < n_test or len(more) < n_train:
        raise ValueError(f"Expected {n_test + n_train} sounds or more, received: {len(held_out)} and {len(more)}")
    return sorted(more[:n_train]), sorted(of_drum[drum][0] for drum in held_out)


def write(folders: Sequence[Path], out: Path, seed: int) -> None:
    """Read the sounds below folders, choose, and write them as both models get them.

    Each is mono, at 44.1 kHz, from its onset, with peak 1, 66,560 samples.

    Args:
        folders: each with `<class>/<file>`.
        out: the npz file: `audio` `[N, T]`, `names`, `labels`, `class_names`, `is_test`.
        seed: of the draw.
    """
    from audio_vae.audio.waveform import AudioError
    from audio_vae.data.validation import validate_file
    from audio_vae.drums.dataset import DATASET
    from audio_vae.drums.preprocess import strengths_group

    audio_config = DATASET.make_config("studio").audio
    found, seen = [], set()
    for path in sorted(each for folder in folders for each in folder.glob("*/*") if each.suffix.lower() in SUFFIXES):
        try:
            sound = validate_file(path, audio_config)
        except AudioError:
            continue
        if sound.digest not in seen:
            seen.add(sound.digest)
            found.append((path.parent.name.split("-")[0], f"{path.parent.name}/{path.name}", sound.fitted))
    drums = [(kind, strengths_group(f"/{name}")) for kind, name, _ in found]
    train, test = choose(drums, N_TRAIN, N_TEST, seed)
    chosen = [*train, *test]
    class_names = sorted({found[i][0] for i in chosen})
    np.savez(
        out,
        audio=np.stack([found[i][2] for i in chosen]),
        names=[found[i][1] for i in chosen],
        labels=np.array([class_names.index(found[i][0]) for i in chosen], np.int32),
        class_names=class_names,
        is_test=np.arange(len(chosen)) >= len(train),
    )
