"""The signatures of a SavedModel, and what it says of wrong inputs."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from audio_vae.export.signatures import MAX_STEPS

T = 64
D = 3


def test_saved_model_signatures_are_the_contract(signatures):
    declared = {
        name: (
            {key: (tuple(spec.shape), spec.dtype) for key, spec in each.structured_input_signature[1].items()},
            {key: (tuple(spec.shape), spec.dtype) for key, spec in each.structured_outputs.items()},
        )
        for name, each in signatures.items()
    }
    audio, latent = ((None, T), tf.float32), ((None, D), tf.float32)
    assert declared == {
        "encode": ({"audio": audio}, {"mean": latent, "log_variance": latent}),
        "decode": ({"latent": latent}, {"audio": audio}),
        "reconstruct": ({"audio": audio}, {"audio": audio}),
        "serving_default": ({"audio": audio}, {"audio": audio}),
        "morph": (
            {"start": latent, "end": latent, "steps": ((), tf.int32)},
            {"audio": ((None, None, T), tf.float32)},
        ),
    }


def test_morph_goes_from_start_to_end(signatures, rng):
    start, end = (tf.constant(rng.normal(size=(2, D)), tf.float32) for _ in range(2))
    audio = signatures["morph"](start=start, end=end, steps=tf.constant(5))["audio"]
    assert audio.shape == (2, 5, T)
    for step, latent in {0: start, 2: (start + end) / 2, 4: end}.items():
        np.testing.assert_allclose(audio[:, step], signatures["decode"](latent=latent)["audio"], atol=1e-6)


GOOD = {
    "encode": {"audio": np.zeros((2, T), np.float32)},
    "decode": {"latent": np.zeros((2, D), np.float32)},
    "reconstruct": {"audio": np.zeros((2, T), np.float32)},
    "serving_default": {"audio": np.zeros((2, T), np.float32)},
    "morph": {"start": np.zeros((2, D), np.float32), "end": np.zeros((2, D), np.float32), "steps": np.int32(3)},
}


def bad_tensors():
    for signature, tensors in GOOD.items():
        for name, good in tensors.items():
            if name == "steps":
                continue
            length = good.shape[1]
            bad = {
                "half the length": np.zeros((2, length // 2), np.float32),
                "double the length": np.zeros((2, 2 * length), np.float32),
                "no batch": good[0],
                "no rows": good[:0],
                "a scalar": np.float32(0),
                "channels": good[..., np.newaxis],
                "rows as channels": good[np.newaxis],
            }
            for what, value in bad.items():
                message = rf"{name} must have the shape \[B, {length}\] with B of 1 or more, received"
                yield pytest.param(signature, {**tensors, name: value}, message, id=f"{signature}-{name}-{what}")
            for what, number in {"NaN": np.nan, "infinity": np.inf}.items():
                value = good.copy()
                value[1, -1] = number
                message = f"{name} must hold finite numbers"
                yield pytest.param(signature, {**tensors, name: value}, message, id=f"{signature}-{name}-{what}")
            for kind in (np.int32, np.float64):
                message = rf"expected to be a float tensor but is a (int32|double) tensor|{kind.__name__}"
                value = {**tensors, name: good.astype(kind)}
                yield pytest.param(signature, value, message, id=f"{signature}-{name}-{kind.__name__}")
    for what, steps, message in [
        ("one", 1, f"steps must be from 2 to {MAX_STEPS}, received"),
        ("negative", -5, f"steps must be from 2 to {MAX_STEPS}, received"),
        ("huge", 2**31 - 1, f"steps must be from 2 to {MAX_STEPS}, received"),
        ("two numbers", [3, 4], "steps must be one number"),
        ("none", np.zeros([0], np.int32), "steps must be one number"),
        ("a fraction", 2.5, "expected to be a int32 tensor|float32"),
    ]:
        yield pytest.param("morph", {**GOOD["morph"], "steps": steps}, message, id=f"morph-steps-{what}")
    fewer = {**GOOD["morph"], "end": np.zeros((3, D), np.float32)}
    yield pytest.param("morph", fewer, "start and end must have as many rows", id="morph-rows")


@pytest.mark.parametrize(("signature", "tensors", "message"), list(bad_tensors()))
def test_wrong_input_gets_a_clear_error_from_the_model(signatures, signature, tensors, message):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match=message):
        signatures[signature](**{name: tf.constant(value) for name, value in tensors.items()})


def test_saved_model_loads_without_keras_and_this_package(saved):
    code = (
        "import sys; sys.modules['keras'] = sys.modules['audio_vae'] = None\n"
        "import tensorflow as tf\n"
        f"print(tf.saved_model.load({str(saved)!r}).signatures['decode'](latent=tf.zeros([1, {D}]))['audio'].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"(1, {T})" in done.stdout, done.stderr


def saved_model_cli(*arguments):
    # The module that the command of this name runs, with this Python's TensorFlow.
    done = subprocess.run(
        [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_saved_model_cli_shows_and_runs_it(saved, signatures, tmp_path, rng):
    code, out, err = saved_model_cli("show", "--dir", saved, "--tag_set", "serve", "--signature_def", "morph")
    assert code == 0, err
    assert f"shape: (-1, {D})" in out
    assert f"shape: (-1, -1, {T})" in out
    latent = rng.normal(size=(2, D)).astype(np.float32)
    np.save(tmp_path / "latent.npy", latent)
    code, _, err = saved_model_cli(
        "run", "--dir", saved, "--tag_set", "serve", "--signature_def", "decode",
        "--inputs", f"latent={tmp_path / 'latent.npy'}", "--outdir", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    answer = np.load(tmp_path / "out" / "audio.npy")
    np.testing.assert_allclose(answer, signatures["decode"](latent=tf.constant(latent))["audio"], atol=1e-6)
