"""What a pretrained model may be trained on: sounds whose licence allows to pass on a model of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from audio_vae.utils.errors import UserError


@dataclass(frozen=True)
class Source:
    """A collection of sounds, and its licence.

    Attributes:
        title: its name.
        by: who made the sounds.
        licence: name of the licence, such as `CC BY-SA 4.0`.
        url: where to get the sounds; empty if they come with the package.
        names: regular expression for the whole names of these sounds in a run.
    """

    title: str
    by: str
    licence: str
    url: str
    names: str

    def has(self, name: str) -> bool:
        """Return whether a sound is from this source, by its name."""
        return re.fullmatch(self.names, name) is not None


@dataclass(frozen=True)
class Credit:
    """A source as the card of a model names it, with the number of its sounds; fields as in `Source`."""

    title: str
    by: str
    licence: str
    url: str
    n_sounds: int

    def __str__(self) -> str:
        where = f"; {self.url}" if self.url else ""
        return f"{self.title}, {self.by}, {self.licence} ({self.n_sounds} sounds{where})"


def credits_of(names: Sequence[str], sources: Sequence[Source]) -> tuple[Credit, ...]:
    """Return the sources that sounds are from.

    Args:
        names: names of the sounds in a run.
        sources: what they may be from.

    Raises:
        UserError: a sound is from none of the sources.
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
