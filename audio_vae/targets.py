"""Which of the paper's figures are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audio_vae.markdown import number, percent
from audio_vae.report_page import PAPER_ONE_NN, PAPER_TABLE_3
from audio_vae.results import DEVIATION, NOT_RUN, Result

TITLES = {"dc": "DC-VAE", "cc": "CC-VAE", "dc-nonclass": "DC-VAE, no classifier"}
"""Experiment with a column in the paper's Table 3 → what the paper calls it."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one of the paper's figures, in words.

    Attributes:
        figure: which one.
        paper: what the paper has.
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


def average_deviation(report: Mapping[str, Any]) -> float | None:
    """Return a report's mean deviation over the classes, with centres of the test set as in the paper."""
    return report[DEVIATION]["average"]["mean"]


def _measured(results: Mapping[str, Result], name: str, figure) -> float | None:
    return figure(results[name].report) if name in results else None


def _said(results: Mapping[str, Result], name: str, measured: str, is_reached: bool | None) -> tuple[str, str]:
    if name not in results:
        return NOT_RUN, NOT_RUN
    words = "open" if is_reached is None else "reached" if is_reached else "**missed**"
    result = results[name]
    return measured, words if result.is_finished else f"{words} after {result.epochs_shown} epochs"
