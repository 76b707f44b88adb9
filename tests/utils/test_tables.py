"""Tables as text and Markdown, and the text of their cells."""

import pytest

from audio_vae.utils.tables import (
    UNKNOWN,
    duration,
    formatted,
    human_size,
    markdown_table,
    mean_and_std,
    number,
    percent,
    short,
    significant,
    text_table,
)

ROWS = [["name", "size", ""], ["a", "6.1 MiB", "in use"], ["longer", "9 B", ""]]


def test_columns_are_aligned_to_the_left():
    assert text_table(ROWS) == [
        "name    size",
        "a       6.1 MiB  in use",
        "longer  9 B",
    ]


def test_columns_of_numbers_are_aligned_to_the_right_and_the_first_is_not():
    assert text_table([["class", "usable"], ["a", "12"], ["longest", "3"]], numbers=True) == [
        "class    usable",
        "a            12",
        "longest       3",
    ]


def test_every_line_is_indented():
    assert text_table([["", "x"], ["a", "1"]], numbers=True, indent=2) == ["     x", "  a  1"]


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        text_table([["a", "b"], ["c"]])


def test_markdown_escapes_what_would_end_a_cell():
    assert markdown_table(["", "a|b"], [["one", "2"]]).splitlines() == ["|  | a\\|b |", "| --- | ---: |", "| one | 2 |"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(-0.329), "−0.33"),
        (number(-0.329, 3), "−0.329"),
        (number(None), UNKNOWN),
        (short(-12345.6), "−1.235e+04"),
        (short(0.5), "0.5"),
        (short(None), UNKNOWN),
        (percent(0.96), "96 %"),
        (percent(0.98765), "98.77 %"),
        (percent(None), UNKNOWN),
        (percent(0.925, 1), "92.5 %"),
        (percent(0.925, 0), "92 %"),
        (percent(None, 1), UNKNOWN),
        (formatted(-3.456, "{:+.1f} dB"), "-3.5 dB"),
        (formatted(None, "{:+.1f} dB"), UNKNOWN),
        (significant(-12345.6), "-1.23e+04"),
        (significant(None), UNKNOWN),
        (mean_and_std(-0.329, 0.58), "−0.33 ± 0.58"),
        (mean_and_std(None, None), UNKNOWN),
    ],
)
def test_figures(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (29.4, "29 s"), (60, "1 min"), (3540, "59 min"), (7260, "2 h 1 min")]
)
def test_duration(seconds, expected):
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (6.1 * 2**20, "6.1 MiB"), (5 * 2**30, "5.0 GiB")],
)
def test_human_size(n_bytes, expected):
    assert human_size(n_bytes) == expected
