"""Find, list and open the pretrained models that come with the package; imports neither Keras nor TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from audio_vae.runs.card import CARD_NAME, Card, read_card
from audio_vae.runs.run import Run, is_run, open_run, read_config
from audio_vae.utils.errors import UserError
from audio_vae.utils.tables import formatted, human_size, percent, text_table

FOLDER = Path(__file__).parent
"""Holds a folder for each model, and LICENSES.md."""

_LONGEST_LIST = 30
"""Letters of a list of classes in the table."""

_FIGURES: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "fidelity": ("fidelity_db", partial(formatted, form="{:.1f} dB")),
    "nearest other": ("nearest_other_db", partial(formatted, form="{:.1f} dB")),
    "nearer": ("better_than_nearest", partial(percent, places=0)),
    "attack": ("peak_time_error_ms", partial(formatted, form="{:.1f} ms")),
}
"""Heading in the table → a card's figure of test sounds, and how it is written."""


def names() -> list[str]:
    """Return the names of all pretrained models."""
    return sorted(path.parent.name for path in FOLDER.glob(f"[!.]*/{CARD_NAME}"))


def path_of(name: str) -> Path:
    """Return a model's folder.

    Raises:
        UserError: there is no pretrained model of that name.
    """
    if name not in names():
        known = f"choose one of {', '.join(names())}" if names() else "none comes with it, train your own"
        raise UserError(f"no model {name!r} comes with audio-vae: {known} (audio-vae models)")
    return FOLDER / name


def default_name(dataset: str) -> str | None:
    """Return the pretrained model that stands in for a missing run of a data set, or `None` if there is none."""
    return dataset if dataset in names() else None


def open_trained(
    dataset: str,
    run_path: Path | None = None,
    model: str | None = None,
    warn: Callable[[str], None] = print,
) -> Run:
    """Open a run, or a pretrained model.

    Args:
        dataset: name of the data set that it was trained on.
        run_path: the run folder; `None` takes `runs/<dataset>`, or the pretrained model if there is no run.
        model: name of a pretrained model; `run_path` is then ignored.
        warn: receives a line if a pretrained model is taken because there is no run.

    Raises:
        UserError: there is no such run or model, or it was trained on another data set.
    """
    default = Path("runs", dataset)
    if model is None and run_path is None and not is_run(default):
        model = default_name(dataset)
        if model is not None:
            warn(
                f"no run in {default}: using the pretrained model that comes with audio-vae (audio-vae models); "
                f"train your own: audio-vae {dataset} train"
            )
    return open_run(path_of(model) if model is not None else run_path or default, dataset)


def run_named(name: str | os.PathLike) -> Run:
    """Open a pretrained model by its name, or a run folder by its path, of whatever data set.

    A `Path` is a folder, and never a pretrained model.

    Raises:
        UserError: there is neither, or the folder is no run folder.
    """
    text = os.fspath(name)
    if text in names() and not isinstance(name, os.PathLike):
        path = path_of(text)
    elif text and Path(text).is_dir():
        path = Path(text)
    else:
        known = ", ".join(names())
        raise UserError(f"{text!r} is neither a pretrained model ({known}) nor a run folder: give one of them")
    return Run(path, read_config(path))


def size_bytes(path: Path) -> int:
    """Return the size of all files in a model's folder."""
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def to_dict(path: Path) -> dict[str, Any]:
    """Return the card of the model in a folder as JSON values, without the centres but with size and path.

    Raises:
        UserError: the card is damaged.
    """
    values = read_card(path).to_dict()
    del values["centres_by_name"]
    return {**values, "size_bytes": size_bytes(path), "path": str(path)}


def table_lines(paths: Sequence[Path]) -> list[str]:
    """Return a table of the models in some folders, followed by what each was trained on, line by line.

    Raises:
        UserError: a card is damaged.
    """
    cards = [read_card(path) for path in paths]
    rows = [["model", "data", "classes", "rate", "length", "size", "1-NN", "deviation", *_FIGURES, "licence"]]
    for path, card in zip(paths, cards, strict=True):
        rows.append(
            [
                card.name,
                card.dataset,
                _classes(card.class_names),
                f"{card.rate_hz} Hz",
                f"{card.n_samples / card.rate_hz:.2f} s",
                human_size(size_bytes(path)),
                percent(card.one_nn_accuracy, 1),
                formatted(card.mfcc_dtw_deviation, "{:.3f}"),
                *(text_of(getattr(card, name)) for name, text_of in _FIGURES.values()),
                card.licence,
            ]
        )
    return [*text_table(rows), *(line for card in cards for line in _source_lines(card))]


def _classes(class_names: Sequence[str]) -> str:
    joined = ", ".join(class_names)
    return joined if len(joined) <= _LONGEST_LIST else f"{len(class_names)}: {joined[:_LONGEST_LIST]}…"


def _source_lines(card: Card) -> Iterator[str]:
    yield ""
    yield f"{card.name} was trained on"
    yield from (f"  {credit}" for credit in card.sources)
