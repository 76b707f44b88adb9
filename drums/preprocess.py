"""One-shots of any format, or the built-in kit, become labelled sounds with a seeded split."""

from __future__ import annotations

import itertools
import re
from pathlib import Path, PurePosixPath

from audio_vae.config import Config
from audio_vae.data import labels
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item
from audio_vae.drums import synth

KIT_RATE_HZ = 44100

KIND_WORDS = {
    "kick": ("kick", "kik", "kck", "bd", "bassdrum"),
    "snare": ("snare", "snr", "sd", "sn", "sidestick", "rimshot"),
    "tom": ("tom",),
    "hihat": ("hihat", "hat", "hh", "hhat", "chh", "ohh", "hho", "hhc", "hhopen", "hhclosed"),
}
"""Kind of drum → what folders and files of it are called, in lower case."""

# Long words count inside of others (jsnare, kicks); a short one only with what is often written together with
# it (tomh, closedhat), because there is a hat in "what" and a tom in "bottom".
_LONG = {word: kind for kind, words in KIND_WORDS.items() for word in words if len(word) >= 4}
_PREFIXES = ("hi", "high", "mid", "lo", "low", "floor", "rack", "open", "closed", "pedal", "soft", "hard")
_SUFFIXES = (*_PREFIXES, "s", "h", "m", "l", "drum", "hit")
_AFFIXES = [("", ""), *((each, "") for each in _PREFIXES), *(("", each) for each in _SUFFIXES)]
_FORMS = {
    before + word + after: kind
    for kind, words in KIND_WORDS.items()
    for word in words
    for before, after in _AFFIXES
    if len(word) > 2 or before == after
}
_PAIRS = {("bass", "drum"): "kick", ("hi", "hat"): "hihat", ("high", "hat"): "hihat", ("side", "stick"): "snare"}


def prepare(config: Config, data: Path | None, *, show_progress: bool = False) -> Prepared:
    """Read one-shots, label them and split them, 20 % of each class for the test.

    A file that cannot be used is refused with a reason and the rest go on.

    Args:
        config: a config of `audio_vae.drums.config.make`; its seed is that of k-means and of the split.
        data: folder of the sounds, walked with everything below it; for folder labels it holds one
            folder a class. `None` takes the built-in kit.
        show_progress: draw a progress bar.

    Returns:
        Sounds by name; the report also holds `data`, and for k-means what `audio_vae.data.clusters.cluster`
        reports.

    Raises:
        UserError: the folder is missing or holds no sound files, no or too few of them are usable, or
            there are fewer than 2 class folders.
    """
    items = kit_items() if data is None else find_items(Path(data))
    source = "the built-in kit" if data is None else str(data)
    return labels.prepare_items(items, config, source, kind_of, show_progress=show_progress)


def find_items(data: Path) -> list[Item]:
    """Return the sound files below a folder, named by their path in it.

    Raises:
        UserError: the folder is missing or holds no sound files.
    """
    return labels.find_items(data, otherwise=", or leave --data out for the built-in kit")


def kit_items(seed: int = 0) -> list[Item]:
    """Return the built-in kit, named as if it lay in a folder for each kind."""
    return [
        Item(None, name, samples=samples, rate_hz=KIT_RATE_HZ)
        for name, _, samples in sorted(synth.kit(KIT_RATE_HZ, seed=seed), key=lambda sound: sound[0])
    ]


def kind_of(name: str) -> str | None:
    """Return the kind of drum that a path tells: by the nearest folder that names one, else by the file.

    Args:
        name: path inside the data folder, with `/`.
    """
    path = PurePosixPath(name)
    for part in (*reversed(path.parent.parts), path.stem):
        kind = _kind_in(part)
        if kind:
            return kind
    return None


def _kind_in(text: str) -> str | None:
    """Return the kind of the one word in a name that tells it; `None` if no word does, or two disagree."""
    # BassDrum01 → bass drum, HH2_01 → hh
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    found = {_FORMS[word] for word in words if word in _FORMS}
    found |= {_LONG[long] for word in words for long in _LONG if long in word}
    found |= {_PAIRS[pair] for pair in itertools.pairwise(words) if pair in _PAIRS}
    return found.pop() if len(found) == 1 else None
