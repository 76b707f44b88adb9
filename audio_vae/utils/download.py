"""A file from the network, checked by its hash."""

from __future__ import annotations

import logging
from pathlib import Path

from audio_vae.utils.errors import UserError, one_line

_TIMEOUT_S = 30


def download(url: str, sha256: str, folder: Path, what: str, advice: str, *, show_progress: bool = False) -> Path:
    """Download a file into a folder, unless it is there already.

    Args:
        url: its address.
        sha256: its checksum.
        folder: the folder.
        what: what it is, for the message of an error.
        advice: what to do without a network, for the same.
        show_progress: draw a progress bar.

    Returns:
        The file, whose name is `archive`.

    Raises:
        UserError: there is no network, the transfer broke off, or the file is not the expected one.
        OSError: the folder cannot be written.
    """
    import pooch

    # pooch's HTTPDownloader needs requests, so that it is installed wherever pooch can download.
    import requests

    # pooch logs a line for each download, also under --quiet. Errors are raised and need no log.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        return Path(
            pooch.retrieve(
                url,
                known_hash=f"sha256:{sha256}",
                fname="archive",
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=show_progress, timeout=_TIMEOUT_S),
            )
        )
    except requests.exceptions.ChunkedEncodingError as error:
        reason, cause = "the transfer was cut off", error
    except requests.exceptions.Timeout as error:
        reason, cause = f"no answer within {_TIMEOUT_S} s", error
    except requests.exceptions.ConnectionError as error:
        reason, cause = "no connection", error
    except requests.exceptions.RequestException as error:
        reason, cause = one_line(error), error
    except ValueError as error:
        reason, cause = f"what arrived is not the expected file, sha256 {sha256[:12]}…, or not all of it", error
    raise UserError(
        f"{what} cannot be downloaded from {url} ({reason}): try again with a network connection, or {advice}"
    ) from cause
