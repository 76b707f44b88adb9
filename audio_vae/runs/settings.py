"""Single values of a config that a user gives by name, such as `model.dense_output=true`."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from audio_vae.config import Config
from audio_vae.model_config import with_values
from audio_vae.utils.errors import UserError, one_line

TRAINING_OPTIONS = ("epochs", "batch_size", "seed", "precision")
"""Fields of `TrainingConfig` that have an option of their own."""

WITH_OPTIONS = {f"training.{name}": f"--{name.replace('_', '-')}" for name in TRAINING_OPTIONS}
"""Setting → the option that it has of its own, which knows what becomes of it where a training goes on."""

_PARTS = ("audio", "model", "loss", "augmentation", "training")
"""Parts of a config with settings; all else in it is made by the data set's options."""


def parsed(words: Iterable[str]) -> dict[str, Any]:
    """Return settings as they are on a command line, `NAME=VALUE`, as name → value.

    Values are JSON (`true`, `0.5`, `null`, `[64, 64]`); what is not JSON is text.

    Raises:
        UserError: there is no `=` in one.
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--set {word} gives no value: write --set {word}=VALUE")
        try:
            found[name.strip()] = _as_tuples(json.loads(value))
        except ValueError:
            found[name.strip()] = value
    return found


def with_settings(config: Config, settings: Mapping[str, Any]) -> Config:
    """Return a config with other values of some settings.

    Args:
        config: the config; it stays as it is.
        settings: name, with dots between a part and what is in it (`training.averages`, `model.cc.filters`) → value.

    Raises:
        UserError: a setting does not exist, has an option of its own, or cannot have the value.
    """
    hints = dict(_hints(Config))
    values: dict[str, Any] = {}
    for name, value in settings.items():
        _require_setting(name, value, hints)
        *parts, last = name.split(".")
        part = values
        for each in parts:
            part = part.setdefault(each, {})
        part[last] = value
    try:
        return with_values(config, values)
    except ValueError as error:
        given = ", ".join(f"{name}={value}" for name, value in settings.items())
        raise UserError(f"these settings do not make a model ({given}): {one_line(error)}") from error


def _require_setting(name: str, value: Any, hints: Mapping[str, Any]) -> None:
    if name not in hints:
        near = [each for each in hints if each.endswith(f".{name}")] or difflib.get_close_matches(name, hints, n=1)
        advice = f"did you mean {' or '.join(near)}?" if near else "config.json of a run holds all settings"
        raise UserError(f"there is no setting {name}: {advice}")
    if name in WITH_OPTIONS:
        raise UserError(f"{name} has an option of its own: use {WITH_OPTIONS[name]}")
    if name == "model.n_classes" and value != 0:
        raise UserError("model.n_classes is the number of classes of the sounds: only 0, no classifier, can be set")
    if not _fits(value, hints[name]):
        raise UserError(f"{name} cannot be {json.dumps(value)}: it is {_in_words(hints[name])}")


def _hints(kind: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the names of all settings with the types of their values."""
    for name, hint in get_type_hints(kind).items():
        if dataclasses.is_dataclass(hint):
            yield from _hints(hint, f"{prefix}{name}.")
        elif prefix.startswith(_PARTS):
            yield f"{prefix}{name}", hint


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(each, get_args(hint)[0]) for each in value)
    if hint in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, int | float if hint is float else hint)


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", NoneType: "null"}


def _in_words(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(map(_in_words, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"a list in brackets, each of it {_in_words(get_args(hint)[0])}"
    return _WORDS[hint]


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
