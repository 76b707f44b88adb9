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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.export import converters, parity
from audio_vae.export.formats import _CHECKED, check_format, metadata, model_name
from audio_vae.export.versions import _new_version
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import write_json


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
    if peak < waveform.QUIET:
        yield f"the model itself decodes real sounds to near silence (peak {peak:.2g}): train it for longer"
