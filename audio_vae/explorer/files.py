"""Files that were sent: validated as everywhere, and kept as points of the latent space, not on a disk."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

import soundfile

from audio_vae.audio import decoding, formats
from audio_vae.morphing.endpoints import Endpoint, parse_endpoint
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

MOST_FILES = 16
"""Files that are kept; the one that was not used for the longest time goes for a new one."""

MOST_S, MOST_CHANNELS = 10.0, 2
"""Longest file in seconds, and most channels: all steps of a morph are sent to the page at once."""

_LONGEST_NAME = 80


class Files:
    """The files that were sent to a server.

    Args:
        run: the run whose encoder is used.
        scratch: a folder in which a file is written to be read.
    """

    def __init__(self, run: Run, scratch: Path):
        self._run = run
        self._scratch = scratch
        self._points: OrderedDict[str, Endpoint] = OrderedDict()
        self._n_taken = 0
        self._lock = threading.Lock()

    def point(self, number: str) -> Endpoint:
        """Return the point of a file by its number.

        Raises:
            UserError: it is not kept any more.
        """
        with self._lock:
            if number not in self._points:
                raise UserError("this file is not here any more: drop it on the page again")
            self._points.move_to_end(number)
            return self._points[number]

    def take(self, content: bytes, name: str) -> tuple[str, Endpoint]:
        """Validate the content of a file, as everywhere, and keep the sound.

        Args:
            content: the file.
            name: what it is called where it comes from; it is shown, and its extension may explain an error.

        Returns:
            Its reference, and its point.

        Raises:
            UserError: it cannot be used, for a reason that is given.
        """
        shown = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
        shown = shown[:_LONGEST_NAME] or "file"
        known = formats.EXTENSIONS | formats.CONVERTIBLE
        extension = next((each for each in known if each == formats.extension_of(shown)), "")
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder, f"file{extension}")
            path.write_bytes(content)
            _require_small(path)
            try:
                point = parse_endpoint(os.fspath(path), self._run, self._run.sounds)
            except UserError as error:
                raise UserError(
                    str(error).replace(repr(os.fspath(path)), repr(shown)).replace("file.", f"{Path(shown).stem}.")
                ) from error
        point = dataclasses.replace(point, name=shown, source=shown)
        with self._lock:
            self._n_taken += 1
            number = str(self._n_taken)
            self._points[number] = point
            while len(self._points) > MOST_FILES:
                self._points.popitem(last=False)
        return f"file:{number}", point


def _require_small(path: Path) -> None:
    """Refuse a file that is too long or has too many channels; what is no sound is refused by the validation."""
    try:
        about = soundfile.info(decoding.openable(path))
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError):
        return
    if about.frames > MOST_S * about.samplerate:
        raise UserError(
            f"the sound lasts {about.frames / about.samplerate:.0f} s, and the page takes {MOST_S:.0f} s: cut it, or "
            "use the command line"
        )
    if about.channels > MOST_CHANNELS:
        raise UserError(f"the sound has {about.channels} channels, and the page takes {MOST_CHANNELS}: mix it down")
