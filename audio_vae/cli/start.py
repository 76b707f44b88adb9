"""Where the program starts: it ends in one line also when it is stopped while it is still loading."""

from __future__ import annotations

import atexit
import os
import signal
import sys


def run() -> None:
    """Run the command line of this process; does not return."""
    _open_standard_streams()
    for number in (signal.SIGINT, signal.SIGTERM):
        # What is ignored, as SIGINT is after nohup, stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop_at_once)
    ended: list[int] = []
    # What is registered first is called last: after all threads and all that others registered.
    atexit.register(_leave, ended)
    from audio_vae.cli.main import main

    try:
        main()
    except SystemExit as done:
        ended.append(done.code)
        raise


def stop_at_once(number: int, _frame=None) -> None:
    """End at once. Raising an exception while modules load would show as a traceback, or as another error."""
    os.write(2, b"Stopped.\n")
    os._exit(128 + number)


def _leave(ended: list[int]) -> None:
    """End the process with the exit code in a list, if there is one, and leave the memory to the system.

    Python would free each module first, which takes TensorFlow half a second.
    """
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        # Python itself knows what to do about a stream that cannot be written.
        return
    if ended:
        os._exit(ended[0])


def _open_standard_streams() -> None:
    """Open what the caller has closed (`2>&-`), so that no file of a model gets the number of a standard stream."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
