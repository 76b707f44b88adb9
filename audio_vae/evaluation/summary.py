"""The report in words and tables: each figure with its name, Table 3, and the scores of the morphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from audio_vae.evaluation import paper
from audio_vae.evaluation.deviation import READINGS, deviations
from audio_vae.evaluation.mfcc import PROTOCOL_READINGS
from audio_vae.evaluation.protocols import PROTOCOLS
from audio_vae.evaluation.reconstruction import SETS
from audio_vae.morphing.measures import MEASURES
from audio_vae.utils.tables import UNKNOWN, formatted, percent, significant, text_table

PROTOCOLS_HEADING = "Two protocols: held out, and as published"
"""Heading of `protocols_table`."""

PROTOCOLS_NOTE = (
    "Held out: the evaluated sounds are test sounds that the model never saw. As published: they are sounds that the "
    "model was trained on, as in the code of the paper's first author (docs/paper.md); such figures say nothing about "
    "new sounds."
)
"""What the two protocols are, in words for a reader of a report."""

FIDELITY_HEADING = "Fidelity by class, median distance in dB (lower is better)"
"""Heading of `fidelity_table`."""


_percent = functools.partial(percent, places=0)


def _mean_and_std(value: Mapping[str, float | None] | None) -> str:
    """Return a mean and its standard deviation, with the plain hyphen of a terminal as its minus sign."""
    return UNKNOWN if value is None or value["mean"] is None else "{mean:.2f} ± {std:.2f}".format(**value)


_RECONSTRUCTION: Mapping[str, tuple[str, Callable[[Any], str], str]] = {
    "fidelity_db": (
        "fidelity",
        lambda value: formatted(value["median"], "{:.1f} dB"),
        "How far what the model gives back is from the sound to the ear; noise in a snare's own colour gets 1 to 2.",
    ),
    "nearest_other_db": (
        "nearest other sound",
        lambda value: formatted(value["median"], "{:.1f} dB"),
        "The same of the most similar other sound of the set, which a model has to beat.",
    ),
    "better_than_nearest": (
        "nearer than that",
        _percent,
        "Share of the sounds that the model is nearer to than that other sound.",
    ),
    "peak_time_error_ms": (
        "time of the peak",
        functools.partial(formatted, form="{:.1f} ms"),
        "Median error of the time from the onset to the peak: how sharp, and how late, attacks are.",
    ),
    "attack_time_error_ms": (
        "attack time",
        functools.partial(formatted, form="{:.1f} ms"),
        "Mean error of the time in which the envelope rises from 20 to 90 %.",
    ),
    "attack_time_error_relative": (
        "attack time, relative",
        _percent,
        "The same, in parts of the sound's own attack time.",
    ),
    "buzz_db": (
        "buzz",
        lambda value: formatted(value["largest"], "{:+.1f} dB"),
        "What stands out at the multiples of the decoder's worst frame rate, beyond the original's; 0 is none.",
    ),
    "multi_resolution_spectral_distance": (
        "multi-resolution spectral",
        functools.partial(formatted, form="{:.2f}"),
        "Spectral convergence and logarithmic magnitudes, three resolutions, no floor, as in published work.",
    ),
    "log_spectral_distance_db": (
        "log-spectral distance",
        lambda value: f"{_mean_and_std(value)} dB",
        "Of spectrograms, bin by bin; what is 80 dB below the loudest bin counts as silence.",
    ),
    "log_spectral_distance_unfloored_db": (
        "log-spectral, no floor",
        lambda value: f"{_mean_and_std(value)} dB",
        "The same where inaudible noise in silence counts as much as sound.",
    ),
    "signal_to_noise_db": (
        "signal to noise",
        functools.partial(formatted, form="{:.1f} dB"),
        "Sample by sample, so that phases count; noise made anew gets 0 or less.",
    ),
    "peak_level_error_db": (
        "peak level",
        lambda value: formatted(value["median"], "{:+.1f} dB"),
        "Median error; below 0 is too quiet.",
    ),
    "strongest_frequency_error_octaves": (
        "strongest frequency",
        functools.partial(formatted, form="{:.2f} octaves"),
        "Median error: the pitch of a drum.",
    ),
}
"""Figure of a report → its title, how its value of a set is written, and what it says."""


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report as lines of text for the terminal: figures, tables, warnings.

    Args:
        report: what report.json holds.
    """
    lines = [f"{name}: {value}" for name, value in figures(report).items()]
    head, rows = protocols_table(report)
    lines += [f"{PROTOCOLS_HEADING}:", *text_table([head, *rows], numbers=True, indent=2)]
    head, rows = reconstruction_table(report)
    lines += ["Reconstructions:", *text_table([head, *rows], indent=2)]
    head, rows = fidelity_table(report)
    lines += [f"{FIDELITY_HEADING}:", *text_table([head, *rows], numbers=True, indent=2)]
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
    accuracy = percent(report["one_nn_accuracy"], 1)
    if report["dataset"] == "digits" and report["preset"] in paper.ONE_NN:
        accuracy += f" (paper: {_percent(paper.ONE_NN[report['preset']])})"
    if report.get("test_sounds_unseen", True) is False:
        accuracy += " (the test sounds were trained on)"
    return {
        "Data set": report["dataset"],
        "Preset": report["preset"],
        **({"Speakers": ", ".join(report["speakers"])} if "speakers" in report else {}),
        "Epochs": str(report["epochs"]),
        "Seed": str(report["seed"]),
        "Sounds": f"{report['n_train']} training, {report['n_test']} test",
        "1-NN accuracy in the latent space": accuracy,
    }


def protocols_table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the paper's figures under both protocols as a table: a row a figure, and a column a protocol.

    Args:
        report: what report.json holds.

    Returns:
        The head and the rows, all as text.
    """
    columns = [protocol_figures((report.get("protocols") or {}).get(key)) for key in PROTOCOLS]
    return ["", *PROTOCOLS.values()], [[name, *(each[name] for each in columns)] for name in columns[0]]


def protocol_figures(protocol: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the name of each figure of a protocol → its value as text.

    Args:
        protocol: its part of a report; `None` where it does not apply.
    """
    accuracy, deviation = "1-NN accuracy", "deviation, {}".format
    reconstruction = "reconstruction, median (least to largest)"
    titles = {key: deviation(title) for key, (title, _) in PROTOCOL_READINGS.items()}
    if protocol is None:
        return dict.fromkeys(("sounds", accuracy, *titles.values(), reconstruction), UNKNOWN)
    return {
        "sounds": str(protocol["n_evaluated"]),
        accuracy: _percent(protocol["one_nn_accuracy"]),
        **{title: _mean_and_std(protocol["deviation"][key]["average"]) for key, title in titles.items()},
        reconstruction: "{median:.1f} dB ({least:.1f} to {largest:.1f})".format(**protocol["signal_to_noise_db"]),
    }


def reconstruction_table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the figures of the reconstructions as a table: a row a figure, with a sentence on what it says.

    Args:
        report: what report.json holds.

    Returns:
        The head and the rows, all as text.
    """
    rows = [
        [title, *(text_of(report[key][name]) for name in SETS), sentence]
        for key, (title, text_of, sentence) in _RECONSTRUCTION.items()
    ]
    return ["", *SETS.values(), "what it says"], rows


def fidelity_table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the fidelity class by class, beside the nearest other sound of the set.

    Args:
        report: what report.json holds.

    Returns:
        The head and the rows, all as text.
    """
    columns = [report[key][name]["classes"] for name in SETS for key in ("fidelity_db", "nearest_other_db")]
    names = list(dict.fromkeys(name for column in columns for name in column))
    head = ["class", *(f"{of_set}{what}" for of_set in SETS.values() for what in ("", ", nearest other"))]
    return head, [[name, *(formatted(column.get(name), "{:.1f}") for column in columns)] for name in names]


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
