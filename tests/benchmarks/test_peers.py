from collections import Counter

import pytest

from benchmarks.peers import run, sounds

DRUMS = [(kind, f"{kind}{drum}") for kind in ("kick", "snare", "tom") for drum in range(8) for _ in range(3)]
DRUMS += [("gong", f"gong{drum}") for drum in range(9)]
"""Three classes of 24 sounds of 8 drums, and one of 9 sounds, which is too small."""


def test_no_drum_is_on_both_sides_and_classes_are_even():
    train, test = sounds.choose(DRUMS, 30, 6, seed=0)
    assert (len(set(train)), len(set(test))) == (30, 6)
    assert not {DRUMS[i] for i in train} & {DRUMS[i] for i in test}
    assert Counter(DRUMS[i][0] for i in train) == {"kick": 10, "snare": 10, "tom": 10}
    assert Counter(DRUMS[i][0] for i in test) == {"kick": 2, "snare": 2, "tom": 2}


def test_every_drum_gives_a_sound_before_one_gives_two():
    train, _ = sounds.choose(DRUMS, 18, 6, seed=0)
    assert len({DRUMS[i] for i in train}) == 18


def test_the_choice_depends_on_the_seed_alone():
    assert sounds.choose(DRUMS, 30, 6, seed=1) == sounds.choose(DRUMS, 30, 6, seed=1)
    assert sounds.choose(DRUMS, 30, 6, seed=1) != sounds.choose(DRUMS, 30, 6, seed=2)


def test_too_few_sounds_are_refused():
    with pytest.raises(ValueError, match="Expected 75 sounds or more, received: 6 and 54"):
        sounds.choose(DRUMS, 69, 6, seed=0)


class Answering:
    def __init__(self, name, n_bytes):
        self.about = {
            "name": name,
            "rate_hz": 100,
            "n_samples": 200,
            "parameters": [10**6, 2 * 10**6],
            "bytes": n_bytes,
        }


def test_table_by_hand():
    workers = [Answering("ours", 5 * 10**6), Answering("other", 10**7)]
    taken = [
        [{"seconds": 0.2, "memory_gib": 1.0}, {"seconds": 4.0, "memory_gib": 2.0}],
        [{"seconds": 0.4, "memory_gib": 1.5}, {"seconds": 2.0, "memory_gib": 2.5}],
    ]
    _, ours, other = run.table(workers, 2, taken, "seconds")
    assert ours.split() == ["ours", "100.000", "20.0", "1.000", "1.50", "3.00", "5.0"]
    assert other.split() == ["other", "1000.000", "2.0", "0.100", "2.50", "3.00", "10.0"]
