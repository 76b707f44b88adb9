"""Whether an export computes what the Keras model computes, measured in a fresh process.

Another process loads the export with its format's own runtime (`parity_check.py`) and runs it on
real and random input in several batch sizes; here its answers are compared with the Keras model's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from audio_vae.utils.errors import UserError, one_line

LIMIT = 1e-4
"""Largest difference that counts as equal; see `compare`."""

BATCHES = (1, 2, 17)
STEPS = 3
"""Steps of the morphs that are compared."""

CHECK_SCRIPT = Path(__file__).with_name("parity_check.py")

Arrays = dict[str, np.ndarray]


def make_inputs(sounds: np.ndarray, encoder: keras.Model, signatures: tuple[str, ...], seed: int = 0) -> Arrays:
    """Return the inputs of all cases, named `kind_batch/signature/tensor`.

    Real input is sounds, evenly spread over what is given, and their own latents; random input is white
    noise in ±1 and latents from N(0, I). The ends of a morph are the latents and the same in reverse order.

    Args:
        sounds: float32 `[N, T]`, N ≥ 1.
        encoder: the Keras encoder, for real latents.
        signatures: names of `audio_vae.export.signatures`, of which the format has these.
        seed: of the random input.
    """
    rng = np.random.default_rng(seed)
    most = max(BATCHES)
    real = np.asarray(sounds, np.float32)[np.linspace(0, len(sounds) - 1, most).round().astype(int)]
    latent_dim = encoder.output_shape[0][-1]
    kinds = {
        "real": (real, _on_cpu(encoder, real)[0]),
        "random": (
            rng.uniform(-1, 1, real.shape).astype(np.float32),
            rng.normal(size=(most, latent_dim)).astype(np.float32),
        ),
    }
    inputs: Arrays = {}
    for kind, (audio, latent) in kinds.items():
        for batch in BATCHES:
            tensors = {
                "encode": {"audio": audio[:batch]},
                "decode": {"latent": latent[:batch]},
                "reconstruct": {"audio": audio[:batch]},
                "serving_default": {"audio": audio[:batch]},
                "morph": {"start": latent[:batch], "end": latent[::-1][:batch], "steps": np.int32(STEPS)},
            }
            for signature in signatures:
                for name, value in tensors[signature].items():
                    inputs[f"{kind}_{batch}/{signature}/{name}"] = value
    return inputs


def keras_outputs(inputs: Arrays, encoder: keras.Model, decoder: keras.Model) -> Arrays:
    """Return what the Keras networks answer to `make_inputs`, named `kind_batch/signature/tensor`."""
    outputs: Arrays = {}
    for case in dict.fromkeys(key.rpartition("/")[0] for key in inputs):
        signature = case.rpartition("/")[2]
        if signature == "encode":
            outputs[f"{case}/mean"], outputs[f"{case}/log_variance"] = _on_cpu(encoder, inputs[f"{case}/audio"])
            continue
        if signature == "morph":
            position = np.linspace(0, 1, int(inputs[f"{case}/steps"]))[:, np.newaxis]
            start, end = inputs[f"{case}/start"][:, np.newaxis], inputs[f"{case}/end"][:, np.newaxis]
            path = ((1 - position) * start + position * end).astype(np.float32)
            audio = _on_cpu(decoder, path.reshape(-1, path.shape[-1]))
            outputs[f"{case}/audio"] = audio.reshape(*path.shape[:2], -1)
            continue
        latent = inputs[f"{case}/latent"] if signature == "decode" else _on_cpu(encoder, inputs[f"{case}/audio"])[0]
        outputs[f"{case}/audio"] = _on_cpu(decoder, latent)
    return outputs


def run_fresh(file_format: str, folder: Path, inputs: Arrays) -> tuple[Arrays, dict[str, str]]:
    """Run an export in a fresh process.

    Args:
        file_format: `savedmodel`, `litert`, `onnx` or `keras`.
        folder: the export.
        inputs: of `make_inputs`.

    Returns:
        Its outputs, and the versions of what ran it.

    Raises:
        UserError: it cannot be loaded or run.
    """
    # Both sides on the CPU: GPUs round matrix products to fewer digits than are compared here.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    if file_format == "keras":
        # Only this format needs the package, which may be a checkout that is not installed.
        root = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory(prefix="audio-vae-parity-") as place:
        np.savez(Path(place, "inputs.npz"), **inputs)
        done = subprocess.run(
            [
                sys.executable,
                # The script's text, not its path: a script's folder is importable, and this one
                # holds modules whose names other packages use.
                "-c",
                CHECK_SCRIPT.read_text(encoding="utf-8"),
                file_format,
                str(folder.resolve()),
                "inputs.npz",
                "outputs.npz",
            ],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = one_line(Exception((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]))
            raise UserError(f"the {file_format} export does not run in a fresh process ({reason[:300]}): nothing kept")
        with np.load(Path(place, "outputs.npz")) as stored:
            return dict(stored), json.loads(done.stdout.strip().splitlines()[-1])


def compare(expected: Arrays, received: Arrays) -> dict[str, Any]:
    """Return the largest differences, per signature, kind and batch, and over all.

    A difference is absolute, divided by the largest expected value of its tensor where that is above 1:
    audio and small latents count as they are, and the means of a latent space that is hundreds wide are not
    asked for more digits than float32 has. What is missing, has another shape, or is NaN counts as infinite.

    Args:
        expected: of `keras_outputs`.
        received: of `run_fresh`.

    Returns:
        `{"largest_difference", "largest_absolute_difference", "signatures": {signature: {kind: {batch: difference}}}}`.
    """
    signatures: dict[str, dict[str, dict[str, float]]] = {}
    largest_absolute = 0.0
    for key, wanted in expected.items():
        case, signature, _ = key.split("/")
        kind, batch = case.split("_")
        got = received.get(key)
        absolute = np.inf
        if got is not None and got.shape == wanted.shape and wanted.size:
            absolute = float(np.abs(got.astype(np.float64) - wanted).max())
        # A NaN compares as False with everything, so it is asked for here.
        absolute = absolute if np.isfinite(absolute) else np.inf
        difference = absolute / max(1.0, float(np.abs(wanted).max())) if absolute < np.inf else np.inf
        row = signatures.setdefault(signature, {}).setdefault(kind, {})
        row[batch] = max(row.get(batch, 0.0), difference)
        largest_absolute = max(largest_absolute, absolute)
    return {
        "largest_difference": max(
            value for kinds in signatures.values() for row in kinds.values() for value in row.values()
        ),
        "largest_absolute_difference": largest_absolute,
        "signatures": signatures,
    }


def _on_cpu(network: keras.Model, inputs: np.ndarray) -> Any:
    with keras.device("cpu:0"):
        outputs = network(inputs, training=False)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
