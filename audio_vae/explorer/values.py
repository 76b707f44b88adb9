"""Numbers that a client gave."""

from __future__ import annotations

import math
from typing import Any

from audio_vae.utils.errors import UserError

MOST_NUMBER = 2**31 - 1

LONGEST_SHOWN = 80
"""Most characters of a value that are shown again."""


def number_of(value: Any) -> float:
    """Return a finite number that a client gave.

    Raises:
        UserError: it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{str(value)[:LONGEST_SHOWN]!r} is no number") from error
    if not math.isfinite(number):
        raise UserError("a number has to be finite")
    return number


def share(value: Any) -> float:
    """Return a number from 0 to 1 that a client gave.

    Raises:
        UserError: it is none.
    """
    number = number_of(value)
    if not 0 <= number <= 1:
        raise UserError(f"{number:g} is not between 0 and 1")
    return number


def whole(value: Any) -> int:
    """Return a whole number from 0 to `MOST_NUMBER` that a client gave.

    Raises:
        UserError: it is none.
    """
    number = number_of(value)
    if number != int(number) or not 0 <= number <= MOST_NUMBER:
        raise UserError(f"{number:g} is no whole number from 0 to {MOST_NUMBER}")
    return int(number)
