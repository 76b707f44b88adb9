"""Where the program starts: it ends in one line also when it is stopped while it is still loading."""

from __future__ import annotations

import os
import signal


def run() -> None:
    """Run the command line of this process; does not return."""
    _open_standard_streams()
    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored, as SIGINT is after nohup, stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop_at_once)
    from audio_vae.cli.main import main

    main()


def stop_at_once(number: int, _frame=None) -> None:
    """End at once. Raising an exception while modules load would show as a traceback, or as another error."""
    os.write(2, b"Stopped.\n")
    os._exit(128 + number)


def _open_standard_streams() -> None:
    """Open what the caller has closed (`2>&-`), so that no file of a model gets the number of a standard stream."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
