"""`UserError` for mistakes of a user, one-line messages, and the check of a value in code."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """An error that the user can correct.

    The message is a single line that says what is wrong, where, and what to do. The command
    line prints it as ``Error: …`` and exits with 1.
    """


def one_line(error: BaseException) -> str:
    """Return an exception's message folded into one line, for use inside a `UserError`."""
    return " ".join(str(error).split()) or type(error).__name__


def require(ok: bool, expected: str, **received: Any) -> None:
    """Check a value that code or a file gives; a `UserError` is for values that a user gives.

    Args:
        ok: whether the value can be used.
        expected: the values that can be used, in words, for the message.
        received: name and value, for the message.

    Raises:
        ValueError: the value cannot be used.
    """
    if not ok:
        shown = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"Expected {expected}, received: {shown}")
