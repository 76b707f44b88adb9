import dataclasses
import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_models import ONE_SHOT

from audio_vae.config import LossConfig, TrainingConfig
from audio_vae.model_config import with_values
from audio_vae.models import passes
from audio_vae.models.vae import build_vae
from audio_vae.presets import PRESETS, joined

STEPS = Path(__file__).resolve().parents[1] / "take_steps.py"
BATCH = (np.random.default_rng(0).uniform(-1, 1, (5, 64)).astype("float32"), np.array([0, 1, 2, 0, 1]))


def state(model):
    variables = model.trainable_variables + model.optimizer.variables + model.classifier_optimizer.variables
    return [np.asarray(each) for each in variables]


def test_sound_by_sound_moves_as_the_whole_batch_does(tiny_dc, monkeypatch):
    results = []
    for one_by_one in (True, False):
        monkeypatch.setattr(passes, "one_by_one", lambda *_, chosen=one_by_one: chosen)
        model = build_vae(tiny_dc, LossConfig(), TrainingConfig())
        step = tf.function(model.train_step, autograph=False)
        reported = [{name: float(value) for name, value in step(BATCH).items()} for _ in range(3)]
        results.append((reported, state(model)))
    (terms, one), (expected_terms, other) = results
    for got, expected in zip(terms, expected_terms, strict=True):
        assert got == pytest.approx(expected, rel=1e-5)
    for got, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_dilation_blocks_go_sound_by_sound_on_cpu(tiny_dc, tiny_cc):
    on_cpu = not tf.config.list_physical_devices("GPU")
    assert passes.one_by_one(tiny_dc, LossConfig()) is on_cpu
    assert passes.one_by_one(tiny_cc, LossConfig()) is False


@pytest.mark.parametrize("weight", ["centre_weight", "between_weight"])
def test_losses_between_sounds_take_the_whole_batch(tiny_dc, weight):
    assert passes.one_by_one(tiny_dc, LossConfig(**{weight: 1.0})) is False


@pytest.mark.parametrize(("architecture", "loss"), [("cc", LossConfig()), ("oneshot", ONE_SHOT)])
def test_bfloat16_is_close_to_float32(request, architecture, loss):
    config, terms = request.getfixturevalue(f"tiny_{architecture}"), {}
    for precision in ("float32", "bfloat16"):
        model = build_vae(config, loss, TrainingConfig(precision=precision))
        assert {each.dtype for each in state(model)} <= {np.dtype("float32"), np.dtype("int64")}
        step = tf.function(model.train_step, autograph=False)
        terms[precision] = [{name: float(value) for name, value in step(BATCH).items()} for _ in range(3)]
        assert model(BATCH[0]).dtype == tf.float32
    for got, expected in zip(terms["bfloat16"], terms["float32"], strict=True):
        assert got == pytest.approx(expected, rel=2e-2, abs=1e-3)
        assert got != expected


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["dc", "cc", "oneshot", "dc-code"])
def test_jax_takes_the_same_steps_and_checkpoints_go_from_one_to_the_other(request, tmp_path, architecture):
    if not importlib.util.find_spec("jax"):
        pytest.skip("jax is not installed: pip install '.[jax]'")
    config = request.getfixturevalue(f"tiny_{architecture.removesuffix('-code')}")
    loss = LossConfig(kl_weight=0.0)
    if architecture == "dc-code":
        values = joined(PRESETS["dc-code"]["model"], {"dc": {"stem_filters": 4}})
        config, loss = with_values(config, values), dataclasses.replace(loss, first_pass="classifier")
    # The backends draw different noise from the same seed; a deviation of e⁻³⁰ takes it away.
    model = build_vae(
        with_values(config, {"log_variance_start": -60.0, "dc": {"depth": 2}}),
        loss,
        TrainingConfig(),
    )
    model.save(tmp_path / "start.keras")
    np.savez(tmp_path / "batch.npz", audio=BATCH[0], labels=BATCH[1])

    def steps(backend, start, out):
        if backend == keras.backend.backend():
            runpy.run_path(str(STEPS))["take_steps"](
                tmp_path / f"{start}.keras", tmp_path / "batch.npz", 3, tmp_path / out
            )
            return json.loads((tmp_path / f"{out}.json").read_text())
        done = subprocess.run(
            [sys.executable, STEPS, f"{start}.keras", "batch.npz", "3", out],
            cwd=tmp_path,
            env={**os.environ, "KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
        )
        assert not done.returncode, done.stderr
        return json.loads((tmp_path / f"{out}.json").read_text())

    # Six steps on TensorFlow, against three on either backend and three more on the other.
    expected = steps("tensorflow", "start", "tf")
    assert steps("jax", "start", "jax") == pytest.approx(expected, rel=1e-4)
    expected = steps("tensorflow", "tf", "tf-tf")
    for start, backend in (("tf", "jax"), ("jax", "tensorflow")):
        out = f"{start}-{backend}"
        assert steps(backend, start, out) == pytest.approx(expected, rel=1e-4)
        for got, wanted in zip(
            *(state(keras.saving.load_model(tmp_path / f"{each}.keras")) for each in (out, "tf-tf")), strict=True
        ):
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4 * max(np.abs(wanted).max(), 1e-6))
