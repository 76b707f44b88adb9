"""Variations of a sound, in memory: its neighbours in the latent space, at a distance that the ear measures."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from audio_vae.audio import fidelity, waveform
from audio_vae.kits.write import instrument_named
from audio_vae.morphing.endpoints import Endpoint, file_warnings
from audio_vae.morphing.given import Given, given_decoded
from audio_vae.morphing.options import RENDERS
from audio_vae.morphing.steps import at_level, decode
from audio_vae.runs.run import Run
from audio_vae.sampling.directions import DOUBTFUL, described_by, direction_named, unit
from audio_vae.sampling.made_sample import MOST_SOUNDS, require_seed
from audio_vae.sampling.novelty import training_sounds
from audio_vae.sampling.spread import spread_within_classes
from audio_vae.shaping.transfer import Transfer
from audio_vae.utils.errors import UserError

FULL_AMOUNT_DB = 8.0
"""Distance of a variation of amount 1: about as far as two kicks of the pretrained model are apart in the median."""

# How far from a sound its variations are looked for, in standard deviations of the sounds of a class along a random
# direction, and how often.
_FARTHEST = 4.0
_ROUNDS = 8
_CLOSE_ENOUGH = 0.02
# A variation that misses its distance by more than this share of it is told of.
_MISSED = 0.2
# Sounds that are changed side by side. More gain little, and each needs memory.
_MOST_THREADS = 2


@dataclass(frozen=True, eq=False)
class Variation:
    """A variation of a sound.

    Attributes:
        name: the sound, the seed or the direction, and its number: `my-seed7-003`.
        amount: how far it is from the sound, in units of `FULL_AMOUNT_DB`; negative against a direction.
        latent: float32 `[d]`.
        given: the variation; rendered of the sound itself, at its rate, length and channels.
        distance_db: how far it is from the sound (`audio.fidelity`).
    """

    name: str
    amount: float
    latent: np.ndarray
    given: Given
    distance_db: float


@dataclass(frozen=True, eq=False)
class MadeVariations:
    """Variations of a sound, as `make_variations` makes them.

    Attributes:
        run: the run that made them.
        point: the sound.
        amount: how far they are from it.
        seed: the seed.
        along: the direction that they follow; `None` for random ones.
        render: one of `morphing.options.RENDERS`.
        level: one of `morphing.options.LEVELS`.
        sounds: the variations.
        remarks: what there is to know of the direction and of distances that were missed, one line each.
    """

    run: Run
    point: Endpoint
    amount: float
    seed: int
    along: str | None
    render: str
    level: str
    sounds: tuple[Variation, ...]
    remarks: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of, one line each."""
        return (*file_warnings([self.point], are_cut=self.render == "model"), *self.remarks)


def make_variations(
    run: Run,
    point: Endpoint,
    amount: float = 0.3,
    n: int = 8,
    *,
    seed: int = 0,
    along: str | None = None,
    render: str = "sound",
    level: str = "keep",
) -> MadeVariations:
    """Make variations of a sound. Nothing is written. The same seed gives the same sounds on the same machine.

    Each follows a direction of its own from the sound's latent, drawn by how sounds vary within their classes, as far
    as it takes for its distance from the sound to be `amount` times `FULL_AMOUNT_DB`. Along a direction of `directions`
    they are evenly spaced from `-amount` to `amount`.

    Args:
        run: a trained run.
        point: the sound.
        amount: how far the variations are from it, 0 (the sound itself) to 1; along a direction also −1 to 0.
        n: number of variations.
        seed: the seed.
        along: a direction, one of `directions.DESCRIPTORS`.
        render: `sound` does to the sound itself what the model makes of the change; `model` takes what it decodes.
        level: one of `morphing.options.LEVELS`.

    Raises:
        UserError: a value cannot be used, there is no such direction, or the model decodes to silence.
    """
    require_values(amount, n, seed, along, render)
    moves, remarks = _moves(run, point, n, seed, along)
    amounts = np.full(n, amount) if along is None else np.linspace(-amount, amount, n) if n > 1 else np.array([amount])
    renderer = _Renderer(run, point, render)
    found = _at_distances(renderer, moves * np.sign(amounts)[:, np.newaxis], FULL_AMOUNT_DB * np.abs(amounts))
    remarks += _missed(found, FULL_AMOUNT_DB * np.abs(amounts))
    middle = along or f"seed{seed}"
    sounds = tuple(
        Variation(
            name=f"{stem(point)}-{middle}-{number:03d}",
            amount=float(each_amount),
            latent=each.latent,
            given=at_level(each.given, level),
            distance_db=each.distance_db,
        )
        for number, (each, each_amount) in enumerate(zip(found, amounts, strict=True))
    )
    return MadeVariations(run, point, float(amount), seed, along, render, level, sounds, tuple(remarks))


def stem(point: Endpoint) -> str:
    """Return the name of a sound as the beginning of file names: that of a file without its suffix."""
    return instrument_named(point.name, point.kind)


def require_values(amount: float, n: int, seed: int, along: str | None, render: str) -> None:
    """Refuse values of `make_variations` that are out of range, with a `UserError`."""
    require_seed(seed)
    lowest = 0 if along is None else -1
    if not lowest <= amount <= 1:
        raise UserError(
            f"the amount {amount:g} cannot be used: give {lowest} to 1 (0 is the sound itself, 1 is "
            f"{FULL_AMOUNT_DB:g} dB from it, as far as two sounds of one class are)"
        )
    if not 1 <= n <= MOST_SOUNDS:
        raise UserError(f"{n} variations cannot be made: give a number from 1 to {MOST_SOUNDS}")
    if render not in RENDERS:
        raise UserError(f"unknown render {render!r}: choose one of {', '.join(RENDERS)}")


def _moves(run: Run, point: Endpoint, n: int, seed: int, along: str | None) -> tuple[np.ndarray, list[str]]:
    """Return the moves of N variations, `[n, d]`, and warnings."""
    known = training_sounds(run)
    if len(known.names) < 2:
        raise UserError(f"{run.path} has {len(known.names)} training sound, and variations take two: train on more")
    spread = spread_within_classes(known.latents, known.labels)
    if along is None:
        return spread.draw(n, np.random.default_rng([seed, 0])), []
    direction = direction_named(run, along)
    # As long as a random move, which has one standard deviation in each dimension.
    step = unit(direction.vector, spread.covariance)
    move = np.sqrt(len(step)) * step * _sign_at(run, point, along, step)
    remarks = []
    if direction.holds < DOUBTFUL:
        remarks.append(
            f"the direction of {along} is a guess: it holds for {100 * direction.holds:.0f} of 100 training sounds "
            "(--list shows all)"
        )
    return np.repeat(move[np.newaxis], n, axis=0), remarks


def _sign_at(run: Run, point: Endpoint, along: str, step: np.ndarray) -> int:
    """Return −1 if a descriptor falls along its direction at this sound, unlike at others, else 1."""
    around = np.stack([point.latent - step, point.latent + step]).astype(np.float32)
    before, after = described_by(run.decode(around), run.config.audio.rate_hz)[along]
    return -1 if after < before else 1


@dataclass(frozen=True, eq=False)
class _Found:
    """A variation on the way to its distance."""

    latent: np.ndarray
    given: Given
    distance_db: float


class _Renderer:
    """Makes the sounds of points of the latent space that lie around a sound, and measures how far they are from it."""

    def __init__(self, run: Run, point: Endpoint, render: str):
        self._run, self._point = run, point
        before = decode(run, point.latent[np.newaxis])[0]
        if waveform.peak(before) == 0:
            raise UserError(f"the model of {run.path} decodes to silence ({point.name}): train it for longer")
        self._before = waveform.normalised(before)
        self._model_hz = run.config.audio.rate_hz
        self._transfer = None
        self.itself = given_decoded(before, point.peak, run.config.audio)
        if render == "sound":
            given = point.given
            self.itself = given
            self._transfer = Transfer(given.samples, given.rate_hz, self._before, self._model_hz)
        self._cells_db = _cells_db(self.itself)

    def found(self, latents: np.ndarray) -> list[_Found]:
        """Make the sounds of points, `[N, d]`."""
        decoded = decode(self._run, latents)
        with ThreadPoolExecutor(_MOST_THREADS) as pool:
            return list(pool.map(self._found, latents, decoded))

    def sound_itself(self) -> _Found:
        return _Found(self._point.latent, self.itself, 0.0)

    def _found(self, latent: np.ndarray, decoded: np.ndarray) -> _Found:
        if waveform.peak(decoded) < waveform.SILENCE:
            return _Found(latent, self.itself, np.inf)
        if self._transfer is None:
            given = given_decoded(decoded, self._point.peak, self._run.config.audio)
        else:
            given = Given(self._transfer.sound(decoded), self.itself.rate_hz)
        return _Found(latent, given, fidelity.cell_distance_db(self._cells_db, _cells_db(given)))

    @property
    def latent(self) -> np.ndarray:
        return self._point.latent


def _cells_db(given: Given) -> np.ndarray:
    return fidelity.cells_db(given.mono, given.rate_hz)


def _at_distances(renderer: _Renderer, moves: np.ndarray, wanted_db: np.ndarray) -> list[_Found]:
    """Go along each move until the sound is as far as wanted.

    The step is searched by false position, at least a tenth of the interval away from either of its ends.

    Args:
        renderer: what makes the sounds.
        moves: `[n, d]`.
        wanted_db: how far each is to be, `[n]`; 0 is the sound itself.
    """
    best: list[_Found] = [renderer.sound_itself() for _ in moves]
    searches = {number: _Search(wanted) for number, wanted in enumerate(wanted_db.tolist()) if wanted > 0}
    for _ in range(_ROUNDS):
        going = [number for number, search in searches.items() if not search.is_done]
        if not going:
            break
        steps = np.array([searches[number].step for number in going])
        latents = (renderer.latent + steps[:, np.newaxis] * moves[going]).astype(np.float32)
        for number, found in zip(going, renderer.found(latents), strict=True):
            if searches[number].tell(found.distance_db):
                best[number] = found
    return best


class _Search:
    """Looks for the step along a move at which a distance is as wanted."""

    def __init__(self, wanted_db: float):
        self.wanted_db = wanted_db
        self.step = min(wanted_db / FULL_AMOUNT_DB, 1.0)
        self._low, self._high = (0.0, -wanted_db), None
        self._best_miss_db = np.inf

    @property
    def is_done(self) -> bool:
        return self._best_miss_db <= _CLOSE_ENOUGH * self.wanted_db or self.step > _FARTHEST

    def tell(self, distance_db: float) -> bool:
        """Take the distance at `step`, choose the next step, and return whether this was the nearest so far."""
        over_db = min(distance_db, 1e3) - self.wanted_db
        is_best = abs(over_db) < self._best_miss_db
        if is_best:
            self._best_miss_db = abs(over_db)
        if over_db > 0:
            self._high = (self.step, over_db)
        else:
            self._low = (self.step, over_db)
        if self._high is None:
            self.step *= float(np.clip(self.wanted_db / max(distance_db, 1e-3), 1.2, 2.5))
            return is_best
        (low, under_db), (high, over_db) = self._low, self._high
        share = float(np.clip(-under_db / (over_db - under_db), 0.1, 0.9))
        self.step = low + share * (high - low)
        return is_best


def _missed(found: Sequence[_Found], wanted_db: np.ndarray) -> list[str]:
    missed = [
        each.distance_db
        for each, wanted in zip(found, wanted_db.tolist(), strict=True)
        if abs(each.distance_db - wanted) > _MISSED * wanted
    ]
    if not missed:
        return []
    return [
        f"{len(missed)} of {len(found)} variations are not as far from the sound as asked for, but {min(missed):.1f} "
        f"to {max(missed):.1f} dB where it should be up to {wanted_db.max():.1f} dB: the model leaps or ends there"
    ]
