"""Recordings named `{digit}_{speaker}_{take}.wav` become labelled sounds with the paper's split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audio_vae.config import Config
from audio_vae.data.dataset import Prepared
from audio_vae.data.reading import Item, Refusal, decoder_of, left_out, read_sounds
from audio_vae.data.shards import ShardStore
from audio_vae.data.sound_set import SoundSet, class_sizes
from audio_vae.digits import download
from audio_vae.digits.config import CLASS_NAMES
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.names import composed, composed_names

N_TEST_TAKES = 10
"""Takes 0 to 9 of each digit and speaker are the test set, all later takes the training set."""

_FILE_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>.+)_(?P<take>[0-9]+)\.wav", re.IGNORECASE)
_PATTERN = "{digit}_{speaker}_{take}.wav"


@dataclass(frozen=True, order=True)
class Recording:
    """A file of the data set; its name tells the digit, the speaker and the take."""

    digit: int
    speaker: str
    take: int
    path: Path


def prepare(
    config: Config, data: Path | None, *, show_progress: bool = False, store: ShardStore | None = None
) -> Prepared:
    """Read the recordings of the config's speakers.

    The classes are always the ten digits in order. A file that cannot be used is refused with a reason, and the others
    are used.

    Args:
        config: a config of `digits.config.make`.
        data: the folder of the recordings, or the folder that holds them in `recordings/`. `None` takes the Free Spoken
            Digit Dataset from the user's cache, and downloads it if it is not there.
        show_progress: draw progress bars.
        store: where to keep the samples; `None` keeps them in memory.

    Raises:
        UserError: the folder is missing or holds no recordings, a speaker is unknown, a digit has no
            usable training sound, or the download fails.
    """
    items = items_in(config, data, show_progress=show_progress)
    kept, sounds, refusals = read_sounds(items, config.audio, show_progress=show_progress, store=store)
    labels = np.array([CLASS_NAMES.index(item.class_name) for item in kept], np.int32)
    sounds = replace(sounds, labels=labels, class_names=CLASS_NAMES)
    _require_training_sounds(sounds, refusals, items[0].path.parent)
    report = {"source": "file names", "speakers": config.data["speakers"], "classes": class_sizes(sounds)}
    return Prepared(sounds, refusals, report, decoder_of(items))


def items_in(config: Config, data: Path | None, *, show_progress: bool = False) -> list[Item]:
    """Return the recordings that `prepare` reads, with the same arguments and errors."""
    folder = download.fetch(show_progress=show_progress) if data is None else Path(data)
    return [
        Item(
            each.path,
            composed(each.path.name),
            CLASS_NAMES[each.digit],
            is_test=each.take < N_TEST_TAKES,
            group=each.speaker,
        )
        for each in _of_speakers(find_recordings(folder), config.data["speakers"], folder)
    ]


def find_recordings(folder: Path) -> list[Recording]:
    """Return the recordings in a folder, or else in its `recordings/`, sorted by digit, speaker and take.

    Raises:
        UserError: the folder is missing or unreadable, or neither of the two holds a recording.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UserError(f"the data folder {folder} {what}: give the folder of the recordings with --data")
    for place in (folder, folder / "recordings"):
        found = _recordings_in(place)
        if found:
            return found
    raise UserError(
        f"no recordings named {_PATTERN} in {folder}: give the folder that holds them with --data, "
        "or leave --data out to download the Free Spoken Digit Dataset"
    )


def _recordings_in(place: Path) -> list[Recording]:
    if not place.is_dir():
        return []
    try:
        paths = list(place.iterdir())
    except OSError as error:
        raise UserError(f"the data folder {place} cannot be read ({one_line(error)}): check its permissions") from error
    matches = [(_FILE_NAME.fullmatch(composed(path.name)), path) for path in paths if not path.is_dir()]
    return sorted(
        Recording(int(match["digit"]), match["speaker"], int(match["take"]), path) for match, path in matches if match
    )


def _of_speakers(recordings: list[Recording], speakers: Sequence[str], folder: Path) -> list[Recording]:
    known = sorted({each.speaker for each in recordings})
    speakers = composed_names(speakers)
    unknown = [speaker for speaker in speakers if speaker not in known]
    if unknown:
        raise UserError(
            f"unknown speaker {', '.join(map(repr, unknown))} in {folder}: "
            f"choose from {', '.join(known)} with --speaker"
        )
    return [each for each in recordings if each.speaker in speakers]


def _require_training_sounds(sounds: SoundSet, refusals: list[Refusal], folder: Path) -> None:
    missing = sorted(set(range(len(CLASS_NAMES))) - set(sounds.train.labels.tolist()))
    if missing:
        digits = ", ".join(CLASS_NAMES[label] for label in missing)
        raise UserError(
            f"no usable training sound of {digits} in {folder}{left_out(refusals)}: "
            f"add recordings named {_PATTERN} with a take of {N_TEST_TAKES} or more"
        )
