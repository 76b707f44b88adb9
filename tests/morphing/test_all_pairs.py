"""All pairs of classes, path against cross-fade."""

import dataclasses
import json
import re

import numpy as np
import pytest

from audio_vae.evaluation.summary import morphs_heading, morphs_table
from audio_vae.morphing.all_pairs import all_pairs
from audio_vae.morphing.measures import MEASURES
from audio_vae.morphing.morph import morph
from audio_vae.morphing.options import PathOptions
from audio_vae.utils import progress
from audio_vae.utils.errors import UserError


@pytest.fixture(scope="module")
def sounds(tone_run):
    """Three classes: sounds 3 and 7 are of the third."""
    labels = tone_run.sounds.labels.copy()
    labels[[3, 7]] = 2
    return dataclasses.replace(tone_run.sounds, labels=labels, class_names=("low", "high", "mixed"))


@pytest.fixture(scope="module")
def table(tone_run, sounds):
    return all_pairs(tone_run, sounds, PathOptions(steps=4))


def test_all_pairs(table):
    assert table["n_pairs"] == 3
    pairs = [(pair["start"], pair["end"]) for pair in table["pairs"]]
    assert pairs == [("low", "high"), ("low", "mixed"), ("high", "mixed")]
    assert (table["steps"], table["spacing"]) == (4, "latent")
    assert table == json.loads(json.dumps(table))


@pytest.mark.usefixtures("no_pictures")
def test_a_pair_is_what_morph_makes(tone_run, sounds, table, tmp_path):
    made = morph(tone_run, "low", "mixed", tmp_path / "m", steps=4, sounds=sounds)
    expected = made.sidecar["scorecard"]["comparison"]
    for key, each in table["pairs"][1]["measures"].items():
        assert each["morph"] == pytest.approx(expected[key]["morph"], rel=1e-3)
        assert each["crossfade"] == pytest.approx(expected[key]["crossfade"], rel=1e-3)


def test_means_and_counts_are_those_of_the_pairs(table):
    assert list(table["measures"]) == list(MEASURES)
    for key, each in table["measures"].items():
        rows = [pair["measures"][key] for pair in table["pairs"]]
        assert each["morph"] == pytest.approx(np.mean([row["morph"] for row in rows]))
        assert each["crossfade"] == pytest.approx(np.mean([row["crossfade"] for row in rows]))
        assert each["won"] == sum(row["better"] == "morph" for row in rows)
        assert each["won"] + each["lost"] + each["equal"] == 3


def test_what_is_not_known_is_none(make_tone_run, tmp_path):
    run = make_tone_run(tmp_path / "run", n_classes=0)
    table = all_pairs(run, options=PathOptions(steps=3))
    unknown = {"morph": None, "crossfade": None, "won": 0, "lost": 0, "equal": 0}
    assert table["measures"]["confidence"] == unknown
    # The class without sounds has no pair.
    assert table["n_pairs"] == 1
    _, rows = morphs_table(table)
    assert rows[list(MEASURES).index("confidence")][1:] == ["–", "–", "0 of 0"]


def test_progress_in_lines(tone_run, sounds, monkeypatch):
    monkeypatch.setattr(progress, "_LINE_EVERY_S", 0)
    said = []
    all_pairs(tone_run, sounds, PathOptions(steps=2), say=said.append)
    assert re.fullmatch(r"morphing: 3 pairs, \S+ s each so far, about 00:\d\d in all", said[0])
    assert re.fullmatch(r"morphing: 2 of 3 pairs, 00:\d\d left", said[1])


def test_one_class_makes_no_pair(tone_run):
    with pytest.raises(UserError, match="has sounds of 1 class, and a morph takes two"):
        all_pairs(tone_run, tone_run.sounds.take(np.arange(4)))


def test_as_text(table):
    assert morphs_heading(table) == "Morphs of all 3 pairs of classes, 4 steps, against plain cross-fades"
    head, rows = morphs_table(table)
    assert head == ["", "morph", "cross-fade", "pairs won"]
    assert [row[0] for row in rows] == [measure.title for measure in MEASURES.values()]
    assert all(row[3].endswith(" of 3") for row in rows)
