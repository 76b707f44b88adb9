"""The one exception that a user's input can cause, and the check of a value in code."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """Something that the user can put right.

    The message is a single line that says what is wrong, where, and what to do. The command
    line prints it as ``Error: …`` and exits with 1.
    """


def one_line(error: BaseException) -> str:
    """Return an exception's message folded into one line, for use inside a `UserError`."""
    return " ".join(str(error).split()) or type(error).__name__


def require(ok: bool, expected: str, **received: Any) -> None:
    """Check a value.

    Args:
        ok: whether the value can be used.
        expected: what it should have been, for the message.
        received: its name and what it is.

    Raises:
        ValueError: it cannot be used. A `UserError` is for what a user can put right, this for wrong code or files.
    """
    if not ok:
        shown = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"Expected {expected}, received: {shown}")
