"""Tables as text or Markdown, and numbers as they are shown in them.

`text_table` and `markdown_table` lay out rows of cells; the other functions make the text of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN = "–"
"""Text of a figure that is not known."""


def text_table(rows: Sequence[Sequence[str]], *, numbers: bool = False, indent: int = 0) -> list[str]:
    """Return a table as lines of text whose columns are aligned, two spaces apart.

    Args:
        rows: the cells of each row; the first row may be the head. All rows are equally long.
        numbers: align all columns but the first to the right, as numbers are.
        indent: spaces before each line.

    Returns:
        A line for each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown, the first column aligned to the left and the others to the right.

    Args:
        head: the cells of the head.
        rows: the cells of each row, as many as the head has.
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: float | None, places: int = 2) -> str:
    """Return a figure with a number of decimal places and a typographic minus sign."""
    return UNKNOWN if value is None else _with_minus_sign(f"{value:.{places}f}")


def short(value: float | None) -> str:
    """Return a figure of any size in four digits, with a typographic minus sign."""
    return UNKNOWN if value is None else _with_minus_sign(f"{value:.4g}")


def formatted(value: float | None, form: str) -> str:
    """Return a figure in a format such as `{:.1f} dB`, with the plain hyphen of a terminal as its minus sign."""
    return UNKNOWN if value is None else form.format(value)


def significant(value: float | None) -> str:
    """Return a figure in three significant digits, with the plain hyphen of a terminal as its minus sign."""
    return formatted(value, "{:.3g}")


def percent(share: float | None, places: int | None = None) -> str:
    """Return a share between 0 and 1 in percent: with a number of decimal places, or else in four digits."""
    form = "{:.4g} %" if places is None else f"{{:.{places}f}} %"
    return formatted(None if share is None else 100 * share, form)


def mean_and_std(mean: float | None, std: float | None) -> str:
    """Return a mean and its standard deviation."""
    return UNKNOWN if mean is None else f"{number(mean)} ± {number(std)}"


def duration(seconds: float) -> str:
    """Return a time in hours and minutes; below one minute in seconds."""
    minutes = round(seconds / 60)
    if not minutes:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def human_size(n_bytes: int) -> str:
    """Return a number of bytes in the unit in which it is read most easily, such as `6.1 MiB`."""
    size = float(n_bytes)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _with_minus_sign(text: str) -> str:
    return text.replace("-", "−")
