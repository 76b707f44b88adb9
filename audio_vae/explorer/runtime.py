"""onnxruntime-web, which runs a model in a browser: fetched once from the npm registry, or given as a folder."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pooch

from audio_vae.utils.download import download
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.folders import new_folders, temporary_folder

VERSION = "1.30.0"
URL = f"https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"

FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""What the page needs of it."""

_ADVICE = "give a folder that holds its files with --runtime (npm pack onnxruntime-web)"


def copy_runtime(folder: Path, given: Path | None = None, *, show_progress: bool = False) -> None:
    """Copy the files of onnxruntime-web into a folder.

    Args:
        folder: the folder.
        given: a folder that holds them, itself or in `dist` or `package/dist`; `None` downloads them into the user's
            cache, once.
        show_progress: draw a progress bar of the download.

    Raises:
        UserError: they are not there, or cannot be downloaded.
    """
    source = find_runtime(given) if given is not None else fetch_runtime(show_progress=show_progress)
    for name in FILES:
        shutil.copyfile(source / name, folder / name)


def find_runtime(given: Path) -> Path:
    """Return the folder of the files at or below a given one.

    Raises:
        UserError: they are not there.
    """
    for each in (given, given / "dist", given / "package" / "dist"):
        if all((each / name).is_file() for name in FILES):
            return each
    raise UserError(f"{given} does not hold {', '.join(FILES)}: give the folder of onnxruntime-web {VERSION}")


def fetch_runtime(
    url: str = URL, sha256: str = SHA256, cache: Path | None = None, *, show_progress: bool = False
) -> Path:
    """Return the folder of the files in the user's cache. If they are not there yet, they are downloaded.

    Args:
        url: address of the package, a gzipped tar archive with `package/dist`.
        sha256: its checksum.
        cache: another cache.
        show_progress: draw a progress bar.

    Raises:
        UserError: there is no network, the file is not the expected one, or the cache cannot be written.
    """
    cache = Path(pooch.os_cache("audio-vae")) if cache is None else Path(cache)
    folder = cache / f"onnxruntime-web-{sha256[:12]}"
    if all((folder / name).is_file() for name in FILES):
        return folder
    try:
        with new_folders(cache) as place, temporary_folder(place) as part:
            archive = download(url, sha256, part, f"onnxruntime-web {VERSION}", _ADVICE, show_progress=show_progress)
            unpacked = part / "files"
            unpacked.mkdir()
            with tarfile.open(archive, "r:gz") as tar:
                for name in FILES:
                    with tar.extractfile(f"package/dist/{name}") as source, (unpacked / name).open("wb") as copy:
                        shutil.copyfileobj(source, copy)
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.rename(folder)
    except (OSError, KeyError, tarfile.TarError) as error:
        raise UserError(
            f"the cache {cache} cannot be written ({one_line(error)}): make room there, or {_ADVICE}"
        ) from error
    return folder
