"""Export a model as SavedModel, LiteRT, ONNX or Keras files, each checked to compute the same as the trained model.

Every export is a numbered version, as TensorFlow Serving expects:

    OUT/<dataset>-<preset>/1/            SavedModel, metadata in assets.extra/metadata.json
    OUT/<dataset>-<preset>-litert/1/     encoder.tflite, decoder.tflite, metadata.json
    OUT/<dataset>-<preset>-onnx/1/       encoder.onnx, decoder.onnx, metadata.json
    OUT/<dataset>-<preset>-keras/1/      model.keras, metadata.json

With float16 weights the folder's name ends in `-float16`. Each version also holds `parity.json`: how far its
results, computed in a fresh process, differ from the Keras model's, and how far they may (`export.parity`). A version
gets its number only after this check has passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.backend.keras_backend import standard_settings
from audio_vae.export import converters, parity
from audio_vae.export.formats import CHECKED_SIGNATURES, check_format, metadata, model_name
from audio_vae.export.versions import new_version
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line, raise_system_problem, shortage
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import require_writable_folder


@dataclass(frozen=True)
class ExportResult:
    """A finished export.

    Attributes:
        folder: the folder of the new version.
        file_format: one of `formats.FORMATS`.
        parity: the values of its `parity.json`.
        warnings: one line each.
    """

    folder: Path
    file_format: str
    parity: dict[str, Any]
    warnings: tuple[str, ...]


@standard_settings()
def export(
    run: Run, file_format: str = "savedmodel", out: Path | None = None, *, float16: bool = False
) -> ExportResult:
    """Export a run's model as the next version, if it computes the same as the Keras model.

    Args:
        run: a trained run.
        file_format: one of `formats.FORMATS`.
        out: folder of the exported models; `None` takes `RUN/export`, or `export` for a pretrained model.
        float16: store the weights in half the bytes. The export is then compared with the Keras model
            whose weights are rounded in the same way, and the error of the rounding is reported beside it.

    Raises:
        UserError: the format is unknown or its extra is not installed, the run has no complete model,
            `out` cannot be written, or the export differs from the Keras model by more than
            `parity.allowed_differences`.
    """
    check_format(file_format, float16=float16)
    folder = (Path(out) if out else run.results_path / "export") / model_name(run, file_format, float16=float16)
    require_writable_folder(folder)
    model, sounds = run.model, run.sounds
    encoder, decoder = converters.rounded_networks(model) if float16 else (model.encoder, model.decoder)
    real = (sounds.test if len(sounds.test) else sounds).audio
    inputs = parity.make_inputs(real, encoder, CHECKED_SIGNATURES[file_format])
    expected = parity.keras_outputs(inputs, encoder, decoder)
    _require_finite(run, expected, float16)
    with new_version(folder) as version:
        _convert(run, file_format, version.part, float16)
        received, ran_on = parity.run_fresh(file_format, version.part, inputs)
        result = parity.compare(expected, received)
        noise = parity.own_noise(inputs, encoder, decoder)
        allowed = parity.allowed_differences(noise, expected)
        _require_equal(run, file_format, result, noise, allowed)
        report = {
            "format": file_format,
            "limit": parity.LIMIT,
            "own_noise": noise,
            "allowed": allowed,
            **result,
            "compared_with": f"the Keras model{' with its weights rounded to float16' if float16 else ''}, on the CPU",
            "ran_on": ran_on,
        }
        if float16:
            unrounded = parity.keras_outputs(inputs, model.encoder, model.decoder)
            report["float16_error"] = parity.compare(unrounded, expected)
        write_json(version.part / "parity.json", report)
        # TensorFlow keeps this folder of a SavedModel for files that are not its own.
        extra = version.part / "assets.extra" if file_format == "savedmodel" else version.part
        extra.mkdir(exist_ok=True)
        write_json(extra / "metadata.json", metadata(run, sounds, file_format, float16=float16))
    return ExportResult(version.path, file_format, report, tuple(_warnings(run, expected)))


def _require_finite(run: Run, outputs: parity.Arrays, float16: bool) -> None:
    if not all(np.isfinite(each).all() for each in outputs.values()):
        reason = "its weights are too large for --float16, leave that out, or " if float16 else ""
        raise UserError(
            f"the model of {run.path} computes NaN or infinity: {reason}its training diverged, train it again"
        )


def _convert(run: Run, file_format: str, folder: Path, float16: bool) -> None:
    """Write the files of a format; a converter's own errors become one line."""
    try:
        converters.WRITERS[file_format](run.model, folder, float16)
    except (OSError, UserError):
        raise
    except Exception as error:
        raise_system_problem(error, shortage)
        raise UserError(
            f"the model of {run.path} cannot be converted to {file_format} ({one_line(error)[:300]}): "
            "try another version of the converter"
        ) from error


def _require_equal(
    run: Run, file_format: str, result: dict[str, Any], noise: dict[str, float], allowed: dict[str, float]
) -> None:
    signature, case, difference = parity.worst_case(result, allowed)
    if difference > allowed[signature]:
        raise UserError(
            f"the {file_format} export of {run.path} differs from the Keras model by {difference:.2g} in {case} "
            f"(at most {allowed[signature]:.2g} is allowed; the model differs from itself by {noise[signature]:.2g}): "
            "nothing is kept; try another --format, or other versions of TensorFlow and the converter"
        )


def _warnings(run: Run, expected: parity.Arrays) -> Iterator[str]:
    done, planned = run.epochs_done(), run.config.training.epochs
    if done < planned:
        yield f"{run.path} is trained for {done} of {planned} epochs: export again when it is done"
    decoded = [value for key, value in expected.items() if key.startswith("real_17/") and key.endswith("/audio")]
    peak = max((float(np.abs(each).max()) for each in decoded), default=1.0)
    if peak < waveform.QUIET:
        yield f"the model itself decodes real sounds to near silence (peak {peak:.2g}): train it for longer"


def summary_lines(result: ExportResult) -> Sequence[str]:
    """Return the largest differences from the Keras model as text: one line for each signature.

    Each line ends with the difference that is allowed and the model's own noise, see `export.parity`.
    """
    lines = []
    for signature, kinds in result.parity["signatures"].items():
        shown = "; ".join(
            f"{kind} " + ", ".join(f"{difference:.1e}" for difference in row.values()) for kind, row in kinds.items()
        )
        lines.append(
            f"  {signature:<15} largest difference: {shown}  (batches {', '.join(map(str, parity.BATCHES))}); "
            f"allowed {result.parity['allowed'][signature]:.1e}, own noise {result.parity['own_noise'][signature]:.1e}"
        )
    if "float16_error" in result.parity:
        error = result.parity["float16_error"]
        lines.append(
            f"  float16 weights move the outputs by up to {error['largest_difference']:.1e} (relative above 1), "
            f"{error['largest_absolute_difference']:.1e} in absolute terms"
        )
    return lines
