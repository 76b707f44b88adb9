"""The deviation of the decoded class centres in all its readings."""

import json

import numpy as np
import pytest
from tiny_report import CLASSES, DEVIATIONS, make_sounds

from audio_vae.audio import waveform
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.summary import summary_lines


@pytest.mark.parametrize("key", DEVIATIONS)
def test_average_is_the_mean_over_classes_of_both_figures(evaluated, key):
    table = evaluated[1][key]
    for figure in ("mean", "std"):
        expected = np.mean([value[figure] for value in table["classes"].values()])
        assert table["average"][figure] == pytest.approx(expected)


def test_classes_with_few_test_sounds_are_left_out_and_named_in_a_warning(make_run, rng):
    sounds = make_sounds(rng)
    # One test sound is left of class 0, none of class 1; class 2 has no training sounds.
    keep = np.ones(len(sounds), bool)
    keep[np.flatnonzero(sounds.is_test & (sounds.labels == 0))[1:]] = False
    keep[sounds.is_test & (sounds.labels == 1)] = False
    keep[~sounds.is_test & (sounds.labels == 2)] = False
    result = evaluate(make_run(sounds.take(np.flatnonzero(keep))))
    assert result["warnings"] == [
        "class 0 has 1 test sounds: left out of the deviation, which takes 3",
        "class 1 has 0 test sounds: left out of the deviation, which takes 3",
        f"class {CLASSES[2]} has no training sounds: no deviation from their centre",
    ]
    assert list(result["mfcc_dtw_deviation"]["classes"]) == [CLASSES[2]]
    assert result["mfcc_dtw_deviation_train_centres"] == {"classes": {}, "average": {"mean": None, "std": None}}
    assert list(result["decoded_centre_peaks"]) == ["0", CLASSES[2]]
    assert summary_lines(result)[-1].startswith("Warning: class ")


def test_silent_centres_are_warned_of_and_not_amplified(run):
    model = run.model
    model.decoder.layers[-2].set_weights([0 * weights for weights in model.decoder.layers[-2].get_weights()])
    assert waveform.peak(run.decode(np.ones((1, 3)))) == 0
    result = evaluate(run)
    assert f"class {CLASSES[2]}: the decoded centre of its test sounds is silent" in result["warnings"]
    assert "class 0: the decoded centre of its training sounds is silent" in result["warnings"]
    assert result["mfcc_dtw_deviation_peak_normalised"] == result["mfcc_dtw_deviation"]
    assert set(result["decoded_centre_peaks"].values()) == {0.0}
    for number, called in ((12, "training"), (9, "test")):
        said = f"{number} {called} sounds are silent or decoded as silence: left out of the attack time"
        assert said in result["warnings"]
    assert result["attack_time_error_ms"] == result["attack_time_error_relative"] == {"train": None, "test": None}
    lines = summary_lines(result)
    assert any(line.split()[:4] == ["attack", "time", "–", "–"] for line in lines)
    assert any(line.split()[:3] == ["buzz", "–", "–"] for line in lines)
    assert json.loads((run.path / "report" / "report.json").read_text(encoding="utf-8")) == result


def test_alike_test_sounds_have_no_deviation(make_run, rng):
    sounds = make_sounds(rng)
    alike = sounds.is_test & (sounds.labels == 1)
    sounds.audio[alike] = sounds.audio[alike][0]
    result = evaluate(make_run(sounds))
    assert "1" not in result["mfcc_dtw_deviation"]["classes"]
    assert any("class 1: 3 test sounds are equally far from all others" in each for each in result["warnings"])
