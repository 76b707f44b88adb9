"""New sounds of classes, in memory: drawn from where the class lies, apart from copies, and spread out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.audio import fidelity, waveform
from audio_vae.morphing.endpoints import class_named
from audio_vae.morphing.given import Given, given_decoded
from audio_vae.morphing.steps import at_level, decode
from audio_vae.runs.latents import class_centre
from audio_vae.runs.run import Run
from audio_vae.sampling.novelty import COPY_DB, Nearest, TrainingSounds, decoded_cells_db, training_sounds
from audio_vae.sampling.spread import farthest_first, scales_within_classes, spread_of
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import safe_name
from audio_vae.utils.names import composed

TEMPERATURES = (0.0, 4.0)
"""Lowest and highest temperature."""

MOST_SOUNDS = 1000
"""Most sounds of a class at once."""

MOST_SEED = 2**63 - 1

# The sounds that are spread out most are chosen from so many times their number, drawn in so many rounds at most.
_POOL = 2
_MOST_ROUNDS = 8


@dataclass(frozen=True, eq=False)
class NewSound:
    """A new sound.

    Attributes:
        name: its class, the seed and its number: `kick-seed7-003`.
        class_name: the class that it was drawn from.
        latent: float32 `[d]`.
        given: the sound, mono, at the median peak of the class.
        nearest: name of the nearest training sound.
        nearest_distance_db: how far what the model makes of that is from it.
    """

    name: str
    class_name: str
    latent: np.ndarray
    given: Given
    nearest: str
    nearest_distance_db: float


@dataclass(frozen=True, eq=False)
class MadeSample:
    """New sounds, as `make_sample` makes them.

    Attributes:
        run: the run that made them.
        classes: the classes that they were drawn from.
        n_each: number of sounds of each class.
        seed: the seed.
        temperature: what scaled the standard deviation.
        level: one of `morphing.options.LEVELS`.
        sounds: the sounds, class by class; in a class from the most typical outwards.
    """

    run: Run
    classes: tuple[str, ...]
    n_each: int
    seed: int
    temperature: float
    level: str
    sounds: tuple[NewSound, ...]


def make_sample(
    run: Run,
    classes: Sequence[str] = (),
    n_each: int = 8,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    level: str = "keep",
) -> MadeSample:
    """Draw new sounds of classes. Nothing is written. The same seed gives the same sounds on the same machine.

    Points are drawn from the spread of the latents of the class's training sounds. Those are kept whose sound is
    nearest to a training sound of this class, and no copy of any; of these, the ones that are farthest apart.

    Args:
        run: a trained run.
        classes: the classes, named as for `morphing.endpoints.class_named`; all that have two training sounds or more,
            if there are none.
        n_each: number of sounds of each.
        seed: the seed; the sounds of a class do not depend on which other classes are asked for.
        temperature: scales the standard deviation of the spread.
        level: one of `morphing.options.LEVELS`.

    Raises:
        UserError: a class is not known or has too few sounds, a value is out of range, or the class does not give so
            many sounds that are no copies.
    """
    require_values(n_each, seed, temperature)
    known = training_sounds(run)
    labels = labels_of(run, classes)
    sounds = [sound for label in labels for sound in _of_class(run, known, label, n_each, seed, temperature, level)]
    names = tuple(run.sounds.class_names[label] for label in labels)
    return MadeSample(run, names, n_each, seed, temperature, level, tuple(sounds))


def require_seed(seed: int) -> None:
    """Refuse a seed that NumPy does not take, with a `UserError`."""
    if not 0 <= seed <= MOST_SEED:
        raise UserError(f"the seed {seed} cannot be used: give a whole number from 0 to {MOST_SEED}")


def require_values(n_each: int, seed: int, temperature: float) -> None:
    """Refuse values of `make_sample` that are out of range, with a `UserError`."""
    require_seed(seed)
    if not 1 <= n_each <= MOST_SOUNDS:
        raise UserError(f"{n_each} sounds of a class cannot be made: give a number from 1 to {MOST_SOUNDS}")
    low, high = TEMPERATURES
    if not low <= temperature <= high:
        raise UserError(f"the temperature {temperature:g} cannot be used: give {low:g} to {high:g}")


def labels_of(run: Run, classes: Sequence[str]) -> list[int]:
    """Return the numbers of the classes that `make_sample` draws from, each once.

    Raises:
        UserError: a class is not known or has too few sounds, or no class has enough.
    """
    names = run.sounds.class_names
    sizes = np.bincount(training_sounds(run).labels, minlength=len(names))
    if not classes:
        labels = np.flatnonzero(sizes >= 2).tolist()
        if not labels:
            raise UserError(
                f"no class in {run.path} has two training sounds, which a spread takes: train on more sounds"
            )
        return labels
    labels = []
    for text in classes:
        class_name = class_named(composed(text), run.sounds)
        if class_name is None:
            raise UserError(f"unknown class {text!r} in {run.path}: give one of {', '.join(names)}")
        label = names.index(class_name)
        if sizes[label] < 2:
            raise UserError(
                f"class {class_name!r} has {sizes[label]} training sounds in {run.path}, and a spread takes two: "
                "choose another class"
            )
        labels.append(label)
    return list(dict.fromkeys(labels))


def _of_class(
    run: Run, known: TrainingSounds, label: int, n: int, seed: int, temperature: float, level: str
) -> list[NewSound]:
    class_name = run.sounds.class_names[label]
    scales = scales_within_classes(known.latents, known.labels)
    spread = spread_of(known.latents[known.labels == label], scales)
    rng = np.random.default_rng([seed, label])
    latents, decoded, cells_db, nearest = _pool(run, known, label, n, spread, rng, temperature)
    chosen = []
    if nearest:
        distances_db = fidelity.cell_distances_db(cells_db, cells_db)
        first = int(np.argmin(np.linalg.norm(latents - spread.mean, axis=1)))
        chosen = farthest_first(distances_db, first)[:n]
        # Each is as far as can be from those before it, so the first that is too near ends the list.
        n_apart = sum(
            distances_db[each, chosen[:place]].min(initial=np.inf) >= COPY_DB for place, each in enumerate(chosen)
        )
        chosen = chosen[:n_apart]
    if len(chosen) < n:
        raise UserError(
            f"class {class_name!r} gives {len(chosen)} new sounds at temperature {temperature:g}, not {n}: the others "
            f"are copies (less than {COPY_DB:g} dB from a training sound or a new one) or no {class_name}; ask for "
            "fewer (-n), or choose another --temperature"
        )
    centre = class_centre(run, run.sounds, class_name)
    return [
        NewSound(
            name=f"{safe_name(class_name)}-seed{seed}-{number:03d}",
            class_name=class_name,
            latent=latents[each],
            given=at_level(given_decoded(decoded[each], centre.peak, run.config.audio), level),
            nearest=known.names[nearest[each].index],
            nearest_distance_db=nearest[each].distance_db,
        )
        for number, each in enumerate(chosen)
    ]


def _pool(run: Run, known: TrainingSounds, label: int, n: int, spread, rng: np.random.Generator, temperature: float):
    """Draw until there are enough sounds that are of the class and no copies.

    Returns:
        Latents `[M, d]`, decoded sounds `[M, T]`, their cells, and the nearest training sound of each.
    """
    latents: list[np.ndarray] = []
    decoded: list[np.ndarray] = []
    cells_db: list[np.ndarray] = []
    nearest: list[Nearest] = []
    for _ in range(_MOST_ROUNDS):
        drawn = spread.draw(_POOL * n, rng, temperature)
        sounds = decode(run, drawn)
        cells = decoded_cells_db(sounds, run.config.audio.rate_hz)
        for number, found in enumerate(known.nearest(drawn, cells)):
            is_of_class = known.labels[found.index] == label
            if is_of_class and found.distance_db >= COPY_DB and waveform.peak(sounds[number]) >= waveform.QUIET:
                latents.append(drawn[number])
                decoded.append(sounds[number])
                cells_db.append(cells[number])
                nearest.append(found)
        if len(nearest) >= _POOL * n or temperature == 0:
            break
    return np.array(latents), decoded, cells_db, nearest
