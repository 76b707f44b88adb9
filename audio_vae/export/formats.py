"""The formats that a model can be exported to, and what a client has to know of an export."""

from __future__ import annotations

import importlib.util
from typing import Any

from audio_vae import __version__
from audio_vae.data.sound_set import SoundSet
from audio_vae.export.signatures import MAX_STEPS, SIGNATURES
from audio_vae.runs.environment import environment
from audio_vae.runs.latents import class_centre
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

FORMATS = ("savedmodel", "litert", "onnx", "keras")


NEEDS = {"litert": ("ai_edge_litert",), "onnx": ("onnx", "onnxruntime", "tf2onnx")}
"""Format → modules of the extra of the same name."""


_CHECKED = {"savedmodel": (*SIGNATURES, "serving_default"), "keras": ("encode", "decode", "reconstruct")}


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
