"""The report in words and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audio_vae.evaluation.paper import _DIGITS, PAPER_ONE_NN, PAPER_TABLE_3
from audio_vae.evaluation.reconstruction import SETS
from audio_vae.morphing.measures import MEASURES
from audio_vae.morphing.scorecard import _figure
from audio_vae.utils.tables import text_table

DEVIATION = "mfcc_dtw_deviation"


READINGS = {
    DEVIATION: "test centres",
    f"{DEVIATION}_peak_normalised": "test centres, peak 1",
    f"{DEVIATION}_without_c0": "test centres, without c0",
    f"{DEVIATION}_train_centres": "training centres",
    f"{DEVIATION}_train_centres_peak_normalised": "training centres, peak 1",
    f"{DEVIATION}_train_centres_without_c0": "training centres, without c0",
}
"""Key of a report → how it reads the deviation (Eq. 2), the paper's reading first."""


_NO_DEVIATION: dict[str, Any] = {"classes": {}, "average": {"mean": None, "std": None}}


def deviations(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the deviations of a report in the order of `READINGS`; empty where an older version had none."""
    return [report.get(key, _NO_DEVIATION) for key in READINGS]


def table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the deviations as Table 3 lays them out.

    Args:
        report: what report.json holds.

    Returns:
        The head and the rows, all as text; the last row is the average.
    """
    columns = deviations(report)
    paper = PAPER_TABLE_3.get(report["preset"]) if report["dataset"] == "digits" else None
    names = list(dict.fromkeys(name for column in columns for name in column["classes"]))
    rows = [[name, *(_cell(column["classes"].get(name)) for column in columns)] for name in names]
    rows.append(["average", *(_cell(column["average"]) for column in columns)])
    head = ["class", *READINGS.values()]
    if paper:
        head.append("paper")
        of_paper = dict(zip([*_DIGITS, "average"], paper, strict=True))
        for row in rows:
            row.append("{:.2f} ± {:.2f}".format(*of_paper[row[0]]) if row[0] in of_paper else "–")
    return head, rows


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report as lines of text for the terminal: figures, table, warnings.

    Args:
        report: what report.json holds.
    """
    lines = [f"{name}: {value}" for name, value in _figures(report).items()]
    lines += ["MFCC-DTW deviation of the decoded class centres (lower is better):"]
    head, rows = table(report)
    lines += text_table([head, *rows], numbers=True, indent=2)
    if "morphs" in report:
        head, rows = morphs_table(report["morphs"])
        lines += [morphs_heading(report["morphs"]) + ":", *text_table([head, *rows], numbers=True, indent=2)]
    return lines + [f"Warning: {warning}" for warning in report["warnings"]]


def morphs_heading(morphs: Mapping[str, Any]) -> str:
    """Return what a table of morphs is of."""
    return f"Morphs of all {morphs['n_pairs']} pairs of classes, {morphs['steps']} steps, against plain cross-fades"


def morphs_table(morphs: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the head and rows, all as text, of what `all_pairs.all_pairs` returns."""
    rows = [
        [
            MEASURES[key].title,
            _figure(each["morph"]),
            _figure(each["crossfade"]),
            f"{each['won']} of {each['won'] + each['lost'] + each['equal']}",
        ]
        for key, each in morphs["measures"].items()
    ]
    return ["", "morph", "cross-fade", "pairs won"], rows


def _figures(report: Mapping[str, Any]) -> dict[str, str]:
    accuracy = f"{100 * report['one_nn_accuracy']:.1f} %"
    if report["dataset"] == "digits" and report["preset"] in PAPER_ONE_NN:
        accuracy += f" (paper: {100 * PAPER_ONE_NN[report['preset']]:.0f} %)"
    return {
        "Data set": report["dataset"],
        "Preset": report["preset"],
        **({"Speakers": ", ".join(report["speakers"])} if "speakers" in report else {}),
        "Epochs": str(report["epochs"]),
        "Seed": str(report["seed"]),
        "Sounds": f"{report['n_train']} training, {report['n_test']} test",
        "1-NN accuracy in the latent space": accuracy,
        **_reconstruction_figures(report),
    }


def _reconstruction_figures(report: Mapping[str, Any]) -> dict[str, str]:
    def of_both(show: Callable[[str], str]) -> str:
        return ", ".join(f"{show(key)} {called}" for key, called in SETS.items())

    ratio_db, distance_db = report["signal_to_noise_db"], report["log_spectral_distance_db"]
    error_ms, share = report["attack_time_error_ms"], report["attack_time_error_relative"]
    level_error_db, pitch_error = report["peak_level_error_db"], report["strongest_frequency_error_octaves"]
    return {
        "Reconstruction, signal to noise": of_both(lambda key: f"{ratio_db[key]:.1f} dB"),
        "Reconstruction, log-spectral distance": of_both(lambda key: f"{_cell(distance_db[key])} dB"),
        "Reconstruction, mean error of the attack time": of_both(
            lambda key: "–" if error_ms[key] is None else f"{error_ms[key]:.1f} ms ({100 * share[key]:.0f} %)"
        ),
        "Reconstruction, median error of the peak level": of_both(
            lambda key: f"{level_error_db[key]['median']:+.1f} dB"
        ),
        "Reconstruction, median error of the strongest frequency": of_both(
            lambda key: "–" if pitch_error[key] is None else f"{pitch_error[key]:.2f} octaves"
        ),
    }


def _cell(value: Mapping[str, float | None] | None) -> str:
    if value is None or value["mean"] is None:
        return "–"
    return f"{value['mean']:.2f} ± {value['std']:.2f}"
