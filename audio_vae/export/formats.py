"""The formats that a model can be exported to, and the metadata that a client needs."""

from __future__ import annotations

import importlib.util
from typing import Any

from audio_vae import __version__
from audio_vae.data.sound_set import SoundSet
from audio_vae.export.signatures import MAX_STEPS, SIGNATURES
from audio_vae.runs.environment import made_by
from audio_vae.runs.latents import class_centre
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

FORMATS = ("savedmodel", "litert", "onnx", "keras")

NEEDS = {"litert": ("ai_edge_litert",), "onnx": ("onnx", "onnxruntime", "tf2onnx")}
"""Format → modules that it needs, which the package's extra of the same name installs."""

CHECKED_SIGNATURES = {
    "savedmodel": (*SIGNATURES, "serving_default"),
    "litert": ("encode", "decode"),
    "onnx": ("encode", "decode"),
    "keras": ("encode", "decode", "reconstruct"),
}
"""Format → signatures whose results are compared with the Keras model's."""


def check_format(file_format: str, *, float16: bool = False) -> None:
    """Check that a format can be written.

    Raises:
        UserError: the format is unknown, cannot store float16 weights, or needs a package that is not installed.
    """
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
    """Return the name of the folder that holds a model's versions, such as `digits-cc` or `drums-dc-onnx-float16`."""
    parts = [run.config.dataset, run.config.preset]
    parts += [] if file_format == "savedmodel" else [file_format]
    return "-".join([*parts, "float16"] if float16 else parts)


def metadata(run: Run, sounds: SoundSet, file_format: str, *, float16: bool = False) -> dict[str, Any]:
    """Return what a client of an export needs, as JSON values.

    `class_centres` holds `runs.latents.class_centre` of every class that has sounds, `[d]` each.
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
        **made_by(run),
    }
