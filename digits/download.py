"""The Free Spoken Digit Dataset, downloaded once into the user's cache."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import pooch

from audio_vae.utils.download import download
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder, new_folders, temporary_folder

URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz"
SHA256 = "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0"

_MARKER = "source.json"
_ADVICE = "give a folder of recordings with --data"
_RECORDING = re.compile(r"[0-9]_[^/\\]+_[0-9]+\.wav")


def fetch(url: str = URL, sha256: str = SHA256, cache: Path | None = None, show_progress: bool = False) -> Path:
    """Return the folder of the recordings. If it is not there yet, the archive is downloaded and unpacked.

    Args:
        url: address of a gzipped tar archive that holds `*/recordings/*.wav`.
        sha256: checksum of the archive.
        cache: folder to keep the recordings in; `None` takes the user's cache.
        show_progress: draw a progress bar.

    Raises:
        UserError: there is no network, the transfer broke off, the archive is not the expected one, or the cache cannot
            be written. Nothing half-written is left behind.
    """
    cache = Path(pooch.os_cache("audio-vae")) if cache is None else Path(cache)
    # With the checksum in its name, another release gets another folder.
    folder = cache / f"free-spoken-digit-dataset-{sha256[:12]}"
    # The folder appears under this name only when it is complete.
    if (folder / _MARKER).is_file():
        return folder / "recordings"
    try:
        with new_folders(cache) as place, temporary_folder(place) as part:
            archive = download(url, sha256, part, "the Free Spoken Digit Dataset", _ADVICE, show_progress=show_progress)
            with atomic_folder(folder, _MARKER, _ADVICE) as unpacked:
                _unpack(archive, unpacked / "recordings", url)
                write_json(unpacked / _MARKER, {"url": url, "sha256": sha256})
    except OSError as error:
        raise UserError(
            f"the cache {cache} cannot be written ({one_line(error)}): make room there, or {_ADVICE}"
        ) from error
    return folder / "recordings"


def _unpack(archive: Path, recordings: Path, url: str) -> None:
    """Copy the recordings and nothing else, each under its bare name, so that no path of the archive is followed."""
    recordings.mkdir()
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if member.isfile() and path.parent.name == "recordings" and _RECORDING.fullmatch(path.name):
                with tar.extractfile(member) as source, (recordings / path.name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    if not any(recordings.iterdir()):
        raise UserError(f"the archive {url} holds no recordings: give a folder of recordings with --data")
