"""`UserError` for mistakes of a user, one-line messages, and the check of a value in code."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the system's errors that say that there is no room on a disk, or no more for this user or file."""

_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)

_FAILING_DISK = (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT, errno.ENOTCONN)

_OUT_OF_MEMORY = ("RESOURCE_EXHAUSTED", "CUDA_ERROR_OUT_OF_MEMORY", "Dst tensor is not initialized", "bad_alloc")
"""What errors of TensorFlow, JAX and C++ say when there is no memory; the third is a copy to a GPU."""

_MISFITS = (
    "binary incompatibility",
    "compiled against",
    "compiled using NumPy",
    "cannot load library",
    "sndfile library",
)
"""What errors say when one package was built for another version of another, or a library of the system is missing."""

_ADVICE = {
    (errno.EACCES, errno.EPERM, errno.EROFS): "check its permissions, or choose another place",
    (errno.ENOENT, errno.ENOTDIR): "check that it exists, and that no other program has moved or removed it",
    (errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY): "move it away, or choose another place",
    (errno.ENAMETOOLONG,): "choose a shorter name",
    (errno.EBUSY, errno.EAGAIN): "close other programs, and run again",
}
"""Numbers of the system's errors → what to do."""

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


def shortage(error: BaseException) -> str | None:
    """Return what the machine has too little of and what to do, in one line.

    Returns:
        The line if an exception comes from too little memory, or too few threads or open files; otherwise `None`.
    """
    for each in causes(error):
        detail = one_line(each)[:_LONGEST_DETAIL]
        if _is_about_memory(each):
            return (
                f"there is not enough memory ({detail}): close other programs, or take fewer or shorter sounds, "
                "smaller batches or a smaller preset"
            )
        if isinstance(each, OSError) and each.errno in _OUT_OF_FILES:
            return f"too many files are open ({detail}): close other programs, or raise the limit (ulimit -n)"
        if isinstance(each, RuntimeError) and "start new thread" in detail:
            return f"no more threads can be started ({detail}): end other programs, or raise the limit (ulimit -u)"
    return None


def system_problem(error: BaseException) -> str | None:
    """Return what is wrong with the machine or the installation and what to do, in one line.

    An exception while a file is read or a model computes does not have to be the fault of this file or model.

    Returns:
        The line if an exception comes from a `shortage`, a full or failing disk, or packages that cannot be imported
        or do not fit each other; otherwise `None`.
    """
    full = no_room(error)
    if full:
        return f"there is no room on the disk{_where(error)} ({full}): make room and run again"
    short = shortage(error)
    if short:
        return short
    for each in causes(error):
        if isinstance(each, OSError) and each.errno in _FAILING_DISK:
            return (
                f"the disk or network drive{_where(error)} does not answer ({each.strerror}): check that it is "
                "connected and sound, and run again"
            )
    # Packages try imports that may fail, so that one in the context of an exception says nothing.
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ImportError) or any(text in str(cause) for text in _MISFITS):
            return (
                f"a package cannot be used as it is installed ({one_line(cause)[:_LONGEST_DETAIL]}): install audio-vae "
                "again in a new virtual environment"
            )
        cause = cause.__cause__
    return None


def _is_about_memory(error: BaseException) -> bool:
    # TensorFlow's and JAX's own classes are known by their names and texts, because importing them takes seconds.
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or type(error).__name__ == "ResourceExhaustedError"
        or any(text in str(error) for text in _OUT_OF_MEMORY)
    )


def _where(error: BaseException) -> str:
    """Return the first file that an exception or one of its causes names, as ` for FILE`; empty if none does."""
    return next((f" for {each.filename}" for each in causes(error) if getattr(each, "filename", None)), "")


def explain(error: BaseException) -> str:
    """Return what a user is told about an exception that ends the program, in one line: what, where and what to do."""
    if isinstance(error, UserError):
        return one_line(error)
    problem = system_problem(error)
    if problem:
        return problem
    if isinstance(error, OSError) and error.strerror:
        # Of two files, the second is that which one is renamed to, and the first has a temporary name.
        name = error.filename2 or error.filename
        where = f" ({name})" if name else ""
        advice = next(
            (words for numbers, words in _ADVICE.items() if error.errno in numbers),
            "check that the place exists, is readable and writable, and has room",
        )
        return f"{error.strerror}{where}: {advice}"
    return (
        f"a fault of audio-vae itself, not of what was given ({type(error).__name__}: {one_line(error)}): "
        "run again with --debug to see where, and report it"
    )


def raise_system_problem(
    error: BaseException, problem_of: Callable[[BaseException], str | None] = system_problem
) -> None:
    """Do nothing, unless the machine or the installation is to blame for an exception.

    Args:
        error: the exception.
        problem_of: what tells whether it is: `system_problem` or `shortage`.

    Raises:
        UserError: it is.
    """
    problem = None if isinstance(error, UserError) else problem_of(error)
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
