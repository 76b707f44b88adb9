"""How far long work is, in lines where there is no terminal."""

import pytest

from audio_vae.utils.progress import Progress


def lines(total, seconds_of_each, **options):
    """The lines of work whose parts take some time, and the time at which each was said."""
    said, now_s = [], [0.0]
    say = options.pop("say", lambda line: said.append((now_s[0], line)))
    with Progress(total, "morphing", "pairs", say=say, clock=lambda: now_s[0], **options) as progress:
        for _ in range(total):
            now_s[0] += seconds_of_each
            progress.update()
    return said


def test_hours_of_work():
    said = lines(1770, 8.1)
    assert said[0] == (8.1, "morphing: 1770 pairs, 8.1 s each so far, about 3:58:57 in all")
    assert said[1] == (pytest.approx(729), "morphing: 90 of 1770 pairs, 3:46:48 left")
    assert len(said) == 20


def test_minutes_of_work():
    said = [line for _, line in lines(10, 8)]
    assert said == [
        "morphing: 10 pairs, 8 s each so far, about 01:20 in all",
        "morphing: 5 of 10 pairs, 00:40 left",
        "morphing: 9 of 10 pairs, 00:08 left",
    ]


@pytest.mark.parametrize(("total", "seconds_of_each"), [(10, 1), (1, 100), (0, 1)])
def test_short_work_needs_no_lines(total, seconds_of_each):
    assert lines(total, seconds_of_each) == []


def test_no_lines_beside_a_bar(capsys):
    assert lines(10, 8, show_bar=True) == []
    assert "morphing: 100%" in capsys.readouterr().err
    assert lines(10, 8, say=None) == []
    assert capsys.readouterr().err == ""
