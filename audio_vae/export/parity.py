"""Compare what an export computes with what the Keras model computes.

A fresh process loads the export with the runtime of its format (`export.parity_check`) and runs it on real and
random inputs in several batch sizes. Its outputs are compared with the Keras model's here.

Two programs that add the same numbers in another order differ in the last digits, and a model may enlarge that: a
tone whose frequency changes by one unit in the last place is out of phase thousands of cycles later. The Keras model
itself shows how much of a difference means nothing (`own_noise`), and an export is allowed a small multiple of it
(`allowed_differences`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from audio_vae.utils.errors import UserError, one_line

LIMIT = 1e-4
"""Largest difference that is always allowed; see `compare`."""

NOISE_FACTOR = 4
"""Largest difference that is allowed as a multiple of the Keras model's own noise.

The noise is the largest of few trials in one program; another program rounds differently in every layer.
"""

CEILING = 1e-3
"""Largest difference that `NOISE_FACTOR` may allow, relative to the peak of the outputs: 60 dB below it."""

N_TRIALS = 2
"""How often `own_noise` moves each number of the inputs up or down at random, after all up and all down."""

BATCHES = (1, 2, 17)
"""Batch sizes."""

STEPS = 3
"""Number of steps of the morphs."""

CHECK_SCRIPT = Path(__file__).with_name("parity_check.py")

Arrays = dict[str, np.ndarray]
"""`kind_batch/signature/tensor`, such as `real_17/encode/mean` → array."""


def make_inputs(sounds: np.ndarray, encoder: keras.Model, signatures: tuple[str, ...], seed: int = 0) -> Arrays:
    """Return the inputs of all cases.

    Real inputs are some of the sounds, evenly spaced, and their latents. Random inputs are white noise between
    -1 and 1 and latents from N(0, I). Morphs go from these latents to the same latents in reverse order.

    Args:
        sounds: float32 `[N, T]`, N ≥ 1.
        encoder: the Keras encoder, for the real latents.
        signatures: names of the signatures that the format has.
        seed: seed for the random inputs.
    """
    rng = np.random.default_rng(seed)
    most = max(BATCHES)
    real = np.asarray(sounds[np.linspace(0, len(sounds) - 1, most).round().astype(int)], np.float32)
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


def keras_outputs(inputs: Arrays, encoder: Callable, decoder: Callable) -> Arrays:
    """Return the outputs of the Keras networks for the inputs of `make_inputs`."""
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


def own_noise(inputs: Arrays, encoder: keras.Model, decoder: keras.Model) -> dict[str, float]:
    """Return how far the Keras model differs from itself where it should compute the same.

    The rows of the largest batch are computed one by one, and with every number of the inputs moved by one unit in
    the last place: all up, all down, and `N_TRIALS` times up or down at random (seeded).

    Args:
        inputs: those of `make_inputs`.
        encoder: the Keras encoder.
        decoder: the Keras decoder.

    Returns:
        Signature → largest difference, as `compare` measures it.
    """
    # The smaller batches are the first rows of the largest, and serving_default is another name of reconstruct.
    largest = {key: value for key, value in inputs.items() if f"_{max(BATCHES)}/" in key}
    inputs = {key: value for key, value in largest.items() if "/serving_default/" not in key}
    encoder, decoder = _compiled(encoder), _compiled(decoder)
    expected = keras_outputs(inputs, encoder, decoder)
    rng = np.random.default_rng(0)
    trials = [_one_by_one(inputs, encoder, decoder)]
    for up in (1.0, 0.0, *[0.5] * N_TRIALS):
        moved = {key: _moved(value, rng.random(value.shape) < up) for key, value in inputs.items()}
        trials.append(keras_outputs(moved, encoder, decoder))
    noise: dict[str, float] = {}
    for trial in trials:
        for signature, difference in largest_by_signature(compare(expected, trial)).items():
            noise[signature] = max(noise.get(signature, 0.0), difference)
    if len(inputs) < len(largest):
        noise["serving_default"] = noise["reconstruct"]
    return noise


def _one_by_one(inputs: Arrays, encoder: Callable, decoder: Callable) -> Arrays:
    """Return the outputs of `keras_outputs`, computed in batches of one row."""
    computed = []
    for row in range(max(BATCHES)):
        # The number of steps of a morph has no rows.
        single = {key: value[row : row + 1] if value.ndim else value for key, value in inputs.items()}
        computed.append(keras_outputs(single, encoder, decoder))
    return {key: np.concatenate([each[key] for each in computed]) for key in computed[0]}


def _compiled(network: keras.Model) -> Callable:
    """Return a network as one graph, which runs many small batches several times as fast as operation by operation."""
    graph = tf.function(
        lambda inputs: network(inputs, training=False),
        input_signature=[tf.TensorSpec([None, network.input_shape[-1]], tf.float32)],
    )
    return lambda inputs, training: graph(inputs)


def _moved(values: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return float32 numbers moved by one unit in the last place, up or down; integers stay."""
    if not np.issubdtype(values.dtype, np.floating):
        return values
    return np.nextafter(values, np.where(up, np.inf, -np.inf).astype(values.dtype))


def allowed_differences(noise: dict[str, float], expected: Arrays) -> dict[str, float]:
    """Return the largest difference that an export is allowed: `LIMIT`, or more for a model with more noise.

    That is `NOISE_FACTOR` times the noise, but never more than `CEILING` times the peak of the outputs.

    Args:
        noise: the result of `own_noise`.
        expected: the result of `keras_outputs`.

    Returns:
        Signature → largest allowed difference, as `compare` measures it.
    """
    allowed = {}
    for signature, difference in noise.items():
        outputs = [value for key, value in expected.items() if key.split("/")[1] == signature]
        # Where the peak is above 1, differences are relative to it already.
        peak = min(1.0, max(float(np.abs(each).max()) for each in outputs))
        allowed[signature] = max(LIMIT, min(NOISE_FACTOR * difference, CEILING * peak))
    return allowed


def run_fresh(file_format: str, folder: Path, inputs: Arrays) -> tuple[Arrays, dict[str, str]]:
    """Run an export in a fresh process.

    Args:
        file_format: one of `formats.FORMATS`.
        folder: the export.
        inputs: those of `make_inputs`.

    Returns:
        Its outputs, and the versions of Python and of the packages that ran it.

    Raises:
        UserError: the export cannot be loaded or run.
    """
    # Both models run on the CPU, because GPUs compute matrix products with fewer digits than are compared here.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    if file_format == "keras":
        # Only this format needs the package, which may be a checkout and not installed.
        root = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory(prefix="audio-vae-parity-") as place:
        np.savez(Path(place, "inputs.npz"), **inputs)
        done = subprocess.run(
            [
                sys.executable,
                # Python would put the folder of a script on sys.path, where its modules could hide packages
                # of the same name. The text of the script has no folder.
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
            raise UserError(
                f"the {file_format} export does not run in a fresh process ({reason[:300]}): "
                "nothing is kept; try another --format, or other versions of TensorFlow and the converter"
            )
        with np.load(Path(place, "outputs.npz")) as stored:
            return dict(stored), json.loads(done.stdout.strip().splitlines()[-1])


def compare(expected: Arrays, received: Arrays) -> dict[str, Any]:
    """Return the largest differences: for each signature, kind and batch, and of all.

    A difference is absolute where the largest expected value of the tensor is at most 1, as in audio. Above 1 it
    is relative to that value, because float32 has too few digits to be as exact for latents of hundreds.
    The difference is infinite where an output is missing, has another shape or holds NaN.

    Args:
        expected: the result of `keras_outputs`.
        received: the outputs of `run_fresh`.

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
        # Every comparison with NaN is false, so NaN becomes infinite here.
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


def largest_by_signature(result: dict[str, Any]) -> dict[str, float]:
    """Return the largest difference of each signature in a result of `compare`."""
    return {
        signature: max(difference for row in kinds.values() for difference in row.values())
        for signature, kinds in result["signatures"].items()
    }


def worst_case(result: dict[str, Any], allowed: dict[str, float]) -> tuple[str, str, float]:
    """Return the case that is nearest to what is allowed, or farthest above it.

    Args:
        result: a result of `compare`.
        allowed: the result of `allowed_differences`.

    Returns:
        Its signature, the case in words (`decode, real input, batch 2`), and the difference.
    """
    rows = [
        (difference / allowed[signature], signature, f"{signature}, {kind} input, batch {batch}", difference)
        for signature, kinds in result["signatures"].items()
        for kind, row in kinds.items()
        for batch, difference in row.items()
    ]
    return max(rows)[1:]


def _on_cpu(network: Callable, inputs: np.ndarray) -> Any:
    with keras.device("cpu:0"):
        outputs = network(inputs, training=False)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
