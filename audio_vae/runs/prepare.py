"""Prepare a run: choose its config and read its sounds into the run folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audio_vae.config import Config
from audio_vae.data.dataset import Dataset, Prepared
from audio_vae.data.fingerprints import changes, fingerprint, fingerprints
from audio_vae.data.sound_set import SoundSet, class_sizes
from audio_vae.presets import with_audio
from audio_vae.runs.card import CARD_NAME
from audio_vae.runs.create import create_run, refuse_changes, remove_leftovers, require_free
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run, is_run, open_run
from audio_vae.runs.settings import TRAINING_OPTIONS, with_settings
from audio_vae.runs.streams import mend_shards, new_store, passing_store, require_same_storage
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import read_json, write_json
from audio_vae.utils.names import composed

_PREPARED = ("prepare.json", "sounds.npz")


def run_config(dataset: Dataset, path: Path, **given: Any) -> Config:
    """Return the config of the run in a folder, or of a new one.

    Args:
        dataset: the data set of the run.
        path: where the run is, or is to be.
        given: the options that were given: `preset`, `TRAINING_OPTIONS` and options of `Dataset.make_config`. All
            others are as in the run, or the defaults of a new one.

    Raises:
        UserError: the run was made with another value of a given option other than `epochs`.
    """
    if is_run(path):
        return _config_of_run(dataset, path, **given)
    training = {name: given.pop(name) for name in TRAINING_OPTIONS if name in given}
    config = dataset.make_config(**given)
    return dataclasses.replace(config, training=dataclasses.replace(config.training, **training))


def _config_of_run(dataset: Dataset, path: Path, epochs: int | None = None, **given: Any) -> Config:
    """Return the config of an existing run, with more or fewer epochs if they are given."""
    run = open_run(path, dataset.name)
    config = run.config
    made_with = {"preset": config.preset, **dataclasses.asdict(config.training), **dataset.options(config)}
    refuse_changes(
        path,
        [
            f"{name} is {made_with.get(name)!r}, not {value!r}"
            for name, value in given.items()
            if _plain(value) != _plain(made_with.get(name))
        ],
    )
    # Never fewer epochs than are done.
    epochs = max(epochs, run.epochs_done()) if epochs else config.training.epochs
    return dataclasses.replace(config, training=dataclasses.replace(config.training, epochs=epochs))


def prepare_run(
    dataset: Dataset,
    path: Path,
    config: Config,
    data: Path | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    stream: bool | None = None,
    every_shard: bool = False,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> tuple[Run, dict[str, Any]]:
    """Read the sounds of a data set into a run folder, or open one that was prepared with the same settings.

    Args:
        dataset: the data set.
        path: the run folder.
        config: the config of the run.
        data: the folder of the sounds; `None` takes those that the data set brings along, or those of the run.
        settings: values in place of the config's, also of what is chosen from the sounds; see `settings.with_settings`.
        stream: whether to keep the sounds in shards (`data.shards`), which are read while the model is trained; `None`
            decides by the memory that they would take, or as in the run.
        every_shard: compare the hashes of all shards that are there, not only of those that seem to have changed.
        show_progress: draw a progress bar.
        say: receives lines on the progress of shards if no bar is drawn.

    Returns:
        The run, and the values of its `prepare.json`: `data` (the folder), `classes` (numbers of sounds),
        `refused` (files that are left out), `labels` (how the labels were found) and `files` (what the folder held).

    Raises:
        UserError: the folder holds another run or a pretrained model, another process writes into it, a setting or
            the sounds cannot be used, or `data` does not hold the sounds that the run was made from.
    """
    settings = settings or {}
    # Before the sounds are looked at, which takes a while.
    with_settings(config, settings)
    if (path / CARD_NAME).is_file():
        raise UserError(f"{path} is a pretrained model, which stays as it is: choose another --run")
    with locked(path):
        remove_leftovers(path)
        config = with_settings(_with_choices(dataset, path, config, data), settings)
        if not is_run(path) or not all((path / name).is_file() for name in _PREPARED):
            return _prepare_new(dataset, path, config, data, stream, show_progress=show_progress, say=say)
        run, found = Run(path, config), _read_found(path / "prepare.json")
        require_free(path, config)
        require_same_storage(run, stream)
        if data:
            _require_same_sounds(dataset, run, data, found)
        mend_shards(dataset, run, data, found, every=every_shard, show_progress=show_progress, say=say)
        return create_run(path, config), found


def _with_choices(dataset: Dataset, path: Path, config: Config, data: Path | None) -> Config:
    """Return the config with what the sounds decide: as in the run, or chosen from the sounds of a new one."""
    if is_run(path):
        # The number of classes, the rate and the length came from the sounds and are those of the existing run.
        old = open_run(path, dataset.name).config
        config = _with_classes(config, old.model.n_classes)
        if dataset.choose and config.data == old.data and config.audio != old.audio:
            config = with_audio(config, old.audio, classifier_units=old.model.classifier_units)
    elif dataset.choose:
        config = dataset.choose(config, data)
    return config


def _prepare_new(
    dataset: Dataset,
    path: Path,
    config: Config,
    data: Path | None,
    stream: bool | None,
    *,
    show_progress: bool,
    say: Callable[[str], None] | None,
) -> tuple[Run, dict[str, Any]]:
    require_free(path, config)
    items = dataset.find(config, data, show_progress=show_progress)
    store = new_store(Run(path, config), len(items), stream, say)
    if store:
        # A large library is not listed twice at once.
        del items
        prepared = dataset.prepare(config, data, show_progress=show_progress, store=store)
        files = store.fingerprints()
        for item in dataset.find(config, data):
            if item.path is not None and item.name not in files:
                files[item.name] = fingerprint(item.path)
    else:
        # Taken before the sounds are read: what changes meanwhile is noticed the next time. Shards do the same.
        files = fingerprints(items)
        prepared = dataset.prepare(config, data, show_progress=show_progress)
    if config.model.n_classes:
        config = _with_classes(config, len(prepared.sounds.class_names))
    require_free(path, config)
    run = Run(path, config)
    prepared.sounds.save(run.sounds_path)
    found = {"data": str(data.resolve()) if data else None, **_described(prepared), "files": files}
    write_json(path / "prepare.json", found)
    # The config comes last, so that every run has its sounds; a preparation that was killed is done again.
    return create_run(path, config), found


def _read_found(path: Path) -> dict[str, Any]:
    """Return the values of a prepare.json.

    Raises:
        UserError: it is damaged.
    """
    try:
        found = read_json(path)
        # So that what is damaged is noticed here, not where it is used.
        _ = found["data"], list(found_lines(found)), list(left_out_lines(found)), dict(found.get("files") or {})
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise_system_problem(error)
        raise UserError(
            f"{path} cannot be read ({one_line(error)}): remove it and name the folder of the sounds with --data, "
            "or choose another --run"
        ) from error
    return found


def _require_same_sounds(dataset: Dataset, run: Run, data: Path, found: Mapping[str, Any]) -> None:
    """Check that a folder still holds the sounds that a run was made from; it may be another folder with the same.

    Raises:
        UserError: it does not.
    """
    is_same_folder = str(data.resolve()) == found["data"]
    if is_same_folder and not data.exists():
        # The run has its own copy of the sounds, and a training goes on where their disk is not there.
        return
    is_trained = run.model_path.exists() or run.checkpoints()
    again = "prepare them in" if is_trained else f"remove {run.path}, in which nothing is trained yet, or choose"
    advice = f"leave --data out to go on with the sounds that the run has, or {again} another --run"
    before = found.get("files")
    if before is None and is_same_folder:
        # Runs of old versions have no fingerprints: then the names are compared.
        names = [*run.sounds.names, *(each["name"] for each in found["refused"])]
        before = {composed(name): {} for name in names}
    if not before:
        raise UserError(
            f"{run.path} was made from the sounds in {found['data'] or 'the default data'}, not from {data}: {advice}"
        )
    # The data folder may hold the run, and with it the sounds of its report and morphs.
    own = os.path.realpath(run.path) + os.sep
    items = [each for each in dataset.find(run.config, data) if not os.path.realpath(each.path).startswith(own)]
    changed = changes(before, items)
    if changed:
        raise UserError(f"{data} does not hold the sounds that {run.path} was made from ({changed}): {advice}")


@contextmanager
def sounds_of_run(
    dataset: Dataset,
    run: Run,
    data: Path | None,
    *,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> Iterator[SoundSet]:
    """Yield the run's own sounds, or those of another folder, read as the run's config says.

    The sounds of a large folder are in shards, in the system's folder for temporary files, until the block ends.

    Args:
        dataset: the data set of the run.
        run: the run.
        data: the other folder; `None` takes the run's own sounds.
        show_progress: draw a progress bar.
        say: receives lines on the progress of shards if no bar is drawn.

    Raises:
        UserError: the folder's sounds cannot be used, or have other classes than the run's.
    """
    if data is None:
        yield run.sounds
        return
    with passing_store(run, len(dataset.find(run.config, data)), say) as store:
        sounds = dataset.prepare(run.config, data, show_progress=show_progress, store=store).sounds
        if sounds.class_names != run.sounds.class_names:
            raise UserError(
                f"the sounds in {data} have the classes {', '.join(sounds.class_names)}, "
                f"the model in {run.path} has {', '.join(run.sounds.class_names)}: choose another --data or --run"
            )
        yield sounds


def found_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `prepare_run` found as lines of text, without the files that are left out."""
    counts = found["classes"].values()
    n_train, n_test = sum(each["train"] for each in counts), sum(each["test"] for each in counts)
    classes = ", ".join(f"{label} {each['train'] + each['test']}" for label, each in found["classes"].items())
    yield f"{n_train} training and {n_test} test sounds ({classes})"
    # Sounds that are synthesised are not decoded, and runs of old versions do not say.
    if found.get("decoder"):
        yield f"decoded by {found['decoder']}"
    labels = found["labels"]
    if "model" in labels:
        yield f"model: {labels['model']}"
    if labels.get("hint"):
        yield f"the classes are the folders in {labels['data']}; {labels['hint']}"
    for name, contents in labels.get("contents", {}).items():
        # The names of sounds need not tell what they are.
        if contents:
            yield f"  {name}: " + ", ".join(f"{kind} {count}" for kind, count in contents.items())
    if labels.get("adjusted_rand_index") is not None:
        yield f"Agreement of clusters and names: adjusted Rand index {labels['adjusted_rand_index']:.2f}"


def left_out_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line with the reason for each file that `prepare_run` left out."""
    for each in found["refused"]:
        yield f"left out: {each['name']}: {each['reason']}"


def _described(prepared: Prepared) -> dict[str, Any]:
    """Return the sounds of each class, the refused files and how the labels were found, as JSON values."""
    sizes = class_sizes(prepared.sounds)
    return {
        "classes": {name: {part: each[part] for part in ("train", "test")} for name, each in sizes.items()},
        "refused": [{"name": each.name, "reason": each.reason} for each in prepared.refusals],
        "labels": prepared.labels_report,
        "decoder": prepared.decoder,
    }


def _plain(value: Any) -> Any:
    """Return an option's value for comparison: neither the order of names nor how accents are stored matters."""
    if isinstance(value, tuple | list):
        return sorted({_plain(each) for each in value})
    return composed(value) if isinstance(value, str) else value


def _with_classes(config: Config, n_classes: int) -> Config:
    """Return the config for another number of classes; hidden layers as wide as that number change with it."""
    model = config.model
    units = tuple(n_classes if units == model.n_classes else units for units in model.classifier_units)
    return dataclasses.replace(config, model=dataclasses.replace(model, n_classes=n_classes, classifier_units=units))
