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

    Of several, the first in the name counts. A hi-hat is of the kind that is named before it, or after it and before
    the next drum.
    """
    # The hash of `safe_name` may hold what looks like a drum: `my_zap_3bd1f2aa`.
    plain = re.sub(r"_[0-9a-f]{8}(?![0-9a-z])", " ", name.lower())
    plain = re.sub(r"hi[-_ ]?hat", "hihat", plain)
    if plain in KEYS:
        return plain
    words = re.findall(r"[a-z]+", plain)
    drums = [_drum_named(word) for word in words]
    places = [place for place, drum in enumerate(drums) if drum is not None]
    if not places:
        return None
    drum = drums[places[0]]
    if drum != "hihat":
        return drum
    end = places[1] if len(places) > 1 else len(words)
    return next((f"hihat-{word}" for word in words[:end] if word in ("open", "closed", "pedal")), drum)


def _drum_named(word: str) -> str | None:
    """Return the drum that a word of small letters means, in the singular or the plural."""
    names = (_OTHER_NAMES.get(each, each) for each in (word, word.removesuffix("s")))
    return next((name for name in names if name in KEYS), None)


def choke_group(name: str) -> int | None:
    """Return the number of the group whose sounds end one another: 1 for hi-hats, `None` for all others."""
    drum = drum_of(name)
    return 1 if drum is not None and drum.startswith("hihat") else None
