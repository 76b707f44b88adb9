"""Which files are sounds by their names, and how those that libsndfile does not read are converted."""

from __future__ import annotations

import os
import shlex

import soundfile

# Major format and subtype of libsndfile → extensions. A subtype matters where only some builds of libsndfile have it.
_KNOWN = {
    ("WAV", "PCM_16"): (".wav", ".wave", ".bwf"),
    ("RF64", "PCM_16"): (".rf64",),
    ("W64", "PCM_16"): (".w64",),
    ("FLAC", "PCM_16"): (".flac",),
    ("AIFF", "PCM_16"): (".aif", ".aiff", ".aifc"),
    ("OGG", "VORBIS"): (".ogg", ".oga"),
    ("OGG", "OPUS"): (".opus",),
    ("MP3", "MPEG_LAYER_III"): (".mp3",),
    ("MP3", "MPEG_LAYER_II"): (".mp2",),
    ("AU", "PCM_16"): (".au", ".snd"),
    ("CAF", "PCM_16"): (".caf",),
    ("VOC", "PCM_16"): (".voc",),
    ("NIST", "PCM_16"): (".nist", ".sph"),
    ("SVX", "PCM_16"): (".8svx", ".svx"),
    ("IRCAM", "PCM_16"): (".sf",),
    ("PAF", "PCM_16"): (".paf",),
    ("AVR", "PCM_16"): (".avr",),
}

_READ_HERE = {
    extension: soundfile.check_format(*known) for known, extensions in _KNOWN.items() for extension in extensions
}

EXTENSIONS = frozenset(extension for extension, is_read in _READ_HERE.items() if is_read)
"""Extensions of the sound files that libsndfile reads here."""

_NEVER_READ = {
    *(".aac", ".ac3", ".amr", ".ape", ".dff", ".dsf", ".m4a", ".m4b", ".mka", ".mpc", ".ra", ".tta", ".weba", ".wma"),
    ".wv",
}

CONVERTIBLE = frozenset(_NEVER_READ | (set(_READ_HERE) - EXTENSIONS))
"""Extensions of sound files that libsndfile does not read here. They are sounds too, and refused with a reason."""


def is_sound(name: str) -> bool:
    """Return whether a file is a sound by its name."""
    return extension_of(name) in EXTENSIONS | CONVERTIBLE


def extension_of(path: str | os.PathLike) -> str:
    """Return the extension of a file in lower case, with its dot; empty if it has none."""
    return os.path.splitext(os.fsdecode(path))[1].lower()


def how_to_convert(path: str | os.PathLike) -> str | None:
    """Return why libsndfile does not read a file, and how to convert it; `None` if it should read it."""
    extension = extension_of(path)
    if extension not in CONVERTIBLE:
        return None
    name = os.path.basename(os.fsdecode(path))
    if not name.isprintable():
        name = f"FILE{extension}"
    command = shlex.join(["ffmpeg", "-i", name, f"{os.path.splitext(name)[0]}.wav"])
    return f"libsndfile does not read {extension[1:].upper()}: convert it, {command}"
