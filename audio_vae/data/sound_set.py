"""Sounds in memory, with labels and a split into training and test sounds."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path

import numpy as np

from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import atomic_file
from audio_vae.utils.names import composed_names

_INT16_PEAK = np.float32(32767)


@dataclass(frozen=True, eq=False)
class SoundSet:
    """Sounds that a model is trained on or evaluated with, in a fixed order.

    Attributes:
        names: `[N]`, the name of each sound.
        audio: float32 `[N, T]`, each with peak 1.
        labels: int32 `[N]`, numbers into `class_names`.
        is_test: bool `[N]`, whether it belongs to the test set.
        class_names: the name of each class.
        peaks: float32 `[N]`, peak of each sound before it was normalised.
        lengths: int32 `[N]`, number of samples before padding.
        rate_hz: sample rate of `audio`.
        groups: `[N]`, the speaker or kit of each sound, across classes, empty if that is not known; `()` if no sound
            has one.
    """

    names: tuple[str, ...]
    audio: np.ndarray
    labels: np.ndarray
    is_test: np.ndarray
    class_names: tuple[str, ...]
    peaks: np.ndarray
    lengths: np.ndarray
    rate_hz: int
    groups: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def train(self) -> SoundSet:
        """The training sounds."""
        return self.take(np.flatnonzero(~self.is_test))

    @property
    def test(self) -> SoundSet:
        """The test sounds."""
        return self.take(np.flatnonzero(self.is_test))

    def take(self, index: np.ndarray) -> SoundSet:
        """Return the sounds at these positions."""
        return replace(
            self,
            names=tuple(self.names[i] for i in index),
            groups=tuple(self.groups[i] for i in index) if self.groups else (),
            **{name: getattr(self, name)[index] for name in ("audio", "labels", "is_test", "peaks", "lengths")},
        )

    def of_class(self, label: int, group: str | None = None) -> np.ndarray:
        """Return the positions of the sounds of a class, or of those that one group has of it: int64 `[n]`."""
        of_class = self.labels == label
        if group is not None:
            of_class = of_class & (np.array(self.groups or [""] * len(self)) == group)
        return np.flatnonzero(of_class)

    def centre_members(self, label: int, group: str | None = None) -> np.ndarray:
        """Return the positions of the sounds whose mean is the centre of a class: its training sounds, or else all."""
        members = self.of_class(label, group)
        training = members[~self.is_test[members]]
        return training if len(training) else members

    def save(self, path: Path, *, as_int16: bool = False) -> None:
        """Write the sounds as one compressed npz file, atomically.

        Args:
            path: the file.
            as_int16: store the audio with 16 bits, as most sound files do, in half the bytes.
        """
        values = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        if as_int16:
            values["audio"] = np.round(values["audio"] * _INT16_PEAK).astype(np.int16)
        with atomic_file(path) as part, part.open("wb") as file:
            np.savez_compressed(file, **values)

    @classmethod
    def load(cls, path: Path) -> SoundSet:
        """Read what `save` wrote.

        Raises:
            UserError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                # Runs of old versions have no groups.
                values = {
                    each.name: stored[each.name]
                    for each in fields(cls)
                    if each.name in stored or each.default is MISSING
                }
        except Exception as error:
            raise_system_problem(error)
            raise UserError(f"{path} cannot be read ({one_line(error)}): train again into a new --run") from error
        if values["audio"].dtype == np.int16:
            values["audio"] = values["audio"].astype(np.float32) / _INT16_PEAK
        for name in {"names", "class_names", "groups"} & values.keys():
            # Runs of old versions hold the names as the file system had them.
            values[name] = composed_names(values[name].tolist())
        return cls(**values | {"rate_hz": int(values["rate_hz"])})


def class_sizes(sounds: SoundSet) -> dict[str, dict[str, int]]:
    """Return the number of sounds in each class and in its part of the split: `size`, `train`, `test`."""
    sizes = {}
    for label, name in enumerate(sounds.class_names):
        is_test = sounds.is_test[sounds.of_class(label)]
        sizes[name] = {"size": len(is_test), "train": int((~is_test).sum()), "test": int(is_test.sum())}
    return sizes


def evenly_spaced(n_sounds: int, most: int) -> np.ndarray:
    """Return the positions of at most `most` sounds, evenly spaced over all of them: int64 `[≤ most]`."""
    return np.unique(np.linspace(0, n_sounds - 1, min(n_sounds, most)).round().astype(int))
