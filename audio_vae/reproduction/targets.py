"""Which of the paper's figures are reached, and which of those that the studio preset is to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from audio_vae.evaluation.paper import PAPER_ONE_NN, PAPER_TABLE_3, TITLES
from audio_vae.evaluation.summary import DEVIATION
from audio_vae.morphing.measures import MEASURES
from audio_vae.reproduction.results import NOT_RUN, Result, of_test_sounds
from audio_vae.utils.tables import number, percent

STUDIO_ONE_NN = {
    "studio-jackson": 0.99,
    "studio-theo": 0.97,
    "studio-nicolas": 0.97,
    "studio-speakers": 0.95,
}
"""Experiment → 1-NN accuracy that it is to reach."""

STUDIO_DEVIATION = {"studio-jackson": -0.8, "studio-theo": 0.0, "studio-nicolas": -0.4}
"""Experiment → mean deviation that it is to reach in each of `STUDIO_READINGS`."""

STUDIO_READINGS = (f"{DEVIATION}_train_centres", f"{DEVIATION}_train_centres_peak_normalised")
"""Centres of the training set, as decoded and at peak 1."""

STUDIO_MINUTES = 15

# Title → figure of a report, less is better.
_OF_DRUMS: dict[str, Callable[[Mapping[str, Any]], float | None]] = {
    "1-NN errors": lambda report: 1 - report["one_nn_accuracy"],
    "mean deviation, training centres": lambda report: _average(STUDIO_READINGS[0], report),
    "log-spectral distance, dB": lambda report: (of_test_sounds(report, "log_spectral_distance_db") or {}).get("mean"),
    "attack time, mean error, ms": lambda report: of_test_sounds(report, "attack_time_error_ms"),
}

# The path has to be better than the cross-fade by these, and at least as good by the last.
_BETTER = ("not_a_mix", "nearest_real_distance", "confidence")
_AS_GOOD = "smoothness"


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a figure, in words.

    Attributes:
        figure: which one.
        paper: what the paper has; for morphs what the cross-fade has, for drums what the paper's network has.
        needed: what is needed.
        measured: what was measured.
        verdict: `reached` or `missed`, and after how many epochs where these are not all; `open` where another
            figure is missing to tell.
    """

    figure: str
    paper: str
    needed: str
    measured: str
    verdict: str


def verdicts(results: Mapping[str, Result]) -> list[Verdict]:
    """Judge the paper's 1-NN accuracies and mean deviations by the results, name → result.

    The deviation without the classifier has to be higher than with it: that is what the classifier is for.
    """
    found = []
    for name, paper in PAPER_ONE_NN.items():
        value = _measured(results, name, lambda report: report["one_nn_accuracy"])
        is_reached = value is not None and value >= paper
        found.append(
            Verdict(
                f"1-NN accuracy, {TITLES[name]}",
                percent(paper),
                f"at least {percent(paper)}",
                *_said(results, name, percent(value), is_reached),
            )
        )
    for name in TITLES:
        paper = PAPER_TABLE_3[name][-1][0]
        value = _measured(results, name, average_deviation)
        needed, is_reached = f"at most {number(paper)}", value is not None and value <= paper
        if name == "dc-nonclass":
            other = _measured(results, "dc", average_deviation)
            needed = "above DC-VAE's" + ("" if other is None else f" {number(other, 3)}")
            is_reached = None if value is None or other is None else value > other
        # A digit more than the paper's, so that a figure just beside its is not shown as equal.
        said = _said(results, name, number(value, 3), is_reached)
        found.append(Verdict(f"mean deviation, {TITLES[name]}", number(paper), needed, *said))
    return found


def studio_verdicts(results: Mapping[str, Result]) -> list[Verdict]:
    """Judge the studio preset's results, name → result, by what they are to reach."""
    found = []
    for name, needed in STUDIO_ONE_NN.items():
        value = _measured(results, name, lambda report: report["one_nn_accuracy"])
        is_reached = value is not None and value >= needed
        said = _said(results, name, percent(value), is_reached)
        found.append(
            Verdict(f"1-NN accuracy, `{name}`", percent(PAPER_ONE_NN["dc"]), f"at least {percent(needed)}", *said)
        )
    for name, needed in STUDIO_DEVIATION.items():
        values = [_measured(results, name, partial(_average, reading)) for reading in STUDIO_READINGS]
        is_reached = all(value is not None and value <= needed for value in values)
        said = _said(results, name, " / ".join(number(value) for value in values), is_reached)
        paper = number(PAPER_TABLE_3["dc"][-1][0])
        found.append(Verdict(f"mean deviation, `{name}`", paper, f"at most {number(needed)}", *said))
    for name in STUDIO_DEVIATION:
        times = results[name].times if name in results else []
        minutes = sum(row["seconds"] for row in times) / 60 if times else None
        is_reached = None if minutes is None else minutes <= STUDIO_MINUTES
        said = _said(results, name, f"{number(minutes, 1)} min", is_reached)
        found.append(Verdict(f"training, `{name}`", "", f"at most {STUDIO_MINUTES} min", *said))
    found += _drums_verdicts(results)
    for name in ("studio-jackson", "studio-drums"):
        morphs = results[name].report.get("morphs") if name in results else None
        for key in (*_BETTER, _AS_GOOD) if morphs else ():
            figures = morphs["measures"][key]
            ours, other = figures["morph"], figures["crossfade"]
            gain = (ours - other) * (1 if MEASURES[key].higher_is_better else -1)
            found.append(
                Verdict(
                    f"morphs, {MEASURES[key].name}, `{name}`",
                    f"cross-fade {number(other, 3)}",
                    "at least as good" if key == _AS_GOOD else "better",
                    *_said(results, name, number(ours, 3), gain >= 0 if key == _AS_GOOD else gain > 0),
                )
            )
    return found


def _drums_verdicts(results: Mapping[str, Result]) -> list[Verdict]:
    """Judge `studio` on drums, which is to be better than the paper's network there."""
    found = []
    for title, figure in _OF_DRUMS.items():
        value, other = (_measured(results, name, figure) for name in ("studio-drums", "drums"))
        is_reached = None if value is None or other is None else value < other
        said = _said(results, "studio-drums", number(value, 3), is_reached)
        found.append(Verdict(f"{title}, `studio-drums`", f"`drums` {number(other, 3)}", "better", *said))
    return found


def _average(reading: str, report: Mapping[str, Any]) -> float | None:
    return report[reading]["average"]["mean"]


def average_deviation(report: Mapping[str, Any]) -> float | None:
    """Return a report's mean deviation over the classes, with centres of the test set as in the paper."""
    return _average(DEVIATION, report)


def _measured(results: Mapping[str, Result], name: str, figure) -> float | None:
    return figure(results[name].report) if name in results else None


def _said(results: Mapping[str, Result], name: str, measured: str, is_reached: bool | None) -> tuple[str, str]:
    if name not in results:
        return NOT_RUN, NOT_RUN
    words = "open" if is_reached is None else "reached" if is_reached else "**missed**"
    result = results[name]
    return measured, words if result.is_finished else f"{words} after {result.epochs_shown} epochs"
