"""What the page refers to, as points of the latent space, and what is made of them.

A reference is a string, and none of them names a file of this machine:

    class:kick          the centre of a class
    sound:17            a sound of the model, by its number
    file:3              a file that was sent, by its number
    new:kick:7:3        the fourth of the new sounds of a class that are drawn with seed 7
    vary:0.3:7:REF      another sound varied by 0.3 with seed 7
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.api.ends import to_endpoint
from audio_vae.api.results import Blend, Morph, Sound, Sounds, blend_result, morph_result
from audio_vae.api.sound_model import SoundModel
from audio_vae.explorer.files import Files
from audio_vae.explorer.shared_run import Remembered, SharedRun
from audio_vae.explorer.values import LONGEST_SHOWN, number_of, share, whole
from audio_vae.morphing.endpoints import Endpoint, known_sound, parse_endpoint
from audio_vae.morphing.given import Given
from audio_vae.morphing.made_blend import blend_options, make_blend
from audio_vae.morphing.made_morph import make_morph
from audio_vae.morphing.options import RENDERS, PathOptions, usual_options
from audio_vae.morphing.steps import make_crossfade, make_path
from audio_vae.utils.errors import UserError

MOST_STEPS = 33
MOST_PARTS = 4
N_NEW = 8
"""Number of new sounds that are drawn at once, and of variations that are kept together."""

_MOST_KEPT, _MOST_POINTS = 32, 64
_DEEPEST = 4


class Workbench:
    """A model, the files that were sent, and what was made.

    Args:
        model: the model.
        scratch: a folder for files that are there for a moment.
    """

    def __init__(self, model: SoundModel, scratch: Path):
        run = SharedRun(model.run.path, model.run.config)
        run.cache_model(model.run.model)
        self.model = SoundModel(run)
        self.run = run
        self.scratch = scratch
        self.files = Files(run, scratch)
        self._made = Remembered(_MOST_KEPT)
        self._points = Remembered(_MOST_POINTS)

    @cached_property
    def render(self) -> str:
        """What sounds are made of unless something else is asked for, one of `morphing.options.RENDERS`."""
        return usual_options(self.run.config.audio)["render"]

    @cached_property
    def centres(self) -> dict[str, Endpoint]:
        """Class → its centre, for the classes that have sounds."""
        have = {self.model.classes.index(name) for name in self.model.sounds.classes}
        return {
            name: parse_endpoint(name, self.run, self.run.sounds)
            for number, name in enumerate(self.model.classes)
            if number in have
        }

    @cached_property
    def latents(self) -> np.ndarray:
        """The points of the map, `[N + C, d]`: the sounds, then the centres of the classes."""
        return np.concatenate([self.model.sounds.latents, *(each.latent[np.newaxis] for each in self.centres.values())])

    def first_ends(self, wanted: tuple[str, str]) -> tuple[str, str]:
        """Return references of what the page begins with: the classes that are wanted if they exist, or others."""
        names = list(self.centres)
        found = [next((name for name in names if name == each or name.startswith(f"{each}-")), None) for each in wanted]
        start, end = found if all(found) else (names[0], names[-1])
        return f"class:{start}", f"class:{end}"

    def warm_up(self) -> None:
        """Make a first morph, so that networks are compiled for the sizes that they are used with."""
        start, end = (f"class:{list(self.centres)[number]}" for number in (0, -1))
        for size in (1, 2):
            self.run.encode(self.run.sounds.audio[:size])
            self.run.decode(self.latents[-size:])
        self.path(start, end, None, 3, self.render)

    def point(self, ref: Any, depth: int = 0) -> Endpoint:
        """Return the point of a reference.

        Args:
            ref: the reference.
            depth: how many variations it is a variation of.

        Raises:
            UserError: there is none.
        """
        kind, _, rest = ref.partition(":") if isinstance(ref, str) else ("", "", "")
        if kind == "class" and rest in self.centres:
            return self.centres[rest]
        if kind == "sound" and rest.isascii() and rest.isdigit() and len(rest) < 9:
            names = self.model.sounds.names
            if int(rest) < len(names):
                return self._points.get(ref, lambda: known_sound(names[int(rest)], self.run, self.run.sounds))
        if kind == "file":
            return self.files.point(rest)
        if kind == "new":
            class_name, draw, number = ([*rest.rsplit(":", 2), "", ""])[:3]
            drawn = self.sample(class_name, draw)
            if number.isascii() and number.isdigit() and int(number) < len(drawn):
                return self._points.get(ref, lambda: to_endpoint(drawn[int(number)], self.run))
        if kind == "vary" and depth < _DEEPEST:
            amount, direction, of = ([*rest.split(":", 2), "", ""])[:3]
            varied = self.vary(of, amount, direction, 1, depth + 1)
            return self._points.get(ref, lambda: to_endpoint(varied[0], self.run))
        raise UserError(f"no sound {str(ref)[:LONGEST_SHOWN]!r}: choose one on the map")

    def path(self, start: str, end: str, at: float | None, n_steps: int, render: str) -> list[Given]:
        """Return the steps of a morph from one reference to another, or a single one of them.

        Args:
            start: where it starts.
            end: where it ends.
            at: a single position to make, from 0 to 1; `None` makes all steps.
            n_steps: number of steps, both ends included, if there is no single position.
            render: one of `morphing.options.RENDERS`, or `crossfade` for the plain mix.

        Raises:
            UserError: something cannot be used.
        """
        if not 2 <= n_steps <= MOST_STEPS:
            raise UserError(f"a morph of {n_steps} steps cannot be made here: give 2 to {MOST_STEPS}")
        options = self._options("model" if render == "crossfade" else render)
        if at is None:
            options = PathOptions(steps=n_steps, **options)
        else:
            # The end comes with it, because a path has two steps at least.
            place = share(at)
            options = PathOptions(steps=2, between=(place, 1.0) if place < 1 else (0.0, 1.0), **options)
        make = make_crossfade if render == "crossfade" else lambda *given: make_path(*given)[0]
        steps = make(self.run, [self.point(start), self.point(end)], options).steps
        return steps if at is None else [steps[0 if place < 1 else 1]]

    def morph(self, start: str, end: str, n_steps: int) -> Morph:
        """Morph as the command line does.

        Raises:
            UserError: something cannot be used.
        """
        options = PathOptions(steps=n_steps, **usual_options(self.run.config.audio))
        return morph_result(make_morph(self.run, [self.point(start), self.point(end)], options))

    def blend(self, parts: Any, render: Any) -> Blend:
        """Blend up to four references, each with its weight.

        Raises:
            UserError: something cannot be used.
        """
        if (
            not isinstance(parts, list)
            or not 1 <= len(parts) <= MOST_PARTS
            or any(not isinstance(each, list) or len(each) != 2 for each in parts)
        ):
            raise UserError(f"a blend is made here of 1 to {MOST_PARTS} sounds, each with its weight")
        options = blend_options(**self._options(render))
        points = [self.point(ref) for ref, _ in parts]
        return blend_result(make_blend(self.run, points, [number_of(weight) for _, weight in parts], options))

    def sample(self, class_name: Any, draw: Any) -> Sounds:
        """Draw new sounds of a class.

        Args:
            class_name: the class.
            draw: the seed.

        Raises:
            UserError: there is no such class.
        """
        if not isinstance(class_name, str) or class_name not in self.centres:
            raise UserError("no such class: choose one of the list")
        seed = whole(draw)
        return self._made.get(("sample", class_name, seed), lambda: self.model.sample(class_name, N_NEW, seed=seed))

    def new_sounds(self, class_name: Any, draw: Any) -> list[Given]:
        """Return the sounds of `sample` one by one."""
        return [
            Given(each.samples.reshape(len(each.samples), -1), each.rate_hz) for each in self.sample(class_name, draw)
        ]

    def vary(self, ref: Any, amount: Any, direction: Any, n: int = N_NEW, depth: int = 0) -> Sounds:
        """Vary a reference.

        Args:
            ref: the reference.
            amount: how much, from 0 to 1.
            direction: the seed.
            n: number of variations.
            depth: how many variations it is a variation of.

        Raises:
            UserError: something cannot be used.
        """
        amount, direction, point = share(amount), whole(direction), self.point(ref, depth)
        sound = Sound(point.given.samples, point.given.rate_hz, point.name, point.latent)
        return self._made.get(
            ("vary", ref, amount, direction, n),
            lambda: self.model.vary(sound, amount, n, seed=direction, render=self.render),
        )

    def _options(self, render: Any) -> dict[str, Any]:
        if render not in RENDERS:
            raise UserError(f"unknown render: choose one of {', '.join(RENDERS)}")
        return usual_options(self.run.config.audio, render=render)
