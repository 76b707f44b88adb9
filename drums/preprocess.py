"""One-shots of any format, or the built-in kit, become labelled sounds with a seeded split."""

from __future__ import annotations

import itertools
import re
from pathlib import Path, PurePosixPath

from audio_vae.config import Config
from audio_vae.data import labels
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item
from audio_vae.data.shards import ShardStore
from audio_vae.drums import synth

KIT_RATE_HZ = 44100
"""Sample rate of the built-in kit."""

KIND_WORDS = {
    "kick": ("kick", "kik", "kck", "bd", "bassdrum"),
    "snare": ("snare", "snr", "sd", "sn", "sidestick", "rimshot"),
    "tom": ("tom",),
    "hihat": ("hihat", "hat", "hh", "hhat", "chh", "ohh", "hho", "hhc", "hhopen", "hhclosed"),
}
"""Kind of drum → words for it in the names of folders and files, in lower case."""

# Long words count inside other words (jsnare, kicks). Short ones count alone or with an affix that is often written
# together with them (tomh, closedhat), because there is a hat in "what" and a tom in "bottom".
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


def prepare(
    config: Config, data: Path | None, *, show_progress: bool = False, store: ShardStore | None = None
) -> Prepared:
    """Read one-shots, label them and split them, 20 % of each class for the test.

    A file that cannot be used is refused with a reason, and the others are used.

    Args:
        config: a config of `drums.config.make`; its seed is also that of k-means and of the split.
        data: the folder of the sounds, read with all folders below it. For labels from folders, the folders right below
            it are the classes. `None` takes the built-in kit.
        show_progress: draw a progress bar.
        store: where to keep the samples; `None` keeps them in memory.

    Returns:
        The sounds, sorted by name. The report also holds `data`, and for k-means what `data.clusters.cluster` reports.

    Raises:
        UserError: the folder is missing or holds no sound files, too few of them are usable, or there are fewer than
            2 classes.
    """
    items = items_in(config, data)
    source = "the built-in kit" if data is None else str(data)
    return labels.prepare_items(items, config, RULES, source, show_progress=show_progress, store=store)


def items_in(config: Config, data: Path | None, *, show_progress: bool = False) -> list[Item]:
    """Return the sounds that `prepare` reads, with the same arguments and errors."""
    return kit_items() if data is None else find_items(Path(data))


def find_items(data: Path) -> list[Item]:
    """Return the sound files below a folder, named by their path in it.

    Raises:
        UserError: the folder is missing or holds no sound files.
    """
    return labels.find_items(data, RULES)


def kit_items(seed: int = 0) -> list[Item]:
    """Return the sounds of the built-in kit, named as if each kind had a folder."""
    return [
        Item(None, name, samples=samples, rate_hz=KIT_RATE_HZ)
        for name, _, samples in sorted(synth.kit(KIT_RATE_HZ, seed=seed), key=lambda sound: sound[0])
    ]


def kind_of(name: str) -> str | None:
    """Return the kind of drum that a name tells: that of the nearest folder that names one, or else that of the file.

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
    """Return the kind that the words of a name tell; `None` if no word tells one, or two tell different ones."""
    # BassDrum01 → bass drum, HH2_01 → hh
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    found = {_FORMS[word] for word in words if word in _FORMS}
    found |= {_LONG[long] for word in words for long in _LONG if long in word}
    found |= {_PAIRS[pair] for pair in itertools.pairwise(words) if pair in _PAIRS}
    return found.pop() if len(found) == 1 else None


def strengths_group(name: str) -> str:
    """Return what the sounds of one drum share in their names: several strengths of it are no independent sounds.

    Known are the names of the kits that the pretrained model is trained on; any other sound is a drum of its own.

    Args:
        name: path inside the data folder, with `/`.
    """
    found = re.match(r".*/(AVL\w+?__\d+-|BJA_Pacific__\w+?_(?=\d)|SonicPi__\w+?_(?=soft|hard))", name)
    return found[1] if found else name


RULES = labels.LabelRules(
    kind_of=kind_of,
    group_of=strengths_group,
    kmeans_option="--labels kmeans",
    clusters_option="--clusters",
    without_data="leave --data out for the built-in kit",
)
"""How one-shots get their classes."""
