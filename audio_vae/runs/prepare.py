"""What can be done with a data set, the same for each: prepare, train, evaluate, morph.

A data set package (`audio_vae.digits`, `audio_vae.drums`) declares a `Dataset`; everything
else is here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_vae.config import Config, with_audio
from audio_vae.data.sound_set import Prepared, class_sizes
from audio_vae.runs.card import CARD_NAME, Source
from audio_vae.runs.lock import locked
from audio_vae.runs.run import Run, create_run, open_run, refuse_changes, remove_leftovers, require_free
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json

TRAINING_OPTIONS = ("epochs", "batch_size", "seed", "precision")
"""Options of the command line that are values of `TrainingConfig`."""


@dataclass(frozen=True)
class Dataset:
    """A kind of sounds that models are trained on.

    Attributes:
        name: in the command line and in config.json.
        make_config: `(preset, **options)` → `Config`.
        options: `Config` → the options of `make_config` that it was made with.
        prepare: `(config, data folder or None, show_progress)` → `Prepared`.
        choose: `(config, data folder or None)` → the config with what only the sounds can tell (rate,
            length); `None` where the config tells all.
        sources: what pretrained models may be trained on; none where nobody knows the sounds' licence.
    """

    name: str
    make_config: Callable[..., Config]
    prepare: Callable[..., Prepared]
    choose: Callable[[Config, Path | None], Config] | None = None
    options: Callable[[Config], dict[str, Any]] = lambda config: {}
    sources: tuple[Source, ...] = ()

    def config(self, path: Path, **given: Any) -> Config:
        """Return the config of the run in a folder, or of a new one.

        Args:
            path: where the run is, or is to be.
            given: what was asked for: `preset`, `TRAINING_OPTIONS` and options of `make_config`. What is left out
                is as in the run, or the default.

        Raises:
            UserError: the run was made with another value of a given option, `epochs` apart.
        """
        if (path / "config.json").is_file():
            return self._config_of_run(path, **given)
        training = {name: given.pop(name) for name in TRAINING_OPTIONS if name in given}
        config = self.make_config(**given)
        return dataclasses.replace(config, training=dataclasses.replace(config.training, **training))

    def _config_of_run(self, path: Path, epochs: int | None = None, **given: Any) -> Config:
        run = open_run(path, self.name)
        config = run.config
        made_with = {"preset": config.preset, **dataclasses.asdict(config.training), **self.options(config)}
        refuse_changes(
            path,
            [
                f"{name} is {made_with.get(name)!r}, not {value!r}"
                for name, value in given.items()
                if _plain(value) != _plain(made_with.get(name))
            ],
        )
        # Epochs that are done stay done.
        epochs = max(epochs, run.epochs_done()) if epochs else config.training.epochs
        return dataclasses.replace(config, training=dataclasses.replace(config.training, epochs=epochs))

    def prepare_run(
        self, path: Path, config: Config, data: Path | None = None, *, show_progress: bool = False
    ) -> tuple[Run, dict[str, Any]]:
        """Read the sounds into a run folder; one that is there already with the same settings is kept.

        Returns:
            The run, and what was found: counts per class, refused files, how labels came about.

        Raises:
            UserError: the folder holds another run or a pretrained model or another process writes into it, or the
                sounds cannot be used.
        """
        if (path / CARD_NAME).is_file():
            raise UserError(f"{path} is a pretrained model, which stays as it is: choose another --run")
        with locked(path):
            remove_leftovers(path)
            return self._prepare_locked(path, config, data, show_progress=show_progress)

    def _prepare_locked(
        self, path: Path, config: Config, data: Path | None, *, show_progress: bool
    ) -> tuple[Run, dict[str, Any]]:
        is_run = (path / "config.json").is_file()
        if is_run:
            # What came from the sounds (folder labels, rate and length) is the old run's.
            old = open_run(path, self.name).config
            config = _with_classes(config, old.model.n_classes)
            if self.choose and config.data == old.data:
                config = with_audio(config, old.audio, classifier_units=old.model.classifier_units)
        elif self.choose:
            config = self.choose(config, data)
        found_path = path / "prepare.json"
        source = str(data.resolve()) if data else None
        if is_run and found_path.is_file() and (path / "sounds.npz").is_file():
            run = create_run(path, config)
            found = json.loads(found_path.read_text(encoding="utf-8"))
            if source and source != found["data"]:
                raise UserError(
                    f"{path} was made from the sounds in {found['data'] or 'the default data'}, not from {source}: "
                    "choose another --run"
                )
            return run, found
        require_free(path, config)
        prepared = self.prepare(config, data, show_progress=show_progress)
        if config.model.n_classes:
            config = _with_classes(config, len(prepared.sounds.class_names))
        require_free(path, config)
        run = Run(path, config)
        prepared.sounds.save(run.sounds_path)
        found = {"data": source, **describe(prepared)}
        write_json(found_path, found)
        # Last, so that what is a run has its sounds: a preparation that was killed is simply done again.
        return create_run(path, config), found

    def open(self, path: Path) -> Run:
        """Open a run of this data set."""
        return open_run(path, self.name)

    def sounds(self, run: Run, data: Path | None, *, show_progress: bool = False):
        """Return the run's own sounds, or those of another folder read by the run's config."""
        if data is None:
            return run.sounds
        sounds = self.prepare(run.config, data, show_progress=show_progress).sounds
        if sounds.class_names != run.sounds.class_names:
            raise UserError(
                f"the sounds in {data} have the classes {', '.join(sounds.class_names)}, "
                f"the model in {run.path} has {', '.join(run.sounds.class_names)}: choose another --data or --run"
            )
        return sounds


def describe(prepared: Prepared) -> dict[str, Any]:
    """Return what was found in a folder, as JSON values."""
    sizes = class_sizes(prepared.sounds)
    return {
        "classes": {name: {part: each[part] for part in ("train", "test")} for name, each in sizes.items()},
        "refused": [{"name": each.name, "reason": each.reason} for each in prepared.refusals],
        "labels": prepared.labels_report,
    }


def _plain(value: Any) -> Any:
    """Return an option's value so that equal choices are equal: several names count in any order."""
    return sorted(set(value)) if isinstance(value, tuple | list) else value


def _with_classes(config: Config, n_classes: int) -> Config:
    """Return the config for another number of classes; hidden layers that were as wide as it stay so."""
    model = config.model
    units = tuple(n_classes if units == model.n_classes else units for units in model.classifier_units)
    return dataclasses.replace(config, model=dataclasses.replace(model, n_classes=n_classes, classifier_units=units))
