"""Models that run elsewhere: SavedModel, LiteRT, ONNX and Keras, each proven equal to the trained model.

Every export is a numbered version, as TF Serving expects:

    OUT/<dataset>-<preset>/1/            SavedModel, metadata in assets.extra/metadata.json
    OUT/<dataset>-<preset>-litert/1/     encoder.tflite, decoder.tflite, metadata.json
    OUT/<dataset>-<preset>-onnx/1/       encoder.onnx, decoder.onnx, metadata.json
    OUT/<dataset>-<preset>-keras/1/      model.keras, metadata.json

A version holds `parity.json`, the differences from the Keras model that a fresh process measured
(`audio_vae.export.parity`), and appears under its number only when that has passed. With float16 weights
the name ends in `-float16`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae import __version__
from audio_vae.audio import io as audio
from audio_vae.data.sound_set import SoundSet
from audio_vae.export import converters, parity
from audio_vae.export.signatures import MAX_STEPS, SIGNATURES
from audio_vae.morphing.endpoints import class_centre
from audio_vae.runs.run import Run, environment
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import umask, write_json

FORMATS = ("savedmodel", "litert", "onnx", "keras")

NEEDS = {"litert": ("ai_edge_litert",), "onnx": ("onnx", "onnxruntime", "tf2onnx")}
"""Format → modules of the extra of the same name."""

_CHECKED = {"savedmodel": (*SIGNATURES, "serving_default"), "keras": ("encode", "decode", "reconstruct")}


@dataclass(frozen=True)
class ExportResult:
    """What `export` made.

    Attributes:
        folder: the version's folder.
        file_format: one of `FORMATS`.
        parity: the values of its `parity.json`.
        warnings: one line each.
    """

    folder: Path
    file_format: str
    parity: dict[str, Any]
    warnings: tuple[str, ...]


def export(
    run: Run, file_format: str = "savedmodel", out: Path | None = None, *, float16: bool = False
) -> ExportResult:
    """Export a run's model as the next version, complete and proven, or not at all.

    Args:
        run: a trained run.
        file_format: one of `FORMATS`.
        out: folder of models; left out, `RUN/export`, of a pretrained model `export`.
        float16: store the weights in half the bytes. The export is then compared with the Keras model
            that has these rounded weights, and the error of the rounding is told beside it.

    Raises:
        UserError: the format is unknown or its extra is not installed, the run has no complete model,
            `out` cannot be written, or the export differs from the Keras model by more than `parity.LIMIT`.
    """
    check_format(file_format, float16=float16)
    model, sounds = run.model, run.sounds
    encoder, decoder = converters.rounded(model) if float16 else (model.encoder, model.decoder)
    checked = _CHECKED.get(file_format, ("encode", "decode"))
    inputs = parity.make_inputs((sounds.test if len(sounds.test) else sounds).audio, encoder, checked)
    expected = parity.keras_outputs(inputs, encoder, decoder)
    if not all(np.isfinite(each).all() for each in expected.values()):
        reason = "its weights are too large for --float16, leave that out, or " if float16 else ""
        raise UserError(
            f"the model of {run.path} computes NaN or infinity: {reason}its training diverged, train it again"
        )
    name = model_name(run, file_format, float16=float16)
    folder = Path(out) if out else run.results_path / "export"
    with _new_version(folder / name) as (part, published):
        try:
            converters.WRITERS[file_format](model, part, float16)
        except (OSError, UserError):
            raise
        except Exception as error:
            raise UserError(
                f"the model of {run.path} cannot be converted to {file_format} ({one_line(error)[:300]}): "
                "try another version of the converter"
            ) from error
        received, versions = parity.run_fresh(file_format, part, inputs)
        result = parity.compare(expected, received)
        if not result["largest_difference"] <= parity.LIMIT:
            raise UserError(
                f"the {file_format} export of {run.path} differs from the Keras model by "
                f"{result['largest_difference']:.2g} (at most {parity.LIMIT:g} is allowed; {_worst(result)}): "
                "nothing kept"
            )
        report = {
            "format": file_format,
            "limit": parity.LIMIT,
            **result,
            "compared_with": f"the Keras model{' with its weights rounded to float16' if float16 else ''}, on the CPU",
            "ran_on": versions,
        }
        if float16:
            report["float16_error"] = parity.compare(
                parity.keras_outputs(inputs, model.encoder, model.decoder), expected
            )
        write_json(part / "parity.json", report)
        extra = part / "assets.extra" if file_format == "savedmodel" else part
        extra.mkdir(exist_ok=True)
        write_json(extra / "metadata.json", metadata(run, sounds, file_format, float16=float16))
    return ExportResult(published[0], file_format, report, tuple(_warnings(run, expected)))


def check_format(file_format: str, *, float16: bool = False) -> None:
    """Raise a `UserError` where a format is unknown, cannot have float16 weights, or lacks its extra."""
    if file_format not in FORMATS:
        raise UserError(f"unknown format {file_format!r}: choose one of {', '.join(FORMATS)} with --format")
    if float16 and file_format == "keras":
        raise UserError(
            "a Keras file holds the weights in the model's own float32: leave out --float16, or choose another --format"
        )
    missing = [name for name in NEEDS.get(file_format, ()) if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"the {file_format} export needs {', '.join(missing)}, which is not installed: "
            f"run  pip install 'audio-vae[{file_format}]'  (in a checkout: pip install '.[{file_format}]')"
        )


def model_name(run: Run, file_format: str, *, float16: bool = False) -> str:
    """Return the name of the model's folder, such as `digits-cc` or `drums-dc-onnx-float16`."""
    parts = [run.config.dataset, run.config.preset]
    parts += [] if file_format == "savedmodel" else [file_format]
    return "-".join([*parts, "float16"] if float16 else parts)


def metadata(run: Run, sounds: SoundSet, file_format: str, *, float16: bool = False) -> dict[str, Any]:
    """Return what a client has to know, as JSON values.

    `class_centres` are those of `endpoints.class_centre`, `[d]` each, of the classes that have sounds.
    """
    centres = {
        name: centre.latent.tolist()
        for name in sounds.class_names
        if (centre := class_centre(run, sounds, name)) is not None
    }
    config = run.config
    return {
        "name": model_name(run, file_format, float16=float16),
        "dataset": config.dataset,
        "preset": config.preset,
        "format": file_format,
        "weights": "float16" if float16 else "float32",
        "rate_hz": config.audio.rate_hz,
        "n_samples": config.audio.n_samples,
        "latent_dim": config.model.latent_dim,
        "input_peak": 1.0,
        "max_morph_steps": MAX_STEPS,
        "class_names": list(sounds.class_names),
        "class_centres": centres,
        "epochs": run.epochs_done(),
        "package_version": __version__,
        "model_sha256": run.model_sha256,
        "config": config.to_dict(),
        "made_with": environment(),
    }


@contextmanager
def _new_version(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield a temporary folder that becomes the next version in `folder` when the block succeeds.

    With it comes a list that holds the version's path afterwards. A failure leaves no folder that was not there.
    """
    created: list[Path] = []
    part = None
    published: list[Path] = []
    try:
        try:
            for each in (*reversed(folder.parents), folder):
                if not each.exists():
                    each.mkdir()
                    created.append(each)
            # A model server takes notice of whole numbers alone.
            part = Path(tempfile.mkdtemp(dir=folder, prefix=".part-"))
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield part, published
        try:
            _readable(part)
            published.append(_rename_to_next(part, folder))
        except OSError as error:
            raise _unwritable(folder, error) from error
    finally:
        if not published:
            if part:
                shutil.rmtree(part, ignore_errors=True)
            for each in reversed(created):
                with suppress(OSError):
                    each.rmdir()


def _rename_to_next(part: Path, folder: Path) -> Path:
    numbers = [int(each.name) for each in folder.iterdir() if each.name.isascii() and each.name.isdigit()]
    number = max(numbers, default=0) + 1
    while True:
        target = folder / str(number)
        if not target.exists():
            try:
                os.rename(part, target)
            except OSError:
                # Another export took the number in between.
                if not target.exists():
                    raise
            else:
                return target
        number += 1


def _readable(part: Path) -> None:
    """Give the temporary folder, which is private, the permissions of any new folder."""
    part.chmod(0o777 & ~umask())


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"{folder} cannot be written ({one_line(error)}): choose another folder with --out")


def _worst(result: dict[str, Any]) -> str:
    rows = [
        (difference, f"{signature}, {kind} input, batch {batch}")
        for signature, kinds in result["signatures"].items()
        for kind, row in kinds.items()
        for batch, difference in row.items()
    ]
    return max(rows)[1]


def summary_lines(result: ExportResult) -> Sequence[str]:
    """Return what was compared and how equal it was, one line a signature."""
    lines = []
    for signature, kinds in result.parity["signatures"].items():
        shown = "; ".join(
            f"{kind} " + ", ".join(f"{difference:.1e}" for difference in row.values()) for kind, row in kinds.items()
        )
        lines.append(f"  {signature:<15} largest difference: {shown}  (batches {', '.join(map(str, parity.BATCHES))})")
    if "float16_error" in result.parity:
        error = result.parity["float16_error"]
        lines.append(
            f"  float16 weights move the outputs by up to {error['largest_difference']:.1e} (relative above 1), "
            f"{error['largest_absolute_difference']:.1e} in absolute terms"
        )
    return lines


def _warnings(run: Run, expected: parity.Arrays) -> Iterator[str]:
    done, planned = run.epochs_done(), run.config.training.epochs
    if done < planned:
        yield f"{run.path} is trained for {done} of {planned} epochs: export again when it is done"
    decoded = [value for key, value in expected.items() if key.startswith("real_17/") and key.endswith("/audio")]
    peak = max((float(np.abs(each).max()) for each in decoded), default=1.0)
    if peak < audio.QUIET:
        yield f"the model itself decodes real sounds to near silence (peak {peak:.2g}): train it for longer"
