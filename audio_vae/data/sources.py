"""What a pretrained model may be trained on: sounds whose licence lets a model be passed on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from audio_vae.utils.errors import UserError


@dataclass(frozen=True)
class Source:
    """Where sounds that a model may be trained on are from, and under which licence.

    Attributes:
        title: what they are called.
        by: who made them.
        licence: its name, such as `CC BY-SA 4.0`.
        url: where they can be had; empty where they come with the package.
        names: regular expression of the whole names that these sounds have in a run.
    """

    title: str
    by: str
    licence: str
    url: str
    names: str

    def has(self, name: str) -> bool:
        """Return whether a sound's name tells that it is from here."""
        return re.fullmatch(self.names, name) is not None


@dataclass(frozen=True)
class Credit:
    """A source as a model's card names it: without the pattern, with the number of its sounds."""

    title: str
    by: str
    licence: str
    url: str
    n_sounds: int

    def __str__(self) -> str:
        where = f"; {self.url}" if self.url else ""
        return f"{self.title}, {self.by}, {self.licence} ({self.n_sounds} sounds{where})"


def credits_of(names: Sequence[str], sources: Sequence[Source]) -> tuple[Credit, ...]:
    """Return which sources some sounds are from, told by their names.

    Raises:
        UserError: a sound is from none of them.
    """
    counts = dict.fromkeys(sources, 0)
    unknown = []
    for name in names:
        source = next((each for each in sources if each.has(name)), None)
        if source is None:
            unknown.append(name)
        else:
            counts[source] += 1
    if unknown:
        raise UserError(
            f"{len(unknown)} sounds are of no source with a known licence ({', '.join(unknown[:3])}): train on those "
            "of the data set's sources alone, or add their source to it"
        )
    return tuple(Credit(each.title, each.by, each.licence, each.url, count) for each, count in counts.items() if count)
