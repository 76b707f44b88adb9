"""The tables of RESULTS.md with the paper's figures under both protocols (`evaluation.protocols`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audio_vae.config import TrainingConfig
from audio_vae.evaluation.deviation import DEVIATION
from audio_vae.evaluation.mfcc import PROTOCOL_READINGS
from audio_vae.evaluation.protocols import PROTOCOLS
from audio_vae.reproduction.experiment import Experiment
from audio_vae.reproduction.results import NO_RESULT, Result
from audio_vae.utils.tables import UNKNOWN, markdown_table, mean_and_std, number, percent, short

HELD_OUT, AS_PUBLISHED = PROTOCOLS

_TURNED_READINGS = ("raw", "liftered")
"""The readings that fit into the table of turned points."""


def figures_under(report: Mapping[str, Any], protocol: str) -> Mapping[str, Any] | None:
    """Return a report's figures under a protocol, `None` where it has none.

    Reports of older versions have no protocols. All of their figures are of sounds that were held out, so that some of
    these can be told.

    Args:
        report: what report.json holds.
        protocol: one of `evaluation.protocols.PROTOCOLS`.
    """
    if "protocols" in report:
        return report["protocols"][protocol]
    if protocol != HELD_OUT:
        return None
    deviation = {"raw": report[DEVIATION], "peak_1": report[f"{DEVIATION}_peak_normalised"]}
    return {"one_nn_accuracy": report["one_nn_accuracy"], "deviation": deviation}


def protocol_table(results: Mapping[str, Result | None], protocol: str) -> str:
    """Return the figures of results under one protocol, a row a result."""
    head = ["", "epochs", "sounds shown", "1-NN", *(title for title, _ in PROTOCOL_READINGS.values()), "reconstruction"]
    rows = []
    for name, result in results.items():
        row = [f"`{name}`"]
        if result is None:
            rows.append([*row, NO_RESULT, *[""] * (len(head) - 2)])
            continue
        row += [result.epochs_shown, _sounds_shown(result)]
        rows.append([*row, *_figures(figures_under(result.report, protocol), PROTOCOL_READINGS)])
    return markdown_table(head, rows)


def turned_table(planned: Iterable[Experiment], results: Mapping[str, Result]) -> str:
    """Return what turning one point at a time does, a row an experiment, those without a result included."""
    titles = [PROTOCOL_READINGS[reading][0] for reading in _TURNED_READINGS]
    of_protocols = [
        f"{name}: {figure}" for name in PROTOCOLS.values() for figure in ("1-NN", *titles, "reconstruction")
    ]
    head = ["", "what is turned", "epochs", "sounds shown", *of_protocols, "likelihood", "KL", "cross-entropy"]
    rows = []
    for each in planned:
        result = results.get(each.name)
        row = [f"`{each.name}`", each.shows]
        if result is None:
            rows.append([*row, NO_RESULT, *[""] * (len(head) - 3)])
            continue
        row += [result.epochs_shown, _sounds_shown(result)]
        for protocol in PROTOCOLS:
            row += _figures(figures_under(result.report, protocol), _TURNED_READINGS)
        last = result.history[-1] if result.history else {}
        rows.append([*row, *(short(last.get(term)) for term in ("likelihood", "kl", "cross_entropy"))])
    return markdown_table(head, rows)


def _figures(figures: Mapping[str, Any] | None, readings: Iterable[str]) -> list[str]:
    """Return 1-NN accuracy, the deviation in some readings, and the reconstruction, as text."""
    if figures is None:
        return [UNKNOWN] * (len(list(readings)) + 2)
    averages = [figures["deviation"].get(reading, {}).get("average") for reading in readings]
    return [
        percent(figures["one_nn_accuracy"]),
        *(mean_and_std(each["mean"], each["std"]) if each else UNKNOWN for each in averages),
        f"{number(figures['signal_to_noise_db']['median'], 1)} dB" if "signal_to_noise_db" in figures else UNKNOWN,
    ]


def _sounds_shown(result: Result) -> str:
    """Return how many sounds a training has shown its model so far, in thousands."""
    training: TrainingConfig = result.config.training
    n_sounds = result.report["n_train"] + (result.report["n_test"] if training.sounds == "all" else 0)
    if training.averages != "none":
        n_sounds *= 1 + training.averages_per_sound
    return f"{number(n_sounds * result.epochs_done / 1000, 0)} thousand"
