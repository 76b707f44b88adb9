"""What a user may name as a point of the latent space: a class, a sound of a class, a sound file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.validation import Note, ValidSound, validate_array, validate_file
from audio_vae.morphing.given import Given, given_array, given_decoded, read_given
from audio_vae.runs.latents import Latents, centre_name, class_centre, latents_of
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import safe_name
from audio_vae.utils.names import composed, decomposed

CLASS_CENTRES = "mean of the posterior means of the class's training sounds"
"""Where the centre of a class lies, as `morph.json` and `blend.json` explain it."""

_MOST_SHOWN = 30


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A point of the latent space, and the real sound that stands for it.

    Attributes:
        name: what the user typed.
        kind: `class` (its centre), `sound` (one of the run's), `file` or `array`.
        latent: float32 `[d]`.
        peak: original peak level, in full scale.
        length_samples: number of samples of the sound, from its onset to its end.
        source: name of the real sound in `audio`.
        audio: the same from its onset as the model gets it, float32 `[T]` with peak 1.
        given: the real sound as it is, at its own rate and level.
        notes: what was found in a file or an array.
    """

    name: str
    kind: str
    latent: np.ndarray
    peak: float
    length_samples: int
    source: str
    audio: np.ndarray
    given: Given
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the audio and the notes as plain JSON values."""
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
        """The name as part of a file name; see `utils.files.safe_name`."""
        # `safe_name` keeps only the last part of a path, but the group in GROUP/CLASS should stay.
        return safe_name(self.name if self.kind == "file" else self.name.replace("/", "_"))


def parse_endpoint(text: str, run: Run, sounds: SoundSet) -> Endpoint:
    """Turn what a user typed into a point of the latent space.

    - A class name is the centre of the class: the mean of the posterior means of its training sounds (of all its
      sounds if none is a training sound), with their median peak and median length. There is no real sound at that
      point, so the cross-fade uses the sound that lies nearest to it.
    - `GROUP/CLASS`, where sounds have groups (such as the speakers of the digits), is the same for the sounds that
      the group has of the class.
    - `CLASS:N` or `GROUP/CLASS:N` is the N-th of these sounds, counted from 0 in the order of the run, test sounds
      included.
    - The part of a class name before a hyphen stands for the first of these classes: `hihat` for `hihat-closed`.
    - The path of a sound file: it is read and prepared like the sounds of the run.
    - The name of a sound of the run. Of most sounds of a pretrained model only the latents are there; the sound is then
      what the model makes of them, with the median peak of its class.

    Of a class, a file and a sound of the same name, the first is used. It does not matter how accents are stored.

    Raises:
        UserError: there is no class and no file of that name, N is out of range or no number, or the file cannot
            be used.
    """
    # The name of a file is taken as it is typed, or as the file system may store its accents.
    path = next((each for each in (text, composed(text), decomposed(text)) if os.path.exists(each)), None)
    text = composed(text)
    class_name, group = _class_and_group(text, sounds)
    if class_name is not None:
        return _class_centre(text, class_name, group, run, sounds)
    before, colon, number = text.rpartition(":")
    class_name, group = _class_and_group(before, sounds)
    if colon and class_name is not None and path is None:
        return _numbered_sound(text, class_name, group, number, run, sounds)
    if path is not None:
        return _file_sound(path, run)
    known = known_sound(text, run, sounds)
    if known is not None:
        return known
    unknown = before if re.fullmatch(r"[0-9]+", number) and before else text
    groups = sorted(set(sounds.groups) - {""})
    of_group = f"GROUP/CLASS with a group of {_shown(groups)}, " if groups else ""
    raise UserError(
        f"unknown class {unknown!r} in {run.path}, and file not found: give one of {_shown(sounds.class_names)}, "
        f"{of_group}CLASS:N for one sound of a class, or the path to a sound file"
    )


def known_sound(name: str, run: Run, sounds: SoundSet) -> Endpoint | None:
    """Return the sound of a run that has a name, whatever class or file is called the same; `None` if there is none.

    Args:
        name: its name, as the run has it.
        run: the run.
        sounds: its sounds, or others in their place.

    Raises:
        UserError: only its latents are there, and the model decodes them to silence.
    """
    if name in sounds.names:
        return _sound_at(name, sounds.names.index(name), run, sounds)
    known = latents_of(run) if sounds is run.sounds else None
    if known is not None and name in known.names:
        return _remembered_sound(name, known, run)
    return None


def file_warnings(points: Sequence[Endpoint], are_cut: bool = True) -> list[str]:
    """Return a line for each note on the file of a point that its owner should know of, in the words of `check`.

    Args:
        points: the points.
        are_cut: whether what is made of a file is as short as the model's sounds.
    """
    notes = [(point.name, note) for point in points for note in point.notes if note.is_warning]
    lines = [f"{name}: {note.text}" for name, note in notes if are_cut or note.kind != "too long"]
    return list(dict.fromkeys(lines))


def class_named(text: str, sounds: SoundSet) -> str | None:
    """Return the class that a name means: itself, or the first of which it is the part before a hyphen."""
    if text in sounds.class_names:
        return text
    return next((name for name in sounds.class_names if name.startswith(f"{text}-")), None)


def _class_and_group(text: str, sounds: SoundSet) -> tuple[str | None, str | None]:
    """Return the class and the group of `CLASS` or `GROUP/CLASS`; `None` for what the text does not name."""
    class_name = class_named(text, sounds)
    if class_name is not None:
        return class_name, None
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
    index = sounds.names.index(centre.nearest)
    return Endpoint(
        name=text,
        kind="class",
        latent=centre.latent,
        peak=centre.peak,
        length_samples=centre.length_samples,
        source=centre.nearest,
        audio=sounds.audio[index],
        given=_given_by_run(sounds, index, centre.peak),
    )


def _given_by_run(sounds: SoundSet, index: int, peak: float) -> Given:
    """Return a sound of a run as if it had been given, with some peak."""
    samples = sounds.audio[index, : int(sounds.lengths[index])]
    return Given((samples * np.float32(peak))[:, np.newaxis], sounds.rate_hz)


def _numbered_sound(text: str, class_name: str, group: str | None, number: str, run: Run, sounds: SoundSet) -> Endpoint:
    members = sounds.of_class(sounds.class_names.index(class_name), group)
    name = centre_name(class_name, group)
    if not re.fullmatch(r"[0-9]+", number):
        raise UserError(f"{number!r} in {text!r} is not a number: give {name}:N with N from 0 on")
    # int() refuses numbers of thousands of digits, which are out of range in any case.
    if len(number) > 18 or int(number) >= len(members):
        which = f"give a number from 0 to {len(members) - 1}" if len(members) else "choose another class"
        raise UserError(f"no sound {text!r}: class {name!r} has {len(members)} sounds in {run.path}; {which}")
    return _sound_at(text, int(members[int(number)]), run, sounds)


def _sound_at(text: str, index: int, run: Run, sounds: SoundSet) -> Endpoint:
    """Return the sound of a set at a position."""
    means, _ = run.encode(sounds.audio[[index]])
    return Endpoint(
        name=text,
        kind="sound",
        latent=means[0],
        peak=float(sounds.peaks[index]),
        length_samples=int(sounds.lengths[index]),
        source=sounds.names[index],
        audio=sounds.audio[index],
        given=_given_by_run(sounds, index, float(sounds.peaks[index])),
    )


def _remembered_sound(text: str, known: Latents, run: Run) -> Endpoint:
    """Return a sound of which a pretrained model has nothing but the latents."""
    index = known.names.index(text)
    centre = class_centre(run, run.sounds, run.sounds.class_names[known.labels[index]])
    return decoded_endpoint(text, known.means[index], centre.peak, run)


def decoded_endpoint(name: str, latent: np.ndarray, peak: float, run: Run) -> Endpoint:
    """Return a point that no real sound stands for, but what the model makes of it.

    Args:
        name: what it is called.
        latent: `[d]`.
        peak: the peak that the sound gets.
        run: the run of the model.

    Raises:
        UserError: the model decodes to silence.
    """
    audio = run.config.audio
    decoded = run.decode(latent[np.newaxis])[0]
    try:
        fitted, _, length = waveform.fit(decoded, audio)
    except AudioError as error:
        raise UserError(f"the model of {run.path} decodes to silence ({name}): train it for longer") from error
    given = given_decoded(decoded, peak, audio)
    return Endpoint(name, "sound", np.asarray(latent, np.float32), peak, length, name, fitted, given)


def _file_sound(text: str, run: Run) -> Endpoint:
    try:
        sound = validate_file(text, run.config.audio)
    except AudioError as error:
        raise UserError(f"{text!r} cannot be used ({one_line(error)}): choose another sound file") from error
    # File names that are not valid Unicode, as old file systems have them, cannot be written as JSON.
    name = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    given = read_given(text, sound.fitted * sound.peak, run.config.audio.rate_hz)
    return _valid_sound(name, "file", sound, given, run)


def _valid_sound(name: str, kind: str, sound: ValidSound, given: Given, run: Run) -> Endpoint:
    means, _ = run.encode(sound.fitted[np.newaxis])
    return Endpoint(name, kind, means[0], sound.peak, sound.length, name, sound.fitted, given, sound.notes)


def array_endpoint(samples: np.ndarray, rate_hz: int, run: Run, name: str = "array") -> Endpoint:
    """Turn an array into a point of the latent space, as `parse_endpoint` does with a file.

    Args:
        samples: float `[n]` or `[n, channels]`.
        rate_hz: their sample rate.
        run: the run whose encoder is used.
        name: what it is called.

    Raises:
        UserError: the array is no sound that can be used.
    """
    try:
        sound = validate_array(samples, rate_hz, run.config.audio)
    except AudioError as error:
        raise UserError(f"{name!r} cannot be used ({one_line(error)}): give another sound") from error
    return _valid_sound(name, "array", sound, given_array(samples, rate_hz), run)
