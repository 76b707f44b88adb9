"""The report in words and tables: each figure with its name, Table 3, and the scores of the morphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audio_vae.evaluation import paper
from audio_vae.evaluation.deviation import READINGS, deviations
from audio_vae.evaluation.reconstruction import SETS
from audio_vae.morphing.measures import MEASURES
from audio_vae.utils.tables import UNKNOWN, significant, text_table


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report as lines of text for the terminal: figures, tables, warnings.

    Args:
        report: what report.json holds.
    """
    lines = [f"{name}: {value}" for name, value in figures(report).items()]
    head, rows = deviation_table(report)
    lines += ["MFCC-DTW deviation of the decoded class centres (lower is better):"]
    lines += text_table([head, *rows], numbers=True, indent=2)
    if "morphs" in report:
        head, rows = morphs_table(report["morphs"])
        lines += [f"{morphs_heading(report['morphs'])}:", *text_table([head, *rows], numbers=True, indent=2)]
    return lines + [f"Warning: {warning}" for warning in report["warnings"]]


def figures(report: Mapping[str, Any]) -> dict[str, str]:
    """Return name → text of everything in a report that is not a table.

    Args:
        report: what report.json holds.
    """
    accuracy = f"{100 * report['one_nn_accuracy']:.1f} %"
    if report["dataset"] == "digits" and report["preset"] in paper.ONE_NN:
        accuracy += f" (paper: {100 * paper.ONE_NN[report['preset']]:.0f} %)"
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
    def of_both(text_of: Callable[[str], str]) -> str:
        return ", ".join(f"{text_of(key)} {name}" for key, name in SETS.items())

    ratio_db, distance_db = report["signal_to_noise_db"], report["log_spectral_distance_db"]
    error_ms, share = report["attack_time_error_ms"], report["attack_time_error_relative"]
    level_error_db, pitch_error = report["peak_level_error_db"], report["strongest_frequency_error_octaves"]
    return {
        "Reconstruction, signal to noise": of_both(lambda key: f"{ratio_db[key]:.1f} dB"),
        "Reconstruction, log-spectral distance": of_both(lambda key: f"{_mean_and_std(distance_db[key])} dB"),
        "Reconstruction, mean error of the attack time": of_both(
            lambda key: UNKNOWN if error_ms[key] is None else f"{error_ms[key]:.1f} ms ({100 * share[key]:.0f} %)"
        ),
        "Reconstruction, median error of the peak level": of_both(
            lambda key: f"{level_error_db[key]['median']:+.1f} dB"
        ),
        "Reconstruction, median error of the strongest frequency": of_both(
            lambda key: UNKNOWN if pitch_error[key] is None else f"{pitch_error[key]:.2f} octaves"
        ),
    }


def deviation_table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the deviations as Table 3 lays them out: a row a class, and a column a reading.

    Args:
        report: what report.json holds.

    Returns:
        The head and the rows, all as text; the last row is the average.
    """
    columns = deviations(report)
    names = list(dict.fromkeys(name for column in columns for name in column["classes"]))
    rows = [[name, *(_mean_and_std(column["classes"].get(name)) for column in columns)] for name in names]
    rows.append([paper.AVERAGE, *(_mean_and_std(column["average"]) for column in columns)])
    head = ["class", *READINGS.values()]
    of_paper = paper.TABLE_3.get(report["preset"]) if report["dataset"] == "digits" else None
    if of_paper:
        head.append("paper")
        for row in rows:
            row.append("{:.2f} ± {:.2f}".format(*of_paper[row[0]]) if row[0] in of_paper else UNKNOWN)
    return head, rows


def morphs_heading(morphs: Mapping[str, Any]) -> str:
    """Return the heading of `morphs_table`."""
    return f"Morphs of all {morphs['n_pairs']} pairs of classes, {morphs['steps']} steps, against plain cross-fades"


def morphs_table(morphs: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the scores of morphs and cross-fades as a table, a row a measure.

    Args:
        morphs: what `morphing.all_pairs.all_pairs` returns.

    Returns:
        The head and the rows, all as text.
    """
    rows = [
        [
            MEASURES[key].title,
            significant(each["morph"]),
            significant(each["crossfade"]),
            f"{each['won']} of {each['won'] + each['lost'] + each['equal']}",
        ]
        for key, each in morphs["measures"].items()
    ]
    return ["", "morph", "cross-fade", "pairs won"], rows


def _mean_and_std(value: Mapping[str, float | None] | None) -> str:
    if value is None or value["mean"] is None:
        return UNKNOWN
    return f"{value['mean']:.2f} ± {value['std']:.2f}"
