"""Tables and figures as Markdown text."""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, the first column to the left and the others to the right; all rows are as long as the head."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float | None, places: int = 2) -> str:
    """Return a figure with so many decimal places."""
    return UNKNOWN if value is None else _signed(f"{value:.{places}f}")


def short(value: float | None) -> str:
    """Return a figure of any size in four digits."""
    return UNKNOWN if value is None else _signed(f"{value:.4g}")


def percent(share: float | None) -> str:
    """Return a share between 0 and 1 in percent."""
    return UNKNOWN if share is None else f"{100 * share:.4g} %"


def spread(mean: float | None, std: float | None) -> str:
    """Return a mean and its standard deviation."""
    return UNKNOWN if mean is None else f"{number(mean)} ± {number(std)}"


def duration(seconds: float) -> str:
    """Return a time in hours and minutes; in seconds below one minute."""
    minutes = round(seconds / 60)
    if not minutes:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _signed(text: str) -> str:
    return text.replace("-", "−")
