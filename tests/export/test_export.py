"""Exports: parity with the Keras model, versions, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from audio_vae.cli import main as cli
from audio_vae.config import AudioConfig, Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.export import export as exporting
from audio_vae.export import formats, parity, versions
from audio_vae.export.export import export
from audio_vae.export.signatures import MAX_STEPS
from audio_vae.model_config import DilatedConfig, ModelConfig, PlainConfig, StudioConfig
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run
from audio_vae.utils.errors import UserError

T = 64
D = 3
CHECKED = {
    "savedmodel": {"encode", "decode", "reconstruct", "serving_default", "morph"},
    "litert": {"encode", "decode"},
    "onnx": {"encode", "decode"},
    "keras": {"encode", "decode", "reconstruct"},
}
SMALL = {
    "n_samples": T,
    "latent_dim": D,
    "n_classes": 2,
    "classifier_units": (4,),
    "dc": DilatedConfig(depth=4, long_cycle=3, short_cycle=2, filters=4, stem_filters=4, stem_kernel=8),
    # Linear, because a ReLU of so few untrained channels may cut everything off.
    "cc": PlainConfig(filters=(4, 4, 6, 6, 8), activation="linear"),
    "studio": StudioConfig(windows=(64,), hop_length=16, n_mels=8, filters=(4,), n_tones=3, n_noise_bands=3),
}


def make_run(path, preset="cc", gain=3.0):
    """Write a run folder with an untrained small model and six sounds of two classes."""
    rng = np.random.default_rng(1)
    audio = rng.uniform(-1, 1, (6, T)).astype(np.float32)
    config = Config(
        "digits",
        preset,
        audio=AudioConfig(rate_hz=8000, n_samples=T),
        model=ModelConfig(architecture=preset, **SMALL),
    )
    run = create_run(path, config)
    vae = build_vae(config.model, config.loss, config.training)
    for network in (vae.encoder, vae.decoder):
        network.set_weights([gain * weight for weight in network.get_weights()])
    vae.save(run.model_path)
    SoundSet(
        names=tuple(f"{i}.wav" for i in range(6)),
        audio=audio,
        labels=np.array([0, 0, 0, 1, 1, 1], np.int32),
        is_test=np.array([False, False, True] * 2),
        class_names=("low", "high"),
        peaks=np.ones(6, np.float32),
        lengths=np.full(6, T, np.int32),
        rate_hz=8000,
    ).save(run.sounds_path)
    return run


def need(file_format):
    for name in formats.NEEDS.get(file_format, ()):
        pytest.importorskip(name, reason=f"the extra [{file_format}] is not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    """A SavedModel of the run: the folder of its version."""
    return export(run, "savedmodel", tmp_path_factory.mktemp("models")).folder


@pytest.fixture(scope="module")
def signatures(saved):
    return tf.saved_model.load(str(saved)).signatures


@pytest.fixture
def no_process(monkeypatch):
    """Take the Keras model's own answers for the export's, where a test is not about them: a process takes seconds."""

    def same(file_format, folder, inputs):
        model = keras.saving.load_model(folder / "model.keras")
        return parity.keras_outputs(inputs, model.encoder, model.decoder), {}

    monkeypatch.setattr(parity, "run_fresh", same)


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("preset", ["cc", "dc", "studio"])
@pytest.mark.parametrize("file_format", formats.FORMATS)
def test_every_format_computes_what_keras_computes(preset, file_format, tmp_path):
    need(file_format)
    run = make_run(tmp_path / "run", preset)
    made = export(run, file_format, tmp_path / "models")
    suffix = "" if file_format == "savedmodel" else f"-{file_format}"
    assert made.folder == tmp_path / "models" / f"digits-{preset}{suffix}" / "1"
    report = json.loads((made.folder / "parity.json").read_text())
    assert set(report["signatures"]) == CHECKED[file_format]
    for kinds in report["signatures"].values():
        assert {kind: set(row) for kind, row in kinds.items()} == {"real": {"1", "2", "17"}, "random": {"1", "2", "17"}}
    # Logarithms of what is quiet make more of the rounding of a Fourier transform.
    assert report["largest_difference"] <= (5e-5 if preset == "studio" else 1e-5)
    assert report["limit"] == 1e-4
    values = json.loads(next(made.folder.rglob("metadata.json")).read_text())
    assert (values["rate_hz"], values["n_samples"], values["latent_dim"], values["preset"]) == (8000, T, D, preset)
    assert values["class_names"] == ["low", "high"]
    centre = run.encode(run.sounds.audio[:2])[0].mean(axis=0)
    np.testing.assert_allclose(values["class_centres"]["low"], centre, atol=1e-5)


@pytest.mark.parametrize("file_format", [pytest.param("savedmodel", marks=pytest.mark.slow), "litert", "onnx"])
def test_float16_weights_are_smaller_and_their_error_is_told(file_format, tmp_path, run):
    need(file_format)
    full = export(run, file_format, tmp_path)
    half = export(run, file_format, tmp_path, float16=True)
    assert half.folder.parent.name.endswith("-float16")
    assert half.parity["largest_difference"] <= 1e-5
    assert 1e-5 < half.parity["float16_error"]["largest_difference"] < 1e-2
    assert "float16_error" not in full.parity
    if file_format == "savedmodel":
        weights = [tf.train.load_checkpoint(str(each.folder / "variables" / "variables")) for each in (full, half)]
        types = [
            {str(each.get_variable_to_dtype_map()[n]) for n in each.get_variable_to_dtype_map()} for each in weights
        ]
        assert str(tf.float16) not in types[0]
        assert str(tf.float16) in types[1]


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


def test_a_new_export_takes_the_next_number(run, tmp_path, no_process):
    assert export(run, "keras", tmp_path).folder.name == "1"
    assert export(run, "keras", tmp_path).folder.name == "2"
    (tmp_path / "digits-cc-keras" / "9").mkdir()
    (tmp_path / "digits-cc-keras" / "notes.txt").write_text("kept")
    made = export(run, "keras", tmp_path)
    assert made.folder.name == "10"
    assert sorted(os.listdir(made.folder.parent)) == ["1", "10", "2", "9", "notes.txt"]


def test_a_number_taken_meanwhile_is_passed_over(run, tmp_path, monkeypatch, no_process):
    rename = os.rename

    def late(part, target):
        if not (tmp_path / "digits-cc-keras" / "1").exists():
            (tmp_path / "digits-cc-keras" / "1").mkdir()
            (tmp_path / "digits-cc-keras" / "1" / "other").touch()
        return rename(part, target)

    monkeypatch.setattr(versions.os, "rename", late)
    assert export(run, "keras", tmp_path).folder.name == "2"


def test_default_place_is_in_the_run(tmp_path, no_process):
    run = make_run(tmp_path / "run")
    assert export(run, "keras").folder == tmp_path / "run" / "export" / "digits-cc-keras" / "1"


@pytest.mark.parametrize("change", [1e-3, np.nan], ids=["differs", "NaN"])
def test_nothing_is_left_when_parity_fails(run, tmp_path, monkeypatch, no_process, change):
    honest = parity.run_fresh

    def shifted(*arguments):
        outputs, versions = honest(*arguments)
        audio = outputs["real_2/decode/audio"]
        outputs["real_2/decode/audio"] = audio + change * max(1, np.abs(audio).max())
        return outputs, versions

    monkeypatch.setattr(parity, "run_fresh", shifted)
    with pytest.raises(UserError, match=r"differs from the Keras model.*decode, real input, batch 2.*nothing kept"):
        export(run, "keras", tmp_path / "new" / "models")
    assert everything_below(tmp_path) == []


def test_nothing_is_left_when_the_export_does_not_load(run, tmp_path, monkeypatch):
    def broken(model, folder, float16):
        (folder / "model.keras").write_bytes(b"not a model")

    monkeypatch.setitem(exporting.converters.WRITERS, "keras", broken)
    with pytest.raises(UserError, match="does not run in a fresh process"):
        export(run, "keras", tmp_path / "models")
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["Ctrl-C", "disk full"]
)
def test_nothing_is_left_when_the_export_is_stopped(run, tmp_path, monkeypatch, stop):
    def stopped(model, folder, float16):
        (folder / "part.bin").write_bytes(b"half")
        raise stop

    (tmp_path / "models").mkdir()
    monkeypatch.setitem(exporting.converters.WRITERS, "keras", stopped)
    with pytest.raises((KeyboardInterrupt, OSError)):
        export(run, "keras", tmp_path / "models")
    assert everything_below(tmp_path) == ["models"]


def test_weights_too_large_for_float16(tmp_path):
    """Weights beyond float16 become infinite."""
    big = make_run(tmp_path / "big", gain=1e6)
    with pytest.raises(UserError, match="too large for --float16"):
        export(big, "savedmodel", tmp_path / "models", float16=True)
    assert not (tmp_path / "models").exists()


def test_a_wide_latent_space_is_not_asked_for_more_digits_than_float32_has():
    wanted = np.full((2, D), 1000, np.float32)
    result = parity.compare({"real_2/encode/mean": wanted}, {"real_2/encode/mean": wanted + np.float32(0.01)})
    assert result["largest_difference"] == pytest.approx(1e-5, rel=0.01)
    assert result["largest_absolute_difference"] == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize("received", [{}, {"real_2/decode/audio": np.zeros((1, T))}], ids=["missing", "shape"])
def test_a_missing_output_is_a_difference(received):
    result = parity.compare({"real_2/decode/audio": np.zeros((2, T), np.float32)}, received)
    assert result["largest_difference"] == np.inf


@pytest.fixture
def command(capfd, monkeypatch, tmp_path):
    """Run the command line in tmp_path and return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            cli.main([str(each) for each in arguments])
        return done.value.code, *capfd.readouterr()

    return call


def error_line(err):
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


def test_command_line(command, run, tmp_path):
    code, out, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 0, err
    assert "Export: models/digits-cc/1" in out
    assert "morph" in out
    assert "trained for 0 of 117 epochs" in err
    code, out, err = command(
        "digits",
        "export",
        "--run",
        run.path,
        "--out",
        "models",
        "--format",
        "keras",
        "--format",
        "savedmodel",
        "--quiet",
    )
    assert code == 0, err
    assert out.splitlines() == ["Export: models/digits-cc-keras/1", "Export: models/digits-cc/2"]


def test_unknown_format(command, run, tmp_path):
    code, _, err = command("digits", "export", "--run", run.path, "--format", "coreml")
    assert code == 2
    assert "'coreml' is not one of" in err
    with pytest.raises(UserError, match="unknown format 'coreml': choose one of savedmodel, litert, onnx, keras"):
        export(run, "coreml", tmp_path)


@pytest.mark.parametrize(("file_format", "module"), [("litert", "ai_edge_litert"), ("onnx", "tf2onnx")])
def test_missing_extra_says_what_to_install(command, run, monkeypatch, tmp_path, file_format, module):
    find = formats.importlib.util.find_spec
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None if name == module else find(name))
    code, _, err = command("digits", "export", "--run", run.path, "--format", "savedmodel", "--format", file_format)
    assert code == 1
    assert module in error_line(err)
    assert f"pip install 'audio-vae[{file_format}]'" in err
    # Told before the formats that are installed are written.
    assert everything_below(tmp_path) == []


def test_keras_has_no_float16(run, tmp_path):
    with pytest.raises(UserError, match="--float16"):
        export(run, "keras", tmp_path, float16=True)


def test_missing_run(command):
    code, _, err = command("digits", "export", "--run", "none")
    assert code == 1
    assert "no run folder none" in error_line(err)


def test_run_without_a_complete_model(command, tmp_path):
    run = make_run(tmp_path / "run")
    run.model_path.unlink()
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "has no trained model: train it first" in error_line(err)
    run.model_path.write_bytes(b"half a file")
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "cannot be loaded" in error_line(err)
    assert not Path("models").exists()


def test_run_of_another_dataset(command, run):
    code, _, err = command("drums", "export", "--run", run.path)
    assert code == 1
    assert "is a run of digits, not of drums" in error_line(err)


def test_diverged_model(command, tmp_path):
    run = make_run(tmp_path / "run", gain=np.nan)
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "NaN or infinity" in error_line(err)
    assert not Path("models").exists()


@pytest.mark.parametrize("out", ["file", "file/below", "digits"])
def test_output_folder_that_is_a_file(command, run, tmp_path, out):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "digits-cc-keras").write_text("kept")
    before = everything_below(tmp_path)
    code, _, err = command("digits", "export", "--run", run.path, "--out", out, "--format", "keras")
    assert code == 1
    assert "cannot be written" in error_line(err)
    assert "--out" in err
    assert everything_below(tmp_path) == before


def test_output_folder_that_is_not_writable(command, run, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    code, _, err = command("digits", "export", "--run", run.path, "--out", folder, "--format", "keras")
    assert code == 1
    assert "cannot be written" in error_line(err)


def test_help_teaches_by_example(command):
    code, out, _ = command("digits", "export", "--help")
    assert code == 0
    assert "audio-vae digits export --format savedmodel" in " ".join(out.split("Example")[1].split())
