"""The model of a run, used from Python: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.api.ends import End, to_endpoint
from audio_vae.api.results import (
    Blend,
    Morph,
    NewSounds,
    Sound,
    Variations,
    blend_result,
    morph_result,
    sample_result,
    variations_result,
)
from audio_vae.audio.waveform import AudioError
from audio_vae.data.validation import validate_array
from audio_vae.morphing.made_blend import blend_options, make_blend
from audio_vae.morphing.made_morph import make_morph
from audio_vae.morphing.options import PathOptions, usual_options
from audio_vae.runs.latents import latents_of
from audio_vae.runs.run import Run
from audio_vae.sampling.directions import Direction, directions_of
from audio_vae.sampling.made_sample import make_sample
from audio_vae.sampling.made_variations import make_variations
from audio_vae.utils.errors import UserError, one_line


@dataclass(frozen=True, eq=False)
class KnownSounds:
    """The sounds that a model was trained and tested on.

    Attributes:
        names: `[N]`; each name can be an end of a morph.
        classes: the class of each, `[N]`.
        is_test: whether it is a test sound, bool `[N]`.
        latents: posterior means, float32 `[N, d]`.
    """

    names: tuple[str, ...] = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    is_test: np.ndarray = field(repr=False)
    latents: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.names)


class SoundModel:
    """A trained model. `audio_vae.open_model` opens one.

    Sounds are float arrays with a full scale of 1: `[n]`, or `[n, channels]` where that is said. Nothing is printed,
    and files are written only by `save` of a result. An error that the caller can mend is an
    `audio_vae.utils.errors.UserError`.

    Args:
        run: the run of the model.
    """

    def __init__(self, run: Run):
        self.run = run

    def __repr__(self) -> str:
        return (
            f"SoundModel({str(self.path)!r}: {len(self.classes)} classes, {self.rate_hz} Hz, "
            f"{self.n_samples} samples, {self.latent_dim} dimensions)"
        )

    @property
    def path(self) -> Path:
        """The run folder, or the folder of the pretrained model."""
        return self.run.path

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.run.sounds.class_names

    @property
    def rate_hz(self) -> int:
        """Sample rate of what the model decodes."""
        return self.run.config.audio.rate_hz

    @property
    def n_samples(self) -> int:
        """Length T of what the model decodes, in samples."""
        return self.run.config.audio.n_samples

    @property
    def latent_dim(self) -> int:
        """Size d of the latent space."""
        return self.run.config.model.latent_dim

    @cached_property
    def sounds(self) -> KnownSounds:
        """The sounds that the model was trained and tested on: names, classes and latents."""
        known = latents_of(self.run)
        classes = tuple(self.classes[label] for label in known.labels)
        return KnownSounds(known.names, classes, known.is_test, known.means)

    def encode(self, sounds: np.ndarray | Sound, rate_hz: int | None = None) -> np.ndarray:
        """Return the points of the latent space of sounds (posterior means).

        Each is prepared like the sounds of the training: from its onset on, with peak 1, cut or padded to T samples.

        Args:
            sounds: one mono sound, float `[n]`, several of one length, `[N, n]`, or a sound of a result.
            rate_hz: their sample rate; by default, that of the model.

        Returns:
            float32 `[d]`, or `[N, d]`.

        Raises:
            UserError: a sound is silent, too short or not finite, or the shape is another.
        """
        if isinstance(sounds, Sound):
            # Its channels are mixed down as those of a file.
            return self._encoded([(sounds.samples, sounds.rate_hz)])[0]
        sounds = np.asarray(sounds)
        if sounds.ndim not in (1, 2) or 0 in sounds.shape:
            raise UserError(f"sounds of the shape {sounds.shape} cannot be encoded: give [n], or [N, n] for several")
        rate_hz = self.rate_hz if rate_hz is None else rate_hz
        means = self._encoded([(sound, rate_hz) for sound in np.atleast_2d(sounds)])
        return means if sounds.ndim == 2 else means[0]

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return what the model makes of points of the latent space.

        Args:
            latents: float `[d]`, or `[N, d]`.

        Returns:
            float32 `[T]`, or `[N, T]`, at `rate_hz` and the model's own level (peak near 1).

        Raises:
            UserError: the shape is another, or a number is not finite.
        """
        latents = np.asarray(latents, np.float32)
        if latents.ndim not in (1, 2) or latents.shape[-1] != self.latent_dim or not np.isfinite(latents).all():
            raise UserError(
                f"latents of the shape {latents.shape} cannot be decoded: give finite numbers, [{self.latent_dim}] or "
                f"[N, {self.latent_dim}]"
            )
        if not len(latents):
            return np.zeros((0, self.n_samples), np.float32)
        decoded = self.run.decode(np.atleast_2d(latents))
        return decoded if latents.ndim == 2 else decoded[0]

    def morph(
        self,
        start: End,
        end: End,
        n_steps: int = 9,
        *,
        via: Sequence[End] = (),
        rate_hz: int | None = None,
        **options: Any,
    ) -> Morph:
        """Morph from one sound to another.

        The first and the last step are the given sounds, sample for sample, unless `render` is `model` or `level` is
        `peak`. Of a class, they are the training sound that is nearest to its centre.

        Args:
            start: a class, `CLASS:N`, the name of a sound, a sound file, an array, an array with its rate, or a sound
                of a result; see `api.ends.End`.
            end: likewise.
            n_steps: number of steps, both ends included.
            via: points that the path leads through, given like the ends.
            rate_hz: the rate of arrays that come without one; by default, that of the model.
            options: `length`, `shape`, `spacing`, `between`, `render` and `level` of
                `morphing.options.PathOptions`. `length` and `render` are by default as on the command line.

        Returns:
            The steps, at the highest rate of the given sounds and with the most channels.

        Raises:
            UserError: an end or an option cannot be used.
        """
        chosen = PathOptions(steps=n_steps, **usual_options(self.run.config.audio, **options))
        return morph_result(make_morph(self.run, self._points([start, *via, end], rate_hz), chosen))

    def blend(
        self,
        parts: Mapping[str, float] | Sequence[tuple[End, float]],
        *,
        rate_hz: int | None = None,
        **options: Any,
    ) -> Blend:
        """Make one sound out of several.

        Args:
            parts: end → weight, or pairs of an end and its weight; ends are given as for `morph`. Weights are divided
                by their sum.
            rate_hz: as for `morph`.
            options: `length`, `render` and `level` of `morphing.made_blend.blend_options`.

        Raises:
            UserError: a part, a weight or an option cannot be used.
        """
        pairs = list(parts.items() if isinstance(parts, Mapping) else parts)
        chosen = blend_options(**usual_options(self.run.config.audio, **options))
        if not pairs:
            raise UserError("a blend of no parts makes no sound: give at least one end with its weight")
        points = self._points([end for end, _ in pairs], rate_hz)
        return blend_result(make_blend(self.run, points, [float(weight) for _, weight in pairs], chosen))

    def sample(
        self,
        classes: str | Sequence[str] = (),
        n: int = 8,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        level: str = "keep",
    ) -> NewSounds:
        """Make new sounds of classes, none a copy of a training sound. The same seed gives the same sounds.

        Args:
            classes: a class, or several; all that have enough sounds by default.
            n: number of sounds of each class.
            seed: the seed.
            temperature: scales the spread of the class, 0 to 4.
            level: one of `morphing.options.LEVELS`.

        Returns:
            The sounds, class by class, with their distances to the nearest training sound.

        Raises:
            UserError: a class or a value cannot be used, or the class does not give so many sounds that are new.
        """
        names = [classes] if isinstance(classes, str) else list(classes)
        made = make_sample(self.run, names, n, seed=seed, temperature=temperature, level=level)
        return sample_result(made)

    def vary(
        self,
        sound: End,
        amount: float = 0.3,
        n: int = 8,
        *,
        seed: int = 0,
        along: str | None = None,
        rate_hz: int | None = None,
        render: str = "sound",
        level: str = "keep",
    ) -> Variations:
        """Make variations of a sound. The same seed gives the same sounds.

        With `render="sound"` they keep its rate (up to 48 kHz), length (up to 60 s) and channels.

        Args:
            sound: given like an end of `morph`.
            amount: how far they are from the sound to the ear: 0 is the sound itself, 1 is 8 dB (`audio.fidelity`).
            n: number of variations.
            seed: the seed.
            along: `brightness`, `decay`, `pitch` or `attack`: go from less of it to more, from `-amount` to `amount`.
            rate_hz: the rate of an array that comes without one; by default, that of the model.
            render: `sound` changes the sound itself as the model changes, `model` takes what the model decodes.
            level: one of `morphing.options.LEVELS`.

        Raises:
            UserError: the sound or a value cannot be used.
        """
        (point,) = self._points([sound], rate_hz)
        made = make_variations(self.run, point, amount, n, seed=seed, along=along, render=render, level=level)
        return variations_result(made)

    def directions(self) -> dict[str, Direction]:
        """Return the directions that `vary` can follow: name → `vector` `[d]`, `r2` and how far it `holds`."""
        return directions_of(self.run)

    def _encoded(self, sounds: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
        fitted = []
        for number, (samples, rate_hz) in enumerate(sounds):
            try:
                fitted.append(validate_array(samples, rate_hz, self.run.config.audio).fitted)
            except AudioError as error:
                raise UserError(f"sound {number} cannot be encoded ({one_line(error)}): give another sound") from error
        means, _ = self.run.encode(np.stack(fitted))
        return means

    def _points(self, ends: Sequence[End], rate_hz: int | None):
        return [to_endpoint(end, self.run, rate_hz, f"array {number}") for number, end in enumerate(ends)]
