"""Exports in every format: equal to the Keras model, complete or absent, and what is refused."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from error_lines import error_line

from audio_vae.export import converters, formats, parity
from audio_vae.export.export import export, summary_lines
from audio_vae.utils.errors import UserError

T = 64
D = 3
CHECKED = {
    "savedmodel": {"encode", "decode", "reconstruct", "serving_default", "morph"},
    "litert": {"encode", "decode"},
    "onnx": {"encode", "decode"},
    "keras": {"encode", "decode", "reconstruct"},
}


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("file_format", "preset"),
    [
        # A Keras file is a copy of the model, which every format is compared with.
        pytest.param(
            file_format,
            preset,
            marks=[pytest.mark.slow] if file_format == "keras" and preset not in ("voice", "oneshot") else [],
        )
        for file_format in formats.FORMATS
        for preset in ("cc", "dc", "dc-code", "voice", "oneshot")
    ],
)
def test_every_format_computes_what_keras_computes(make_run, preset, file_format, tmp_path, need):
    need(file_format)
    run = make_run(tmp_path / "run", preset)
    made = export(run, file_format, tmp_path / "models")
    suffix = "" if file_format == "savedmodel" else f"-{file_format}"
    assert made.folder == tmp_path / "models" / f"digits-{preset}{suffix}" / "1"
    report = json.loads((made.folder / "parity.json").read_text())
    assert set(report["signatures"]) == CHECKED[file_format]
    for kinds in report["signatures"].values():
        assert {kind: set(row) for kind, row in kinds.items()} == {"real": {"1", "2", "17"}, "random": {"1", "2", "17"}}
    # Logarithms of what is quiet make more of the rounding of a Fourier transform, most on TensorFlow 2.16 (1.7e-4).
    assert report["largest_difference"] <= (3e-4 if preset in ("voice", "oneshot") else 1e-5)
    assert report["limit"] == 1e-4
    assert set(report["own_noise"]) == set(report["allowed"]) == CHECKED[file_format]
    assert all(1e-4 <= each <= 1e-3 for each in report["allowed"].values())
    values = json.loads(next(made.folder.rglob("metadata.json")).read_text())
    assert (values["rate_hz"], values["n_samples"], values["latent_dim"], values["preset"]) == (8000, T, D, preset)
    assert values["class_names"] == ["low", "high"]
    centre = run.encode(run.sounds.audio[:2])[0].mean(axis=0)
    np.testing.assert_allclose(values["class_centres"]["low"], centre, atol=1e-5)


@pytest.mark.parametrize("file_format", [pytest.param("savedmodel", marks=pytest.mark.slow), "litert", "onnx"])
def test_float16_weights_are_smaller_and_their_error_is_told(file_format, tmp_path, trained, need):
    need(file_format)
    full = export(trained, file_format, tmp_path)
    half = export(trained, file_format, tmp_path, float16=True)
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


@pytest.mark.parametrize("preset", ["dc", "voice", "oneshot"])
@pytest.mark.parametrize("file_format", ["litert", "onnx"])
def test_float16_rounds_no_constant_that_a_network_has_computed(make_run, file_format, preset, tmp_path, need):
    need(file_format)
    half = export(make_run(tmp_path / "run", preset), file_format, tmp_path, float16=True)
    # As in float32.
    assert half.parity["largest_difference"] <= (1e-4 if preset in ("voice", "oneshot") else 1e-5)


def test_default_place_is_in_the_run(make_run, tmp_path, no_process):
    run = make_run(tmp_path / "run")
    assert export(run, "keras").folder == tmp_path / "run" / "export" / "digits-cc-keras" / "1"


@pytest.mark.parametrize("change", [1e-3, np.nan], ids=["differs", "NaN"])
def test_nothing_is_left_when_parity_fails(trained, tmp_path, monkeypatch, no_process, change):
    honest = parity.run_fresh

    def shifted(*arguments):
        outputs, versions = honest(*arguments)
        audio = outputs["real_2/decode/audio"]
        outputs["real_2/decode/audio"] = audio + change * max(1, np.abs(audio).max())
        return outputs, versions

    monkeypatch.setattr(parity, "run_fresh", shifted)
    told = r"differs from the Keras model.*decode, real input, batch 2 \(at most 0.0001 is .*itself by .*is kept"
    with pytest.raises(UserError, match=told):
        export(trained, "keras", tmp_path / "new" / "models")
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize(("noise", "allowed"), [(5e-5, 2e-4), (1e-4, 4e-4), (1, 1e-3)])
def test_a_noisy_model_is_allowed_more(trained, tmp_path, monkeypatch, no_process, noise, allowed):
    """The noise, the allowed difference, and its ceiling are told; one signature's noise excuses no other."""
    honest = parity.run_fresh
    shift = 0.0

    def shifted(*arguments):
        outputs, versions = honest(*arguments)
        audio = outputs["real_2/decode/audio"]
        outputs["real_2/decode/audio"] = audio + shift * max(1, np.abs(audio).max())
        return outputs, versions

    monkeypatch.setattr(parity, "run_fresh", shifted)
    monkeypatch.setattr(parity, "own_noise", lambda *_: {"encode": 0.0, "decode": noise, "reconstruct": 0.0})
    shift = 0.9 * allowed
    made = export(trained, "keras", tmp_path / "models")
    assert made.parity["own_noise"]["decode"] == noise
    assert made.parity["allowed"] == pytest.approx({"encode": 1e-4, "decode": allowed, "reconstruct": 1e-4})
    (line,) = (each for each in summary_lines(made) if each.startswith("  decode"))
    assert line.endswith(f"allowed {allowed:.1e}, own noise {noise:.1e}")
    shift = 1.2 * allowed
    told = rf"\(at most {allowed:.2g} is allowed; the model differs from itself by {noise:.2g}\)"
    with pytest.raises(UserError, match=told):
        export(trained, "keras", tmp_path / "models")


def test_nothing_is_left_when_the_export_does_not_load(trained, tmp_path, monkeypatch):
    def broken(model, folder, float16):
        (folder / "model.keras").write_bytes(b"not a model")

    monkeypatch.setitem(converters.WRITERS, "keras", broken)
    with pytest.raises(UserError, match="does not run in a fresh process"):
        export(trained, "keras", tmp_path / "models")
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["Ctrl-C", "disk full"]
)
def test_nothing_is_left_when_the_export_is_stopped(trained, tmp_path, monkeypatch, stop):
    def stopped(model, folder, float16):
        (folder / "part.bin").write_bytes(b"half")
        raise stop

    (tmp_path / "models").mkdir()
    monkeypatch.setitem(converters.WRITERS, "keras", stopped)
    with pytest.raises((KeyboardInterrupt, UserError), match=r"^$|cannot be written \(No space left on device\)"):
        export(trained, "keras", tmp_path / "models")
    assert everything_below(tmp_path) == ["models"]


def test_weights_too_large_for_float16(make_run, tmp_path):
    """Weights beyond float16 become infinite."""
    big = make_run(tmp_path / "big", gain=1e6)
    with pytest.raises(UserError, match="too large for --float16"):
        export(big, "savedmodel", tmp_path / "models", float16=True)
    assert not (tmp_path / "models").exists()


@pytest.fixture
def command(run, monkeypatch, tmp_path):
    """Run the command line in tmp_path and return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    return run


def test_command_line(command, trained, tmp_path, monkeypatch):
    code, out, err = command("digits", "export", "--run", trained.path, "--out", "models")
    assert code == 0, err
    assert "Export: models/digits-cc/1" in out
    assert "morph" in out
    assert "trained for 0 of 117 epochs" in err
    monkeypatch.setattr(
        parity,
        "run_fresh",
        lambda file_format, folder, inputs: (
            parity.keras_outputs(inputs, trained.model.encoder, trained.model.decoder),
            {},
        ),
    )
    code, out, err = command(
        "digits", "export", "--run", trained.path, "--out", "models", "--format", "keras", "--format", "savedmodel",
        "--quiet",
    )  # fmt: skip
    assert code == 0, err
    assert out.splitlines() == ["Export: models/digits-cc-keras/1", "Export: models/digits-cc/2"]


def test_unknown_format(command, trained, tmp_path):
    code, _, err = command("digits", "export", "--run", trained.path, "--format", "coreml")
    assert code == 2
    assert "'coreml' is not one of" in err
    with pytest.raises(UserError, match="unknown format 'coreml': choose one of savedmodel, litert, onnx, keras"):
        export(trained, "coreml", tmp_path)


@pytest.mark.parametrize(("file_format", "module"), [("litert", "ai_edge_litert"), ("onnx", "tf2onnx")])
def test_missing_extra_says_what_to_install(command, trained, monkeypatch, tmp_path, file_format, module):
    find = formats.importlib.util.find_spec
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None if name == module else find(name))
    code, _, err = command("digits", "export", "--run", trained.path, "--format", "savedmodel", "--format", file_format)
    assert code == 1
    assert module in error_line(err)
    assert f"pip install 'audio-vae[{file_format}]'" in err
    # Told before the formats that are installed are written.
    assert everything_below(tmp_path) == []


def test_keras_has_no_float16(trained, tmp_path):
    with pytest.raises(UserError, match="--float16"):
        export(trained, "keras", tmp_path, float16=True)


def test_missing_run(command):
    code, _, err = command("digits", "export", "--run", "none")
    assert code == 1
    assert "no run folder none" in error_line(err)


def test_run_without_a_complete_model(make_run, command, tmp_path):
    run = make_run(tmp_path / "run")
    run.model_path.unlink()
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "has no trained model: train it first" in error_line(err)
    run.model_path.write_bytes(b"half a file")
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "cannot be loaded (it is damaged" in error_line(err)
    assert not Path("models").exists()


def test_run_of_another_dataset(command, trained):
    code, _, err = command("drums", "export", "--run", trained.path)
    assert code == 1
    assert "is a run of digits, not of drums" in error_line(err)


def test_diverged_model(make_run, command, tmp_path):
    run = make_run(tmp_path / "run", gain=np.nan)
    code, _, err = command("digits", "export", "--run", run.path, "--out", "models")
    assert code == 1
    assert "NaN or infinity" in error_line(err)
    assert not Path("models").exists()


@pytest.mark.parametrize("out", ["file", "file/below", "digits"])
def test_output_folder_that_is_a_file(command, trained, tmp_path, out):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "digits-cc-keras").write_text("kept")
    before = everything_below(tmp_path)
    code, _, err = command("digits", "export", "--run", trained.path, "--out", out, "--format", "keras")
    assert code == 1
    assert "cannot be written" in error_line(err)
    assert "--out" in err
    assert everything_below(tmp_path) == before


def test_output_folder_that_is_not_writable(command, trained, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    code, _, err = command("digits", "export", "--run", trained.path, "--out", folder, "--format", "keras")
    assert code == 1
    assert "cannot be written" in error_line(err)


def test_help_teaches_by_example(command):
    code, out, _ = command("digits", "export", "--help")
    assert code == 0
    assert "audio-vae digits export --format savedmodel" in " ".join(out.split("Example")[1].split())
