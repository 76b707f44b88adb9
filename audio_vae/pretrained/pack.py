"""Make a pretrained model from a finished run: without the training state, and with only a few of its sounds.

For those who make releases; see CONTRIBUTING.md. `runs.card` says what the folder holds.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae import __version__
from audio_vae.backend.keras_backend import standard_settings
from audio_vae.data.sound_set import SoundSet, evenly_spaced
from audio_vae.data.sources import Source, credits_of
from audio_vae.models.weights import rounded_to_float16
from audio_vae.pretrained import catalog
from audio_vae.runs.card import CARD_NAME, Card, Centre
from audio_vae.runs.latents import centre_name, class_centre, save_latents, training_means
from audio_vae.runs.run import CONFIG_NAME, Run
from audio_vae.utils.errors import UserError, one_line, raise_system_problem
from audio_vae.utils.files import read_json, safe_name, write_json
from audio_vae.utils.folders import atomic_folder
from audio_vae.utils.tables import human_size

LICENCE = "CC BY-SA 4.0"
"""Licence of a model and of the sounds in its folder. Sounds under CC BY-SA, in any version, require it."""

MOST_BYTES = 8_000_000
"""Largest size of a model's folder."""

N_TRAIN_SOUNDS = 4
N_TEST_SOUNDS = 2
"""Sounds of each class that are packed with a model, besides those nearest to a centre."""

_N_CHECKED = 4
"""Sounds whose results are stored in check.npz."""


@standard_settings()
def pack(run: Run, sources: Sequence[Source], name: str | None = None, out: Path | None = None) -> Run:
    """Write the folder of a pretrained model, complete or not at all; an older one is replaced.

    The weights are rounded to float16 values, which halves the file. The card says what error this causes.

    Args:
        run: a run that is trained to its last epoch and evaluated on its own sounds.
        sources: the sources that its sounds may come from.
        name: name of the model; `None` takes that of the data set.
        out: the folder in which the model's folder is made; `None` takes that of the package.

    Returns:
        The pretrained model.

    Raises:
        UserError: the run is not finished or not evaluated, a sound comes from no known source, the name cannot
            be that of a folder, or the folder would be larger than `MOST_BYTES`.
    """
    name = name or run.config.dataset
    if safe_name(name) != name:
        raise UserError(f"{name!r} cannot be the name of a model: give letters, digits, . - and _ with --name")
    report = _report_of(run)
    sounds = run.sounds
    credits = credits_of(sounds.names, sources)
    folder = (out or catalog.FOLDER) / name
    with atomic_folder(folder, CARD_NAME) as part:
        packed = Run(part, run.config)
        error = _write_model(run, packed)
        shutil.copyfile(run.config_path, part / CONFIG_NAME)
        packed.history_path.parent.mkdir()
        shutil.copyfile(run.history_path, packed.history_path)
        save_latents(packed, sounds)
        centres = _centres(packed, sounds)
        _selection(sounds, centres.values()).save(packed.sounds_path, as_int16=True)
        np.savez_compressed(part / "check.npz", **_computed(packed))
        times = run.epoch_times()
        card = Card(
            name=name,
            dataset=run.config.dataset,
            preset=run.config.preset,
            licence=LICENCE,
            sources=credits,
            class_names=sounds.class_names,
            rate_hz=run.config.audio.rate_hz,
            n_samples=run.config.audio.n_samples,
            epochs=run.epochs_done(),
            training_s=sum(each["seconds"] for each in times) if times else None,
            trained_on=tuple(dict.fromkeys(each["machine"] for each in times)),
            **{key: report[key] for key in ("n_train", "n_test", "one_nn_accuracy")},
            **{
                key: report[key]["average"]["mean"]
                for key in ("mfcc_dtw_deviation", "mfcc_dtw_deviation_train_centres")
            },
            rounding_error=error,
            package_version=__version__,
            centres_by_name={key: centre.to_dict() for key, centre in centres.items()},
            **_figures_of_test(report),
        )
        write_json(part / CARD_NAME, card.to_dict())
        n_bytes = catalog.size_bytes(part)
        if n_bytes > MOST_BYTES:
            raise UserError(
                f"{folder} would be {human_size(n_bytes)} large, {human_size(MOST_BYTES)} is the most: "
                "train a smaller network"
            )
    return Run(folder, run.config)


def differences(packed: Run) -> dict[str, float]:
    """Return how much the results of a pretrained model differ from those when it was packed.

    Returns:
        `means` and `decoded`: the largest difference of the posterior means and of the decoded sounds, each
        relative to the largest value.

    Raises:
        UserError: check.npz, which holds the results from then, is missing or damaged.
    """
    path = packed.path / "check.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            expected = {name: stored[name] for name in ("latents", "means", "decoded")}
    # A damaged file raises one of a dozen exceptions.
    except Exception as error:
        raise_system_problem(error)
        raise UserError(f"{path} cannot be read ({one_line(error)}): install audio-vae again") from error
    received = _computed(packed, expected["latents"])
    return {
        name: float(np.abs(received[name] - expected[name]).max() / np.abs(expected[name]).max())
        for name in ("means", "decoded")
    }


def summary_lines(packed: Run) -> list[str]:
    """Return what was packed as text: figures, size, what it was trained on, and the error of the rounding."""
    card = packed.card
    return [
        *catalog.table_lines([packed.path]),
        "",
        f"{len(packed.sounds)} of {card.n_train + card.n_test} sounds beside it, weights in float16 "
        f"(decoded sounds change by {card.rounding_error:.1e} of their peak)",
    ]


def _report_of(run: Run) -> dict[str, Any]:
    """Return the run's report.json after checking that it belongs to this model and these sounds."""
    done, planned = run.epochs_done(), run.config.training.epochs
    if done < planned:
        raise UserError(f"{run.path} is trained for {done} of {planned} epochs: finish it ({run.train_command()})")
    evaluate = f"audio-vae {run.config.dataset} evaluate --run {run.path}"
    path = run.path / "report" / "report.json"
    try:
        report = read_json(path)
        is_of_run = report["epochs"] == done and report["n_train"] + report["n_test"] == len(run.sounds)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({one_line(error)}): evaluate the run first ({evaluate})") from error
    if not is_of_run:
        raise UserError(f"{path} is of other sounds or another epoch: evaluate the run again ({evaluate})")
    return report


def _figures_of_test(report: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the card's figures of test sounds; `None` where an older version wrote the report."""
    of_test = {
        key: report.get(key, {}).get("test")
        for key in ("fidelity_db", "nearest_other_db", "better_than_nearest", "peak_time_error_ms")
    }
    return {key: value["median"] if isinstance(value, dict) else value for key, value in of_test.items()}


def _centres(packed: Run, sounds: SoundSet) -> dict[str, Centre]:
    """Return the centre of every class, and of every group's sounds of a class, by name."""
    groups = [None, *sorted(set(sounds.groups) - {""})]
    found = {
        centre_name(class_name, group): class_centre(packed, sounds, class_name, group)
        for group in groups
        for class_name in sounds.class_names
    }
    return {name: centre for name, centre in found.items() if centre}


def _selection(sounds: SoundSet, centres: Iterable[Centre]) -> SoundSet:
    """Return some sounds of each class, evenly spaced, and those nearest to a centre, in their order."""
    nearest = {sounds.names.index(centre.nearest) for centre in centres}
    chosen = set(nearest)
    for label in range(len(sounds.class_names)):
        members = sounds.of_class(label)
        is_test = sounds.is_test[members]
        for of_set, most in ((members[~is_test], N_TRAIN_SOUNDS), (members[is_test], N_TEST_SOUNDS)):
            if len(of_set):
                chosen |= set(of_set[evenly_spaced(len(of_set), most)].tolist())
    return sounds.take(np.array(sorted(chosen)))


def _write_model(run: Run, packed: Run) -> float:
    """Write the model without its optimizers and with rounded weights.

    Returns:
        Largest change of a decoded sound that the rounding causes, relative to the sound's peak.
    """
    model = run.model
    weights = rounded_to_float16(model.get_weights())
    if not all(np.isfinite(each).all() for each in weights):
        raise UserError(f"a weight of {run.model_path} is too large for float16: its training diverged, train it again")
    written = packed.path / "written.keras"
    model.bare(weights).save(written)
    # Keras writes uncompressed zip files and reads compressed ones. Rounded weights, which end in zero bits,
    # compress well.
    with zipfile.ZipFile(written) as stored, zipfile.ZipFile(packed.model_path, "w", zipfile.ZIP_DEFLATED) as made:
        for each in stored.namelist():
            made.writestr(each, stored.read(each), compresslevel=9)
    written.unlink()
    latents = training_means(run)[:_N_CHECKED]
    before, after = run.decode(latents), packed.decode(latents)
    return float((np.abs(after - before).max(axis=1) / np.abs(before).max(axis=1)).max())


def _computed(packed: Run, latents: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return the posterior means of some of a model's sounds and some decoded latents.

    Args:
        packed: the pretrained model.
        latents: the latents to decode, `[N, d]`; `None` takes the mean of the means, `[1, d]`.
    """
    chosen = packed.sounds.audio[evenly_spaced(len(packed.sounds), _N_CHECKED)]
    means, _ = packed.encode(chosen)
    latents = means.mean(axis=0, keepdims=True) if latents is None else latents
    return {"means": means, "latents": latents, "decoded": packed.decode(latents)}
