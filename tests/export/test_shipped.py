"""The models that come with the package, exported in every format."""

import json

import numpy as np
import pytest

from audio_vae.export import formats
from audio_vae.pretrained import catalog

GATED = ("digits", "savedmodel", False)
"""The one that every test run exports, for the examples of the documentation too; `tox -e formats` exports all."""

CASES = [
    pytest.param(
        name,
        file_format,
        float16,
        marks=[pytest.mark.slow] if file_format not in formats.NEEDS and (name, file_format, float16) != GATED else [],
    )
    for name in catalog.names()
    for file_format in formats.FORMATS
    for float16 in (False, True)
    if not (float16 and file_format == "keras")
]


@pytest.mark.parametrize(("name", "file_format", "float16"), CASES)
def test_every_shipped_model_is_exported_in_every_format(export_shipped, name, file_format, float16):
    made = export_shipped(name, file_format, float16)
    report = json.loads((made.folder / "parity.json").read_text())
    for signature, kinds in report["signatures"].items():
        assert max(max(row.values()) for row in kinds.values()) <= report["allowed"][signature] <= 1e-3
        assert report["own_noise"][signature] < 1e-3
    values = json.loads(next(made.folder.rglob("metadata.json")).read_text())
    assert values["format"] == file_format
    assert values["weights"] == ("float16" if float16 else "float32")


@pytest.mark.parametrize("file_format", ["litert", "onnx"])
@pytest.mark.parametrize("name", catalog.names())
def test_float16_files_are_smaller(export_shipped, name, file_format):
    full, half = (export_shipped(name, file_format, float16).folder for float16 in (False, True))
    suffix = {"litert": "tflite", "onnx": "onnx"}[file_format]
    for network in ("encoder", "decoder"):
        sizes = [(folder / f"{network}.{suffix}").stat().st_size for folder in (full, half)]
        # The noise of the drums' decoder, half of its file, is no weight.
        assert sizes[1] < 0.9 * sizes[0]


@pytest.mark.parametrize("float16", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("name", catalog.names())
def test_inputs_outputs_and_the_batch_of_onnx_files_have_names(export_shipped, name, float16):
    folder = export_shipped(name, "onnx", float16).folder
    import onnx

    values = json.loads((folder / "metadata.json").read_text())
    sound, latent = ["batch", values["n_samples"]], ["batch", values["latent_dim"]]
    expected = {
        "encoder": ([("audio", sound)], [("mean", latent), ("log_variance", latent)]),
        "decoder": ([("latent", latent)], [("audio", sound)]),
    }
    for network, ends in expected.items():
        graph = onnx.load(folder / f"{network}.onnx").graph
        found = tuple(
            [(each.name, [d.dim_param or d.dim_value for d in each.type.tensor_type.shape.dim]) for each in end]
            for end in (graph.input, graph.output)
        )
        assert found == ends


@pytest.mark.parametrize("name", catalog.names())
def test_inputs_and_outputs_of_litert_files_have_names(export_shipped, name):
    folder = export_shipped(name, "litert").folder
    from ai_edge_litert.interpreter import Interpreter

    latent = np.zeros((2, json.loads((folder / "metadata.json").read_text())["latent_dim"]), np.float32)
    decoded = Interpreter(str(folder / "decoder.tflite")).get_signature_runner("decode")(latent=latent)
    assert set(decoded) == {"audio"}
    encoded = Interpreter(str(folder / "encoder.tflite")).get_signature_runner("encode")(audio=decoded["audio"])
    assert {key: value.shape for key, value in encoded.items()} == {"mean": latent.shape, "log_variance": latent.shape}
