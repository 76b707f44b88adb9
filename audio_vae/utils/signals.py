"""Handle the signals that ask the program to stop: SIGINT (Ctrl-C) and SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass


class Stopped(Exception):  # noqa: N818 - no error: the user asked for it
    """A signal stopped the work after it was saved; the message says how to continue.

    Attributes:
        signal: the signal's number.
    """

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.signal = number


@dataclass
class Request:
    """Whether a signal has asked the program to stop.

    Attributes:
        signal: number of the first signal that came, 0 if none did.
    """

    signal: int = 0


@contextmanager
def postponed() -> Iterator[Request]:
    """Only note SIGINT and SIGTERM, however often they come, so that the block can end at a point of its choice."""
    request = Request()

    def note(number):
        request.signal = request.signal or number

    with handling((signal.SIGINT, signal.SIGTERM), note):
        yield request


def handling(numbers: tuple[int, ...], handle: Callable[[int], None]) -> AbstractContextManager[None]:
    """Call a function when one of these signals comes; afterwards restore the previous handlers.

    Args:
        numbers: the signals, e.g. `signal.SIGTERM`.
        handle: receives the signal's number. It runs in the main thread, between two instructions.
    """
    return replaced(numbers, lambda number, _frame: handle(number))


@contextmanager
def replaced(numbers: tuple[int, ...], handler: Callable | signal.Handlers) -> Iterator[None]:
    """Give these signals a handler, as `signal.signal` takes it; afterwards restore the previous ones.

    Outside the main thread it does nothing, because Python sets handlers only there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
