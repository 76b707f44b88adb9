"""What a user may name as a point of the latent space: a class, a sound of it, a sound file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.audio import io as audio_files
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.card import Centre
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line

CLASS_CENTRES = "mean of the posterior means of the class's training sounds"
"""Where a class lies, in the words of the sidecars."""

_MOST_SHOWN = 30
_LONGEST_NAME = 80
_LONGEST_FOLDER_NAME = 200


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A point of the latent space, and the real sound that stands for it.

    Attributes:
        name: what the user typed.
        kind: `class` (its centre), `sound` (one of the run's) or `file`.
        latent: float32 `[d]`.
        peak: original peak level, in full scale.
        length_samples: samples of the sound before padding.
        source: name of the real sound that `audio` is.
        audio: float32 `[T]` with peak 1, for the crossfade.
    """

    name: str
    kind: str
    latent: np.ndarray
    peak: float
    length_samples: int
    source: str
    audio: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Return all but the audio as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "source": self.source,
            "peak": self.peak,
            "length_samples": self.length_samples,
            "latent": self.latent.tolist(),
        }

    @property
    def file_name(self) -> str:
        """The name as part of a file name; see `safe_name`."""
        # Of a path only the last part is kept; a group's name is worth keeping.
        return safe_name(self.name if self.kind == "file" else self.name.replace("/", "_"))


def parse_endpoint(text: str, run: Run, sounds: SoundSet) -> Endpoint:
    """Turn what a user typed into a point of the latent space.

    - A class name: the centre of the class, the mean of the posterior means of its training sounds
      (of all its sounds where none is a training sound), with their median peak and length. No real
      sound lies there, so the crossfade takes the one of them that lies nearest.
    - `GROUP/CLASS`, where sounds have groups (such as the speakers of the digits): the same of the
      group's sounds of the class.
    - `CLASS:N` or `GROUP/CLASS:N`: the N-th sound of these, counting from 0 in the run's order, test
      sounds included.
    - Otherwise a sound file, read and fitted as the run's own were.

    A class name goes before a file of the same name.

    Raises:
        UserError: no class and no file of that name, N out of range or no number, or an unusable file.
    """
    class_name, group = _class_and_group(text, sounds)
    if class_name is not None:
        return _class_centre(text, class_name, group, run, sounds)
    before, colon, number = text.rpartition(":")
    class_name, group = _class_and_group(before, sounds)
    if colon and class_name is not None and not os.path.exists(text):
        return _numbered_sound(text, class_name, group, number, run, sounds)
    if os.path.exists(text):
        return _file_sound(text, run)
    unknown = before if re.fullmatch(r"[0-9]+", number) and before else text
    groups = sorted(set(sounds.groups) - {""})
    of_group = f"GROUP/CLASS with a group of {_shown(groups)}, " if groups else ""
    raise UserError(
        f"unknown class {unknown!r} in {run.path}, and file not found: give one of {_shown(sounds.class_names)}, "
        f"{of_group}CLASS:N for one sound of a class, or the path to a sound file"
    )


def class_centre(run: Run, sounds: SoundSet, class_name: str, group: str | None = None) -> Centre | None:
    """Return where a class lies, or a group's sounds of it; `None` where it has no sounds.

    Of a pretrained model's own sounds, it is as its card says: they are a few of those that make the centre.
    """
    if run.card and sounds is run.sounds:
        return run.card.centres.get(centre_name(class_name, group))
    members = sounds.centre_members(sounds.class_names.index(class_name), group)
    if not len(members):
        return None
    centre, means = run.centre(sounds.audio[members])
    nearest = members[np.argmin(np.linalg.norm(means - centre, axis=1))]
    return Centre(
        latent=centre,
        peak=float(np.median(sounds.peaks[members])),
        length_samples=round(float(np.median(sounds.lengths[members]))),
        nearest=sounds.names[nearest],
    )


def centre_name(class_name: str, group: str | None = None) -> str:
    """Return what names a centre: `CLASS` or `GROUP/CLASS`."""
    return class_name if group is None else f"{group}/{class_name}"


def safe_name(text: str) -> str:
    """Return an endpoint's name as part of a file name that stays in its folder everywhere.

    Only the last part of a path is kept. Where anything is lost, eight digits of a hash of the whole
    text keep different endpoints apart.
    """
    plain = text.replace(":", "_")
    name = re.sub(r"[^\w.-]", "_", re.split(r"[/\\]", plain)[-1]).lstrip(".")
    # Most file systems count bytes, not letters.
    name = name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore")
    if name == plain and name:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name or 'sound'}_{digest}"


def folder_name(names: Sequence[str]) -> str:
    """Return the name of the folder that is made of several parts of file names, shortened where they are many."""
    joined = "-".join(names)
    return joined if len(joined.encode("utf-8")) <= _LONGEST_FOLDER_NAME else safe_name(joined)


def _class_and_group(text: str, sounds: SoundSet) -> tuple[str | None, str | None]:
    """Return what `CLASS` and `GROUP/CLASS` name; `None` for what they do not."""
    if text in sounds.class_names:
        return text, None
    group, slash, class_name = text.partition("/")
    return (
        (class_name, group) if slash and group in sounds.groups and class_name in sounds.class_names else (None, None)
    )


def _shown(names: Sequence[str]) -> str:
    return ", ".join(map(str, names[:_MOST_SHOWN])) + (", …" if len(names) > _MOST_SHOWN else "")


def _class_centre(text: str, class_name: str, group: str | None, run: Run, sounds: SoundSet) -> Endpoint:
    centre = class_centre(run, sounds, class_name, group)
    if centre is None:
        of_group = f" of group {group!r}" if group else ""
        raise UserError(f"class {class_name!r} has no sounds{of_group} in {run.path}: choose another class")
    return Endpoint(
        name=text,
        kind="class",
        latent=centre.latent,
        peak=centre.peak,
        length_samples=centre.length_samples,
        source=centre.nearest,
        audio=sounds.audio[sounds.names.index(centre.nearest)],
    )


def _numbered_sound(text: str, class_name: str, group: str | None, number: str, run: Run, sounds: SoundSet) -> Endpoint:
    members = sounds.of_class(sounds.class_names.index(class_name), group)
    name = centre_name(class_name, group)
    if not re.fullmatch(r"[0-9]+", number):
        raise UserError(f"{number!r} in {text!r} is not a number: give {name}:N with N from 0 on")
    # A number of thousands of digits is none that int() reads, and out of range in any case.
    if len(number) > 18 or int(number) >= len(members):
        which = f"give a number from 0 to {len(members) - 1}" if len(members) else "choose another class"
        raise UserError(f"no sound {text!r}: class {name!r} has {len(members)} sounds in {run.path}; {which}")
    index = members[int(number)]
    means, _ = run.encode(sounds.audio[[index]])
    return Endpoint(
        name=text,
        kind="sound",
        latent=means[0],
        peak=float(sounds.peaks[index]),
        length_samples=int(sounds.lengths[index]),
        source=sounds.names[index],
        audio=sounds.audio[index],
    )


def _file_sound(text: str, run: Run) -> Endpoint:
    config = run.config.audio
    try:
        fitted, peak, n_samples = audio_files.fit(audio_files.read(text, config.rate_hz).samples, config)
    except audio_files.AudioError as error:
        raise UserError(f"{text!r} cannot be used ({one_line(error)}): choose another sound file") from error
    means, _ = run.encode(fitted[np.newaxis])
    # A name that is no valid Unicode (an old file system's) could not be written to the sidecar.
    name = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Endpoint(name, "file", means[0], float(peak), int(n_samples), source=name, audio=fitted)
