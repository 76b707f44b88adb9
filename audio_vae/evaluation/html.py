"""The report as one HTML page that holds its figures and sounds in itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from audio_vae.evaluation.summary import (
    FIDELITY_HEADING,
    PROTOCOLS_HEADING,
    PROTOCOLS_NOTE,
    deviation_table,
    fidelity_table,
    figures,
    morphs_heading,
    morphs_table,
    protocols_table,
    reconstruction_table,
)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin: .6rem 0 }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left }
.words th:last-child, .words td:last-child { text-align: left; color: #555 }
tr.average td { font-weight: 600; border-top: 2px solid #999 }
img { max-width: 100%; height: auto } audio { width: 15rem; height: 2rem; vertical-align: middle }
.warning { background: #fff4d6; padding: .3rem .8rem; margin: .3rem 0 } .note { color: #555; font-size: .9rem }
.wide { overflow-x: auto }
"""


def write_page(
    path: Path,
    report: Mapping[str, Any],
    pictures: Mapping[str, Path],
    sounds: Mapping[str, Mapping[str, Path]],
) -> None:
    """Write the report as one HTML file that needs no other file and no network.

    Args:
        path: the file to write.
        report: what report.json holds.
        pictures: heading → PNG file.
        sounds: class name → kind of sound → WAV file.
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
        *(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in figures(report).items()),
        "</table>",
        *_section(PROTOCOLS_HEADING, PROTOCOLS_NOTE, *protocols_table(report)),
        *_reconstruction_sections(report),
        *_deviation_section(report),
        *_morphs_section(report),
        *_sound_section(sounds),
    ]
    for heading, file in pictures.items():
        source = _data_uri(file, "image/png")
        parts.append(f'<h2>{escape(heading)}</h2><img alt="{escape(heading)}" src="{source}">')
    parts.append(f'<p class="note">Made with {escape(_versions(report["made_with"]))}.</p></body></html>')
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _reconstruction_sections(report: Mapping[str, Any]) -> list[str]:
    trained_on = {True: " Test sounds are not trained on.", False: " Test sounds are trained on.", None: ""}
    note = (
        "What the model gives back of the sounds that it is given."
        f"{trained_on[report.get('test_sounds_unseen', True)]} The nearest other sound is looked for in the same set, "
        "and the larger a set is, the nearer it is."
    )
    fidelity_note = "Medians over the sounds of a class; the nearest other sound may be of any class."
    return [
        *_section("Reconstructions", note, *reconstruction_table(report), kind="words"),
        *_section(FIDELITY_HEADING, fidelity_note, *fidelity_table(report)),
    ]


def _deviation_section(report: Mapping[str, Any]) -> list[str]:
    head, rows = deviation_table(report)
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
        "Decoded paths between the centres of two classes, and plain mixes of the real sounds nearest to them, scored "
        "by the same measures; means over the inner steps."
    )
    return _section(morphs_heading(report["morphs"]), note, *morphs_table(report["morphs"]))


def _section(
    heading: str,
    note: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    last_row: str = "",
    kind: str = "numbers",
) -> list[str]:
    lines = [
        f"<h2>{escape(heading)}</h2>",
        f'<p class="note">{escape(note)}</p>',
        f'<div class="wide"><table class="{kind}"><tr>'
        + "".join(f"<th>{escape(cell)}</th>" for cell in head)
        + "</tr>",
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
            f'<td><audio controls src="{_data_uri(files[kind], "audio/wav")}"></audio></td>'
            if kind in files
            else "<td></td>"
            for kind in kinds
        )
        lines.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    return [*lines, "</table></div>"]


def _data_uri(file: Path, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


def _versions(made_with: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in made_with["packages"].items() if version)
    commit = f" ({made_with['git_commit'][:12]})" if made_with["git_commit"] else ""
    return f"audio-vae {made_with['audio-vae']}{commit}, Python {made_with['python']}, {packages}"
