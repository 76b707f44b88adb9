"""How far long work is: a bar on a terminal, lines where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable

from tqdm import tqdm

# A line at most so often, and at most so many of them.
_LINE_EVERY_S = 30.0
_N_LINES = 20


class Progress:
    """Shows how far work is that takes about the same time for each of its parts.

    The first line says how long the first part took and the whole will take; it is left out if that is less than 30 s.
    Later lines come every 30 s, or after each twentieth of longer work.

    Example:
        with Progress(len(pairs), "morphing", "pairs", say=print) as progress:
            for pair in pairs:
                morph(*pair)
                progress.update()

    Args:
        total: number of parts.
        what: what is done, such as `morphing`.
        unit: the parts in words, such as `pairs`.
        show_bar: draw a progress bar.
        say: receives the lines if no bar is drawn; `None` for no lines.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        total: int,
        what: str,
        unit: str,
        *,
        show_bar: bool = False,
        say: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.total, self.what, self.unit = total, what, unit
        self.n_done = 0
        self._say = None if show_bar else say
        self._clock = clock
        self._started_s = self._said_s = clock()
        self._bar = tqdm(total=total, desc=what, unit=f" {unit}", disable=not show_bar)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_error) -> None:
        self._bar.close()

    def update(self, n: int = 1) -> None:
        """Count `n` more parts as done."""
        is_first, self.n_done = self.n_done == 0, self.n_done + n
        self._bar.update(n)
        if self._say is None or not 0 < self.n_done < self.total:
            return
        now_s = self._clock()
        of_one_s = (now_s - self._started_s) / self.n_done
        whole_s = of_one_s * self.total
        if is_first and whole_s >= _LINE_EVERY_S:
            whole = tqdm.format_interval(whole_s)
            self._tell(now_s, f"{self.total} {self.unit}, {of_one_s:.2g} s each so far, about {whole} in all")
        elif now_s - self._said_s >= max(_LINE_EVERY_S, whole_s / _N_LINES):
            left = tqdm.format_interval(whole_s - (now_s - self._started_s))
            self._tell(now_s, f"{self.n_done} of {self.total} {self.unit}, {left} left")

    def _tell(self, now_s: float, text: str) -> None:
        self._said_s = now_s
        self._say(f"{self.what}: {text}")
