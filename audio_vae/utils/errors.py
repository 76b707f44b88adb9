"""`UserError` for mistakes of a user, one-line messages, and the check of a value in code."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Any

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the system's errors that say that there is no room on a disk, or no more for this user or file."""

_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)

_LONGEST_DETAIL = 200


class UserError(Exception):
    """An error that the user can correct.

    The message is a single line that says what is wrong, where, and what to do. The command
    line prints it as ``Error: …`` and exits with 1.
    """


def one_line(error: BaseException) -> str:
    """Return an exception's message folded into one line, for use inside a `UserError`."""
    return " ".join(str(error).split()) or type(error).__name__


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from, the latest first."""
    seen = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def no_room(error: BaseException) -> str | None:
    """Return the system's words for a full disk if an exception comes from one, otherwise `None`.

    Libraries drop the number of the error and keep its text at best.
    """
    for each in causes(error):
        if isinstance(each, OSError) and each.errno in NO_ROOM:
            return os.strerror(each.errno)
        for number in NO_ROOM:
            if os.strerror(number) in str(each):
                return os.strerror(number)
    return None


def system_problem(error: BaseException) -> str | None:
    """Return what is wrong with the machine or the installation and what to do, in one line.

    An exception while a file is read or a model computes does not have to be the fault of this file or model.

    Returns:
        The line if an exception comes from too little memory, room, threads or open files, or from a package that
        cannot be imported; otherwise `None`.
    """
    full = no_room(error)
    if full:
        where = next((f" for {each.filename}" for each in causes(error) if getattr(each, "filename", None)), "")
        return f"there is no room on the disk{where} ({full}): make room and run again"
    for each in causes(error):
        detail = one_line(each)[:_LONGEST_DETAIL]
        # TensorFlow's and JAX's own classes are known by their names and texts, because importing them takes seconds.
        if (
            isinstance(each, MemoryError)
            or "ResourceExhausted" in type(each).__name__
            or "RESOURCE_EXHAUSTED" in detail
        ):
            return (
                f"there is not enough memory ({detail}): close other programs, or take fewer sounds, smaller batches "
                "or a smaller preset"
            )
        if isinstance(each, OSError) and each.errno in _OUT_OF_FILES:
            return f"too many files are open ({detail}): close other programs, or raise the limit (ulimit -n)"
        if isinstance(each, RuntimeError) and "start new thread" in detail:
            return f"no more threads can be started ({detail}): end other programs, or raise the limit (ulimit -u)"
        if isinstance(each, ImportError):
            return f"a package cannot be imported ({detail}): install audio-vae again"
    return None


def _is_about_memory(error: BaseException) -> bool:
    # TensorFlow's and JAX's own classes are known by their names and texts, because importing them takes seconds.
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def raise_system_problem(error: BaseException) -> None:
    """Do nothing, unless the machine or the installation is to blame for an exception.

    Raises:
        UserError: it is; see `system_problem`.
    """
    problem = None if isinstance(error, UserError) else system_problem(error)
    if problem:
        raise UserError(problem) from error


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
