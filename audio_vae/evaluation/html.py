"""The report for people: a table as Table 3 for the terminal, and one self-contained HTML page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from audio_vae.evaluation.reconstruction import SETS
from audio_vae.morphing.measures import MEASURES

_DIGITS = "0123456789"
PAPER_TABLE_3 = {
    "dc": (
        *((-0.29, 0.96), (-0.47, 0.16), (-0.38, 0.51), (0.00, 1.19), (-0.25, 0.71)),
        *((-0.46, 0.14), (-0.32, 0.73), (-0.37, 0.27), (-0.42, 0.47), (-0.32, 0.68), (-0.33, 0.58)),
    ),
    "cc": (
        *((0.79, 1.65), (0.79, 1.72), (0.03, 1.13), (0.69, 1.71), (0.38, 1.43)),
        *((0.02, 1.14), (-0.24, 0.93), (-0.21, 0.90), (-0.05, 1.19), (-0.23, 0.83), (0.20, 1.26)),
    ),
    "dc-nonclass": (
        *((3.39, 2.23), (5.98, 3.25), (3.81, 1.98), (5.59, 3.13), (2.55, 1.86)),
        *((5.17, 2.58), (5.95, 2.88), (3.48, 2.00), (2.88, 2.00), (6.41, 4.73), (4.52, 2.66)),
    ),
}
"""Preset → (mean, standard deviation) of the digits zero to nine and of their average, as Table 3 prints them."""

PAPER_ONE_NN = {"dc": 0.96, "cc": 0.94}
"""Preset → 1-NN accuracy in the latent space (Section 5)."""

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

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin: .6rem 0 }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left }
tr.average td { font-weight: 600; border-top: 2px solid #999 }
img { max-width: 100%; height: auto } audio { width: 15rem; height: 2rem; vertical-align: middle }
.warning { background: #fff4d6; padding: .3rem .8rem; margin: .3rem 0 } .note { color: #555; font-size: .9rem }
.wide { overflow-x: auto }
"""


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
    lines += text_table(head, rows)
    if "morphs" in report:
        lines += [morphs_heading(report["morphs"]) + ":", *text_table(*morphs_table(report["morphs"]))]
    return lines + [f"Warning: {warning}" for warning in report["warnings"]]


def comparison_lines(comparison: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what `scorecard.compare` says as lines of text, a measure a line."""
    names = [name for name in next(iter(comparison.values())) if name != "better"]
    rows = [
        [MEASURES[key].title, *(_figure(each[name]) for name in names), _called(each["better"])]
        for key, each in comparison.items()
    ]
    return text_table(["", *map(_called, names), "better"], rows)


def morphs_heading(morphs: Mapping[str, Any]) -> str:
    """Return what a table of morphs is of."""
    return f"Morphs of all {morphs['n_pairs']} pairs of classes, {morphs['steps']} steps, against plain cross-fades"


def morphs_table(morphs: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the head and rows, all as text, of what `morph_table.morph_table` returns."""
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


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of text, the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  " + "  ".join(cells))
    return lines


def write_page(
    path: Path,
    report: Mapping[str, Any],
    figures: Mapping[str, Path],
    sounds: Mapping[str, Mapping[str, Path]],
) -> None:
    """Write the report as one HTML file that needs no other file and no network.

    Args:
        path: the file to write.
        report: what report.json holds.
        figures: heading → PNG file.
        sounds: class name → what it is → WAV file.
    """
    title = f"{report['dataset']}, {report['preset']}, {report['epochs']} epochs"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="warning">{escape(warning)}</p>' for warning in report["warnings"]),
        "<table>",
        *(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in _figures(report).items()),
        "</table>",
        *_deviation_section(report),
        *_morphs_section(report),
        *_sound_section(sounds),
    ]
    for heading, file in figures.items():
        source = _data_uri(file, "image/png")
        parts.append(f'<h2>{escape(heading)}</h2><img alt="{escape(heading)}" src="{source}">')
    parts.append(f'<p class="note">Made with {escape(_versions(report["made_with"]))}.</p></body></html>')
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


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


def _deviation_section(report: Mapping[str, Any]) -> list[str]:
    head, rows = table(report)
    note = (
        "Mean ± standard deviation over the test sounds of a class (Eq. 2, Table 3). Lower is better; 0 is as far from "
        "the sounds as they are from one another. The centre is the mean latent of the class's test or training "
        "sounds, decoded; “peak 1” is the same with its level brought to that of the sounds, “without c0” compares by "
        "MFCCs that hear no level. “paper” used test centres."
    )
    return _section("MFCC-DTW deviation of the decoded class centres", note, head, rows, last_row="average")


def _morphs_section(report: Mapping[str, Any]) -> list[str]:
    if "morphs" not in report:
        return []
    note = (
        "Decoded paths between the centres of two classes, and plain mixes of the real sounds nearest to them, judged "
        "by the same measures; means over the inner steps."
    )
    return _section(morphs_heading(report["morphs"]), note, *morphs_table(report["morphs"]))


def _section(
    heading: str, note: str, head: Sequence[str], rows: Sequence[Sequence[str]], last_row: str = ""
) -> list[str]:
    lines = [
        f"<h2>{escape(heading)}</h2>",
        f'<p class="note">{escape(note)}</p>',
        '<div class="wide"><table><tr>' + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>",
    ]
    for number, row in enumerate(rows, start=1):
        opening = f'<tr class="{last_row}">' if last_row and number == len(rows) else "<tr>"
        lines.append(opening + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    return [*lines, "</table></div>"]


def _sound_section(sounds: Mapping[str, Mapping[str, Path]]) -> list[str]:
    kinds = list(dict.fromkeys(kind for files in sounds.values() for kind in files))
    lines = [
        "<h2>Sounds</h2>",
        '<p class="note">Decoded centres have peak 1; originals and reconstructions are of the first test sound '
        "of a class.</p>",
        '<div class="wide"><table><tr><th>class</th>' + "".join(f"<th>{escape(kind)}</th>" for kind in kinds) + "</tr>",
    ]
    for name, files in sounds.items():
        cells = "".join(
            f'<td><audio controls src="{_data_uri(files[kind], "audio/wav")}"></audio></td>' for kind in kinds
        )
        lines.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    return [*lines, "</table></div>"]


def _called(name: str | None) -> str:
    return "–" if name is None else name.replace("crossfade", "cross-fade")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _cell(value: Mapping[str, float | None] | None) -> str:
    if value is None or value["mean"] is None:
        return "–"
    return f"{value['mean']:.2f} ± {value['std']:.2f}"


def _data_uri(file: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


def _versions(made_with: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in made_with["packages"].items() if version)
    commit = f" ({made_with['git_commit'][:12]})" if made_with["git_commit"] else ""
    return f"audio-vae {made_with['audio-vae']}{commit}, Python {made_with['python']}, {packages}"
