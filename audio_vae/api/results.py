"""What a model makes: sounds with the latents that they were made from. A notebook shows them with a player."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.kits.write import KitOptions
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.made_blend import MadeBlend
from audio_vae.morphing.made_morph import MadeMorph
from audio_vae.sampling.made_sample import MadeSample, NewSound
from audio_vae.sampling.made_variations import MadeVariations, Variation
from audio_vae.utils.files import step_names


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound, which may be an end of a morph.

    Attributes:
        samples: float32 `[n]`, or `[n, channels]` if it has several.
        rate_hz: sample rate.
        name: what it is called.
        latent: the point of the latent space that it was made from, float32 `[d]`; `None` for a plain mix.
    """

    samples: np.ndarray = field(repr=False)
    rate_hz: int
    name: str
    latent: np.ndarray | None = field(default=None, repr=False)

    def _repr_html_(self) -> str:
        from audio_vae.api import notebook

        return notebook.html([self], self.name)


@dataclass(frozen=True, eq=False)
class Sounds:
    """Sounds of one rate. `sounds[3]` is the fourth as a `Sound`, without the silence that fills the array.

    Attributes:
        sounds: float32 `[N, n_samples]`, or `[N, n_samples, channels]` if any has several channels; shorter ones are
            followed by silence.
        rate_hz: sample rate.
        latents: the points of the latent space that they were made from, float32 `[N, d]`; `None` for plain mixes.
        names: what they are called, N names.
        lengths: their numbers of samples, N integers.
    """

    sounds: np.ndarray = field(repr=False)
    rate_hz: int
    latents: np.ndarray | None = field(repr=False)
    names: tuple[str, ...]
    lengths: tuple[int, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Sound:
        latent = None if self.latents is None else self.latents[index]
        return Sound(self.sounds[index][: self.lengths[index]], self.rate_hz, self.names[index], latent)

    def __iter__(self) -> Iterator[Sound]:
        return (self[index] for index in range(len(self)))

    def _repr_html_(self) -> str:
        from audio_vae.api import notebook

        return notebook.html(list(self), f"{len(self)} sounds")


@dataclass(frozen=True, eq=False)
class _Scored(Sounds):
    """Sounds between given ones, which are compared with a plain mix of these when scores or warnings are asked for."""

    made: MadeMorph | MadeBlend = field(repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to know of the given sounds and of the model's output, one line each."""
        return self.made.warnings

    @property
    def scorecard(self) -> dict[str, Any]:
        """The scores beside those of the plain mix, as in morph.json or blend.json."""
        return self.made.scorecard


@dataclass(frozen=True, eq=False)
class Morph(_Scored):
    """A morph: its steps, and when they are asked for, its cross-fade, warnings and scores.

    Attributes:
        made: how the steps were made, with the points and options.
    """

    made: MadeMorph = field(repr=False)

    @property
    def steps(self) -> np.ndarray:
        """The steps from the start to the end: `sounds` by another name."""
        return self.sounds

    @property
    def positions(self) -> np.ndarray:
        """Where the steps lie on the path, float64 `[N]`: 0 is the start, 1 the end."""
        return self.made.path.positions

    @cached_property
    def crossfade(self) -> Sounds:
        """The same steps as a plain mix of the real sounds."""
        track = self.made.crossfade
        return Sounds(**as_arrays(track.steps, self.names, None))

    def save(self, folder: str | Path, kit: Sequence[str] = (), layout: str = "keys") -> Path:
        """Write the morph folder that the command line writes; an older morph in the folder is replaced.

        Args:
            folder: the folder.
            kit: formats of a kit of the steps, some of `kits.write.FORMATS`.
            layout: how the kit lays them out, one of `kits.layout.LAYOUTS`.

        Raises:
            audio_vae.utils.errors.UserError: the folder holds other files or cannot be written.
        """
        from audio_vae.morphing.morph import write_morph

        return write_morph(self.made, Path(folder), KitOptions(tuple(kit), layout)).folder

    def _repr_html_(self) -> str:
        from audio_vae.api import notebook

        return notebook.html(list(self), " → ".join(point.name for point in self.made.points))


@dataclass(frozen=True, eq=False)
class Blend(_Scored):
    """A blend: one sound, and when they are asked for, the plain mix, warnings and scores.

    Attributes:
        made: how it was made, with the parts and options.
    """

    made: MadeBlend = field(repr=False)

    @property
    def sound(self) -> np.ndarray:
        """The blend alone, float32 `[n]` or `[n, channels]`."""
        return self[0].samples

    @property
    def weights(self) -> np.ndarray:
        """The weight of each part, float64 `[K]`; they add up to 1."""
        return self.made.weights

    @cached_property
    def mix(self) -> Sounds:
        """The plain mix of the real sounds with the same weights."""
        return Sounds(**as_arrays([self.made.mix.step], ["mix"], None))

    def save(self, folder: str | Path, kit: Sequence[str] = ()) -> Path:
        """Write the blend folder that the command line writes; an older blend in the folder is replaced.

        Args:
            folder: the folder.
            kit: formats of a kit of the blend, some of `kits.write.FORMATS`.

        Raises:
            audio_vae.utils.errors.UserError: the folder holds other files or cannot be written.
        """
        from audio_vae.morphing.blend import write_blend

        return write_blend(self.made, Path(folder), KitOptions(tuple(kit))).folder


@dataclass(frozen=True, eq=False)
class NewSounds(Sounds):
    """New sounds of classes.

    Attributes:
        made: how they were made, with the nearest training sound of each.
    """

    made: MadeSample = field(repr=False)

    @property
    def distances_db(self) -> np.ndarray:
        """How far each is from the nearest training sound, in decibels (`audio.fidelity`), float64 `[N]`."""
        return np.array([each.nearest_distance_db for each in self.made.sounds])

    def save(self, folder: str | Path, kit: Sequence[str] = (), layout: str = "round-robin") -> Path:
        """Write the folder that `sample` of the command line writes; the arguments are those of `Morph.save`."""
        from audio_vae.sampling.sample import write_sample

        return write_sample(self.made, Path(folder), kit=KitOptions(tuple(kit), layout)).folder


@dataclass(frozen=True, eq=False)
class Variations(Sounds):
    """Variations of a sound.

    Attributes:
        made: how they were made, with the sound itself.
    """

    made: MadeVariations = field(repr=False)

    @property
    def distances_db(self) -> np.ndarray:
        """How far each is from the sound, in decibels (`audio.fidelity`), float64 `[N]`."""
        return np.array([each.distance_db for each in self.made.sounds])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to know of the sound, and of variations that miss their distance, one line each."""
        return self.made.warnings

    def save(self, folder: str | Path, kit: Sequence[str] = (), layout: str = "round-robin") -> Path:
        """Write the folder that `vary` of the command line writes; the arguments are those of `Morph.save`."""
        from audio_vae.sampling.vary import write_variations

        return write_variations(self.made, Path(folder), kit=KitOptions(tuple(kit), layout)).folder


def morph_result(made: MadeMorph) -> Morph:
    """Return a morph as arrays."""
    path = made.path
    return Morph(**as_arrays(path.steps, step_names(len(path.steps)), path.latents), made=made)


def blend_result(made: MadeBlend) -> Blend:
    """Return a blend as arrays."""
    return Blend(**as_arrays([made.blend.step], ["blend"], made.blend.latent), made=made)


def sample_result(made: MadeSample) -> NewSounds:
    """Return new sounds as arrays."""
    return NewSounds(**_as_arrays_of(made.sounds), made=made)


def variations_result(made: MadeVariations) -> Variations:
    """Return variations as arrays."""
    return Variations(**_as_arrays_of(made.sounds), made=made)


def _as_arrays_of(sounds: Sequence[NewSound | Variation]) -> dict[str, Any]:
    names, latents = [each.name for each in sounds], np.stack([each.latent for each in sounds])
    return as_arrays([each.given for each in sounds], names, latents)


def as_arrays(givens: Sequence[Given], names: Sequence[str], latents: np.ndarray | None) -> dict[str, Any]:
    """Return sounds at one rate in one array, as the attributes of `Sounds`."""
    sounds, rate_hz = together(givens)
    lengths = tuple(len(sound) for sound in sounds)
    joined = np.zeros((len(sounds), max(lengths), sounds[0].shape[1]), np.float32)
    for row, sound in zip(joined, sounds, strict=True):
        row[: len(sound)] = sound
    return {
        "sounds": joined[..., 0] if joined.shape[2] == 1 else joined,
        "rate_hz": rate_hz,
        "latents": latents,
        "names": tuple(names),
        "lengths": lengths,
    }
