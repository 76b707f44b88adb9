"""Which sound of a kit plays on which key, at which velocity, and in which turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.kits.general_midi import FIRST_KEY, KEYS, choke_group, drum_of
from audio_vae.utils.errors import UserError

LAYOUTS = ("keys", "velocity", "round-robin")
"""The sounds of an instrument lie on neighbouring keys, one above the other over the velocities of one key, or take
turns on one key."""

HIGHEST_VELOCITY = 127
"""Velocities are 1 to this."""

_HIGHEST_KEY = 127


@dataclass(frozen=True, eq=False)
class Pad:
    """A sound of a kit.

    Attributes:
        name: its name, which is that of its file without the suffix.
        instrument: the instrument that it belongs to: a class, or the morph whose step it is.
        samples: float32 `[n, channels]`.
        rate_hz: its sample rate.
    """

    name: str
    instrument: str
    samples: np.ndarray
    rate_hz: int


@dataclass(frozen=True)
class Zone:
    """Where a sound plays.

    Attributes:
        name: name of the sound.
        instrument: name of its instrument.
        key: MIDI key, 0 to 127.
        low_velocity: lowest velocity, 1 to 127.
        high_velocity: highest velocity.
        turn: position in the round robin, from 1 on.
        n_turns: length of the round robin; 1 for none.
        choke_group: sounds of the same group end one another; `None` for none.
    """

    name: str
    instrument: str
    key: int
    low_velocity: int = 1
    high_velocity: int = HIGHEST_VELOCITY
    turn: int = 1
    n_turns: int = 1
    choke_group: int | None = None


def require_layout(layout: str) -> None:
    """Refuse a layout that is none of `LAYOUTS`.

    Raises:
        UserError: it is unknown.
    """
    if layout not in LAYOUTS:
        raise UserError(f"unknown map {layout!r}: choose one of {', '.join(LAYOUTS)}")


def lay_out(pads: Sequence[Pad], layout: str) -> list[Zone]:
    """Lay the sounds of a kit out, instrument by instrument, in the order in which they come.

    A drum begins on its key by General MIDI and has its other keys next; what is left over, and what is no known drum,
    takes the free keys from 36 on, or else those below.

    Args:
        pads: the sounds.
        layout: one of `LAYOUTS`.

    Raises:
        UserError: `layout` is unknown, or there are too many sounds for it.
    """
    require_layout(layout)
    instruments: dict[str, list[Pad]] = {}
    for pad in pads:
        instruments.setdefault(pad.instrument, []).append(pad)
    if len(instruments) > _HIGHEST_KEY + 1:
        raise UserError(
            f"{len(instruments)} instruments are too many for the {_HIGHEST_KEY + 1} keys of a kit: name fewer classes "
            "or folders"
        )
    n_keys = [len(members) if layout == "keys" else 1 for members in instruments.values()]
    if sum(n_keys) > _HIGHEST_KEY + 1:
        raise UserError(
            f"{sum(n_keys)} sounds are too many for the {_HIGHEST_KEY + 1} keys of a kit: make fewer, or lay them out "
            "with --map velocity or round-robin"
        )
    zones = []
    keys = _keys_of(list(instruments), n_keys)
    for name, members in instruments.items():
        if layout == "velocity" and len(members) > HIGHEST_VELOCITY:
            raise UserError(f"{len(members)} sounds are too many for {HIGHEST_VELOCITY} velocities: make fewer")
        zones += _zones(name, members, keys[name], layout)
    return zones


def _keys_of(names: Sequence[str], n_keys: Sequence[int]) -> dict[str, list[int]]:
    """Return the keys of instruments, so many for each."""
    taken: set[int] = set()
    keys: dict[str, list[int]] = {name: [] for name in names}

    def take(name: str, most: int, among: Sequence[int]) -> None:
        for key in among:
            if len(keys[name]) < most and key not in taken:
                keys[name].append(key)
                taken.add(key)

    # Every drum gets its usual key before any gets a second one.
    for name in names:
        take(name, 1, KEYS.get(drum_of(name), ())[:1])
    for name, most in zip(names, n_keys, strict=True):
        take(name, most, KEYS.get(drum_of(name), ()))
    for name, most in zip(names, n_keys, strict=True):
        start = FIRST_KEY
        take(name, most, [*range(start, _HIGHEST_KEY + 1), *range(start - 1, -1, -1)])
    return keys


def _zones(instrument: str, members: Sequence[Pad], keys: Sequence[int], layout: str) -> list[Zone]:
    group, n = choke_group(instrument), len(members)
    zones = []
    for number, pad in enumerate(members):
        place = {}
        if layout == "velocity":
            edges = [1 + round(each * HIGHEST_VELOCITY / n) for each in (number, number + 1)]
            place = {"low_velocity": edges[0], "high_velocity": edges[1] - 1}
        elif layout == "round-robin":
            place = {"turn": number + 1, "n_turns": n}
        key = keys[number] if layout == "keys" else keys[0]
        zones.append(Zone(pad.name, instrument, key, choke_group=group, **place))
    return zones
