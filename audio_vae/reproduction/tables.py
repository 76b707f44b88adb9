"""The tables of RESULTS.md, each made from the results that it shows; `None` stands for a result that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from audio_vae.evaluation import paper
from audio_vae.evaluation.deviation import DEVIATION, READINGS, deviations
from audio_vae.evaluation.summary import morphs_table
from audio_vae.reproduction.bounds import DEVIATIONS, ONE_NN
from audio_vae.reproduction.experiment import Experiment
from audio_vae.reproduction.results import NO_RESULT, NO_RESULT_LINE, Result, of_test_sounds
from audio_vae.reproduction.targets import Outcome
from audio_vae.utils.tables import UNKNOWN, duration, markdown_table, mean_and_std, number, percent, short

Results = Mapping[str, Result | None]

_CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PICTURES_SIDE_BY_SIDE = 3

_ONE_NN, _SNR_TEST = "1-NN", "SNR, test"
_FIGURES = (
    *("", "epochs", "seed", _ONE_NN, *READINGS.values()),
    *("SNR, training", _SNR_TEST, "log-spectral, test", "attack, test", "pitch, test"),
    *("fidelity, training", "fidelity, test", "nearest other, test", "peak, test", "buzz, test"),
)
"""Head of `figures_table`."""


def outcomes_table(outcomes: Iterable[Outcome]) -> str:
    """Return which figures are reached and which are missed."""
    rows = [[each.figure, each.reference, each.needed, each.measured, each.outcome] for each in outcomes]
    return markdown_table(["figure", "paper", "needed", "measured", "outcome"], rows)


def table_3(results: Results) -> str:
    """Return the paper's Table 3 with our figures beside each column."""
    head, columns = ["digit"], []
    for name, title in paper.TITLES.items():
        head += [f"{title}: paper", "ours"]
        columns += [
            [mean_and_std(*each) for each in paper.TABLE_3[name].values()],
            _deviations_of_digits(results.get(name)),
        ]
    return markdown_table(head, _rows_of_digits(columns))


def digits_table(results: Results) -> str:
    """Return the rows of Table 3 for other results, one column each."""
    rows = _rows_of_digits([_deviations_of_digits(each) for each in results.values()])
    return markdown_table(["digit", *map(_code, results)], rows)


def _deviations_of_digits(result: Result | None) -> list[str]:
    if result is None:
        return [NO_RESULT] * (len(_CLASSES) + 1)
    deviation = result.report[DEVIATION]
    return [_cell(deviation["classes"].get(str(digit))) for digit in range(len(_CLASSES))] + [
        _cell(deviation["average"])
    ]


def _rows_of_digits(columns: Sequence[Sequence[str]]) -> list[list[str]]:
    rows = [list(row) for row in zip([*_CLASSES, paper.AVERAGE], *columns, strict=True)]
    return [*rows[:-1], [f"**{cell}**" for cell in rows[-1]]]


def figures_table(results: Results) -> str:
    """Return 1-NN accuracy, the deviation in all readings, and the figures of the reconstructions, one row a result."""
    return markdown_table(_FIGURES, [_figures(name, result) for name, result in results.items()])


def _figures(name: str, result: Result | None) -> list[str]:
    if result is None:
        return [_code(name), NO_RESULT, *[""] * (len(_FIGURES) - 2)]
    report = result.report
    distance_db, attack_ms, pitch_octaves = (
        of_test_sounds(report, figure)
        for figure in ("log_spectral_distance_db", "attack_time_error_ms", "strongest_frequency_error_octaves")
    )
    fidelity_db = report.get("fidelity_db") or {"train": None, "test": None}
    nearest_db, peak_ms, buzz_db = (
        of_test_sounds(report, figure) for figure in ("nearest_other_db", "peak_time_error_ms", "buzz_db")
    )
    return [
        _code(name),
        result.epochs_shown,
        str(report["seed"]),
        percent(report["one_nn_accuracy"]),
        *(number(each["average"]["mean"]) for each in deviations(report)),
        *(f"{number(report['signal_to_noise_db'][part], 1)} dB" for part in ("train", "test")),
        f"{number(distance_db['mean'], 1)} dB" if distance_db else UNKNOWN,
        UNKNOWN if attack_ms is None else f"{number(attack_ms, 1)} ms",
        UNKNOWN if pitch_octaves is None else f"{number(pitch_octaves)} octaves",
        *(f"{number(each['median'], 1)} dB" if each else UNKNOWN for each in (*fidelity_db.values(), nearest_db)),
        UNKNOWN if peak_ms is None else f"{number(peak_ms, 1)} ms",
        f"{number(buzz_db['largest'], 1)} dB" if buzz_db else UNKNOWN,
    ]


def classes_table(result: Result) -> str:
    """Return the deviation of each class in all readings."""
    of_reading = deviations(result.report)
    rows = [[name, *(_cell(each["classes"].get(name)) for each in of_reading)] for name in of_reading[0]["classes"]]
    rows.append([f"**{cell}**" for cell in (paper.AVERAGE, *(_cell(each["average"]) for each in of_reading))])
    return markdown_table(["class", *READINGS.values()], rows)


def bounds_table(bounds: Mapping[str, Mapping[str, float]]) -> str:
    """Return the bounds, one column a speaker."""
    rows = [[name, *(number(measured.get(name)) for measured in bounds.values())] for name in DEVIATIONS]
    rows.append([ONE_NN.split(",")[0], *(percent(measured.get(ONE_NN)) for measured in bounds.values())])
    return markdown_table(["in place of the decoded centre", *bounds], rows)


def losses_table(results: Results) -> str:
    """Return the least and the last value of every loss term."""
    trained = {name: result for name, result in results.items() if result and result.history}
    if not trained:
        return NO_RESULT_LINE
    terms = list(dict.fromkeys(term for each in trained.values() for term in each.history[-1] if term != "epoch"))
    rows = []
    for name, result in trained.items():
        last = result.history[-1]
        least = {term: min(result.history, key=lambda row, term=term: row[term]) for term in terms if term in last}
        at_least = [f"{short(least[term][term])} ({least[term]['epoch']})" if term in least else "" for term in terms]
        rows.append([_code(name), "least (epoch)", *at_least])
        rows.append(["", f"epoch {last['epoch']}", *(short(last[term]) if term in last else "" for term in terms)])
    return markdown_table(["", "", *(term.replace("_", " ") for term in terms)], rows)


def all_morphs_table(results: Results) -> str:
    """Return the scores of the morphs between all pairs of classes; an empty text where none were scored."""
    scored = {name: morphs_table(each.report["morphs"])[1] for name, each in results.items() if _has_morphs(each)}
    rows = []
    for title in dict.fromkeys(row[0] for of_result in scored.values() for row in of_result):
        found = [next((row for row in of_result if row[0] == title), None) for of_result in scored.values()]
        rows.append([title, *(f"{row[1]} / {row[2]}, {row[3]}" if row else UNKNOWN for row in found)])
    return markdown_table(["", *map(_code, scored)], rows) if scored else ""


def _has_morphs(result: Result | None) -> bool:
    return result is not None and "morphs" in result.report


def tried_table(planned: Iterable[Experiment], results: Mapping[str, Result]) -> str:
    """Return what each experiment changed and its figures: planned experiments first, then any other results."""
    planned = {each.name: each for each in planned}
    # Centres of the test set, as Table 3 has them.
    shown = ("epochs", _ONE_NN, *list(READINGS.values())[:3], _SNR_TEST)
    rows = []
    for name in [*planned, *(name for name in results if name not in planned)]:
        result = results.get(name)
        preset, changes = (
            (result.experiment["preset"], result.experiment["changes"])
            if result
            else (planned[name].preset, planned[name].changes)
        )
        last = result.history[-1] if result and result.history else {}
        losses = [short(last.get(term)) for term in ("likelihood", "kl", "cross_entropy")] if result else [""] * 3
        figures = dict(zip(_FIGURES, _figures(name, result), strict=True))
        rows.append([_code(name), _code(preset), _changes(changes), *(figures[title] for title in shown), *losses])
    return markdown_table(["", "preset", "change", *shown, "likelihood", "KL", "cross-entropy"], rows)


def _changes(changes: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{_code(name)} {value}" for name, value in _leaves(changes)) or "none"


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each name and value, without the parts of the config that they lie in."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield name, value


def making_table(results: Mapping[str, Result]) -> str:
    """Return how each result was made: epochs, seed, time, git commits, command."""
    rows = [
        [
            _code(name),
            each.epochs_shown,
            str(each.report["seed"]),
            _wall_time(each),
            _commit(each.made_with),
            _commit(each.report["made_with"]),
            _code(f"audio-vae reproduce --only {name}"),
        ]
        for name, each in results.items()
    ]
    return markdown_table(
        ["", "epochs", "seed", "wall time of the training", "trained at", "evaluated at", "command"], rows
    )


def _commit(made_with: Mapping[str, Any]) -> str:
    return _code(made_with["git_commit"][:12]) if made_with["git_commit"] else UNKNOWN


def _wall_time(result: Result) -> str:
    """Return how long the epochs took, by machine; older trainings noted only some of them."""
    seconds: dict[str, float] = {}
    for row in result.times:
        seconds[row["machine"]] = seconds.get(row["machine"], 0.0) + row["seconds"]
    if not seconds:
        return "not noted"
    said = "; ".join(f"{duration(each)} on {machine}" for machine, each in seconds.items())
    n_noted = len({row["epoch"] for row in result.times})
    return said if n_noted >= result.epochs_done else f"{said} ({n_noted} of {result.epochs_done} epochs noted)"


def versions_lines(results: Mapping[str, Result]) -> list[str]:
    """Return the versions that trained each result."""
    found: dict[str, list[str]] = {}
    for name, result in results.items():
        made = result.made_with
        packages = ", ".join(f"{package} {version}" for package, version in made["packages"].items() if version)
        text = f"audio-vae {made['audio-vae']}, Python {made['python']}, {packages}, on {made['platform']}"
        found.setdefault(text, []).append(_code(name))
    return [f"{', '.join(names)}: {text}." for text, names in found.items()]


def pictures_tables(results: Results, file_name: str) -> list[str]:
    """Return one picture of each result as tables, a few side by side in each."""
    cells = {}
    for name, result in results.items():
        picture = result.picture(file_name) if result else None
        title = _code(name) + (f" ({result.epochs_shown} epochs)" if result else "")
        cells[title] = f"![{name}]({picture})" if picture else f"*{NO_RESULT if result is None else 'no picture'}*"
    titles = list(cells)
    parts = [titles[start : start + _PICTURES_SIDE_BY_SIDE] for start in range(0, len(titles), _PICTURES_SIDE_BY_SIDE)]
    return [markdown_table(part, [[cells[title] for title in part]]) for part in parts]


def _code(text: str) -> str:
    return f"`{text}`"


def _cell(value: Mapping[str, float | None] | None) -> str:
    return mean_and_std(value["mean"], value["std"]) if value else UNKNOWN
