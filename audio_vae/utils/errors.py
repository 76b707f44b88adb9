"""The one exception that a user's input can cause."""


class UserError(Exception):
    """Something that the user can put right.

    The message is a single line that says what is wrong, where, and what to do. The command
    line prints it as ``Error: …`` and exits with 1.
    """


def one_line(error: BaseException) -> str:
    """Return an exception's message folded into one line, for use inside a `UserError`."""
    return " ".join(str(error).split()) or type(error).__name__
