"""Sounds in memory or in shards on disk, with labels and a split into training and test sounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path

import numpy as np

from audio_vae.data.stored_audio import StoredAudio
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import atomic_file
from audio_vae.utils.names import composed_names

_INT16_PEAK = np.float32(32767)

_PLACES = ("shards", "starts", "stored")
"""What a file has of sounds whose samples are in shards: attributes of `StoredAudio`."""


@dataclass(frozen=True, eq=False)
class SoundSet:
    """Sounds that a model is trained on or evaluated with, in a fixed order.

    Attributes:
        names: `[N]`, the name of each sound.
        audio: float32 `[N, T]`, each with peak 1; an array, or for large sets `StoredAudio`, which reads what is asked
            for.
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
    audio: np.ndarray | StoredAudio
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

    @property
    def is_stored(self) -> bool:
        """Whether the samples are on disk, and are read when they are asked for."""
        return isinstance(self.audio, StoredAudio)

    def take(self, index: np.ndarray) -> SoundSet:
        """Return the sounds at these positions; stored ones are not read."""
        return replace(
            self,
            names=tuple(self.names[i] for i in index),
            groups=tuple(self.groups[i] for i in index) if self.groups else (),
            audio=self.audio.take(index) if self.is_stored else self.audio[index],
            **{name: getattr(self, name)[index] for name in ("labels", "is_test", "peaks", "lengths")},
        )

    def in_memory(self) -> SoundSet:
        """Return the same sounds with an array as `audio`."""
        return replace(self, audio=self.audio[:]) if self.is_stored else self

    @contextmanager
    def reading_problems(self) -> Iterator[None]:
        """Raise the `UserError` for which stored sounds were not read, where a pipeline around them raises its own."""
        try:
            yield
        except Exception as error:
            problem = self.audio.patience.failure if self.is_stored else None
            if problem is None or error is problem:
                raise
            raise problem from error

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
        """Write the sounds as one compressed npz file, atomically; of stored ones where their samples are.

        Args:
            path: the file. The shards of stored sounds have to be in the folder `sounds` beside it.
            as_int16: store the audio with 16 bits, as most sound files do, in half the bytes.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.is_stored:
            audio = values.pop("audio")
            values |= {name: getattr(audio, name) for name in _PLACES} | {"n_samples": audio.shape[1]}
        elif as_int16:
            values["audio"] = np.round(self.audio * _INT16_PEAK).astype(np.int16)
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
                names = {each.name: each.default is MISSING for each in fields(cls)}
                values = {}
                if "n_samples" in stored:
                    places = {name: stored[name] for name in _PLACES}
                    values["audio"] = StoredAudio(shards_folder(path), int(stored["n_samples"]), **places)
                    del names["audio"]
                # Runs of old versions have no groups.
                values |= {name: stored[name] for name, is_needed in names.items() if is_needed or name in stored}
        except Exception as error:
            raise_system_problem(error)
            raise UserError(f"{path} cannot be read ({one_line(error)}): train again into a new --run") from error
        if values["audio"].dtype == np.int16:
            values["audio"] = values["audio"].astype(np.float32) / _INT16_PEAK
        for name in {"names", "class_names", "groups"} & values.keys():
            # Runs of old versions hold the names as the file system had them.
            values[name] = composed_names(values[name].tolist())
        return cls(**values | {"rate_hz": int(values["rate_hz"])})


def shards_folder(path: Path) -> Path:
    """Return the folder of the shards of stored sounds, beside the file of their names and labels."""
    return path.with_suffix("")


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
