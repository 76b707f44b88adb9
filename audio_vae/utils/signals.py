"""Signals that ask the program to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass


def handling(numbers: tuple[int, ...], handle: Callable[[int], None]) -> AbstractContextManager[None]:
    """Call a function when one of these signals comes, and restore what was before.

    Args:
        numbers: e.g. `signal.SIGTERM`.
        handle: receives the signal's number. It runs between two lines of the main thread.
    """
    return replaced(numbers, lambda number, _frame: handle(number))


@contextmanager
def replaced(numbers: tuple[int, ...], handler: Callable | signal.Handlers) -> Iterator[None]:
    """Give these signals a handler as `signal.signal` takes it, and restore what was before."""
    # Python lets only the main thread set handlers; elsewhere whoever runs that thread decides.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


class Stopped(Exception):  # noqa: N818 - no error: what was asked for
    """A signal ended the work, and what was done is saved; the message says how to go on.

    Attributes:
        signal: its number.
    """

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.signal = number


@dataclass
class Request:
    """What asked for an end.

    Attributes:
        signal: the first signal that came; 0 as long as none did.
    """

    signal: int = 0


@contextmanager
def postponed() -> Iterator[Request]:
    """Note SIGINT and SIGTERM, however many come, instead of ending at once."""
    request = Request()

    def note(number):
        request.signal = request.signal or number

    with handling((signal.SIGINT, signal.SIGTERM), note):
        yield request
