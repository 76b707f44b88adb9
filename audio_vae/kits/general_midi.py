"""The keys of drums by General MIDI (Level 1 percussion), and which sounds choke one another."""

from __future__ import annotations

import re

FIRST_KEY = 36
"""Sounds that are no known drum are laid out from this key on: the kick's, where the pads of most controllers begin."""

KEYS: dict[str, tuple[int, ...]] = {
    "hihat-closed": (42,),
    "hihat-pedal": (44,),
    "hihat-open": (46,),
    "hihat": (42,),
    "kick": (36, 35),
    "snare": (38, 40),
    "rim": (37,),
    "clap": (39,),
    "tom": (45, 47, 48, 43, 50, 41),
    "crash": (49, 57),
    "ride": (51, 59, 53),
    "cymbal": (49, 57, 55, 52),
    "tambourine": (54,),
    "cowbell": (56,),
    "bongo": (60, 61),
    "conga": (62, 63, 64),
    "agogo": (67, 68),
    "shaker": (70, 69),
    "maracas": (70,),
    "whistle": (71, 72),
    "guiro": (73, 74),
    "claves": (75,),
    "woodblock": (76, 77),
    "cuica": (78, 79),
    "triangle": (81, 80),
    "tabla": (65, 66),
    "percussion": (60, 61, 62, 63, 64),
}
"""Drum → its keys, the usual one first. Tabla and percussion have none in General MIDI and get those of other skins."""

_OTHER_NAMES = {
    "bassdrum": "kick",
    "bd": "kick",
    "sd": "snare",
    "sn": "snare",
    "hh": "hihat",
    "hat": "hihat",
    "openhat": "hihat-open",
    "closedhat": "hihat-closed",
    "handclap": "clap",
    "rimshot": "rim",
    "stick": "rim",
    "sidestick": "rim",
}


def drum_of(name: str) -> str | None:
    """Return the drum of `KEYS` that a class or a file is named after, such as `My Kick 3`, or `None`.

    Of several, the first in the name counts.
    """
    plain = re.sub(r"hi[-_ ]?hat", "hihat", name.lower())
    if plain in KEYS:
        return plain
    words = re.findall(r"[a-z]+", plain)
    if "hihat" in words or "hat" in words or "hh" in words:
        for kind in ("open", "closed", "pedal"):
            if kind in words:
                return f"hihat-{kind}"
    for word in words:
        for candidate in (word, word.removesuffix("s")):
            found = _OTHER_NAMES.get(candidate, candidate)
            if found in KEYS:
                return found
    return None


def choke_group(name: str) -> int | None:
    """Return the number of the group whose sounds end one another: 1 for hi-hats, `None` for all others."""
    drum = drum_of(name)
    return 1 if drum is not None and drum.startswith("hihat") else None
