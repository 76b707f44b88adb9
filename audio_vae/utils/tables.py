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


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table as lines with their columns below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def human_size(n_bytes: int) -> str:
    """Return a number of bytes as it is read most easily, such as `6.1 MiB`."""
    size = float(n_bytes)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of text, the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  " + "  ".join(cells))
    return lines
