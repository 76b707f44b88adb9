"""An export as a server sees it: TensorFlow Serving's REST forms, its gRPC protocol, and a real model server.

No TensorFlow Serving runs here. Its published rules for the JSON of requests and answers
(https://www.tensorflow.org/tfx/serving/api_rest) are written down in `answer`, which runs a
SavedModel's signatures by them; the gRPC test serves its protocol from the SavedModel; the last test
starts Triton, a model server that can be installed.
"""

import importlib.util
import json
import os
import socket
import sys
import sysconfig
import urllib.error
import urllib.request
from concurrent import futures
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from audio_vae.config import AudioConfig, Config
from audio_vae.export.signatures import save_signatures
from audio_vae.model_config import ModelConfig, PlainConfig
from audio_vae.models.vae import build_vae

T = 64
D = 3
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "serving_client.py"


@pytest.fixture(scope="module")
def model():
    small = ModelConfig(
        architecture="cc",
        n_samples=T,
        latent_dim=D,
        n_classes=2,
        cc=PlainConfig(filters=(4, 4, 6, 6, 8), activation="linear"),
    )
    config = Config("digits", "cc", audio=AudioConfig(n_samples=T), model=small)
    return build_vae(config.model, config.loss, config.training)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    """A version folder with a SavedModel and the metadata that the client reads."""
    folder = tmp_path_factory.mktemp("models") / "digits-cc" / "1"
    save_signatures(model.encoder, model.decoder, folder)
    (folder / "assets.extra").mkdir()
    values = {"name": "digits-cc", "rate_hz": 8000, "class_centres": {"3": [0.0, 1.0, 2.0], "7": [3.0, -1.0, 0.5]}}
    (folder / "assets.extra" / "metadata.json").write_text(json.dumps(values))
    return folder


@pytest.fixture(scope="module")
def signatures(saved):
    return tf.saved_model.load(str(saved)).signatures


def answer(signatures, body):
    """Answer the JSON of a `:predict` request as TensorFlow Serving's REST API specifies.

    Row form: `instances` is a list with one entry an example, the bare value where the signature has
    one input, else an object of named ones; the answer is `predictions`, likewise. Column form:
    `inputs` is the one input or an object of named ones, batch included; the answer is `outputs`.
    """
    request = json.loads(body)
    function = signatures[request.get("signature_name", "serving_default")]
    specs = function.structured_input_signature[1]
    if ("instances" in request) == ("inputs" in request):
        raise ValueError("Request must have either instances or inputs")
    if "instances" in request:
        rows = request["instances"]
        named = [row if isinstance(row, dict) else {next(iter(specs)): row} for row in rows]
        columns = {name: [row[name] for row in named] for name in specs}
    else:
        columns = request["inputs"]
        columns = columns if isinstance(columns, dict) else {next(iter(specs)): columns}
    tensors = {name: tf.constant(columns[name], spec.dtype) for name, spec in specs.items()}
    outputs = {name: value.numpy().tolist() for name, value in function(**tensors).items()}
    if "inputs" in request:
        return json.dumps({"outputs": next(iter(outputs.values())) if len(outputs) == 1 else outputs})
    predictions = [dict(zip(outputs, values, strict=True)) for values in zip(*outputs.values(), strict=True)]
    if len(outputs) == 1:
        predictions = [next(iter(each.values())) for each in predictions]
    return json.dumps({"predictions": predictions})


@pytest.fixture
def audio(rng):
    return rng.uniform(-1, 1, (2, T)).astype(np.float32)


def test_default_signature_in_row_form(signatures, model, audio):
    reply = json.loads(answer(signatures, json.dumps({"instances": audio.tolist()})))
    assert list(reply) == ["predictions"]
    np.testing.assert_allclose(reply["predictions"], model(audio), atol=1e-5)


def test_encode_in_row_form_answers_one_object_a_sound(signatures, model, audio):
    body = {"signature_name": "encode", "instances": [{"audio": row} for row in audio.tolist()]}
    predictions = json.loads(answer(signatures, json.dumps(body)))["predictions"]
    mean, log_variance = model.encoder(audio)
    np.testing.assert_allclose([each["mean"] for each in predictions], mean, atol=1e-5)
    np.testing.assert_allclose([each["log_variance"] for each in predictions], log_variance, atol=1e-5)


def test_encode_in_column_form_answers_named_outputs(signatures, model, audio):
    outputs = json.loads(answer(signatures, json.dumps({"signature_name": "encode", "inputs": audio.tolist()})))[
        "outputs"
    ]
    assert set(outputs) == {"mean", "log_variance"}
    np.testing.assert_allclose(outputs["mean"], model.encoder(audio)[0], atol=1e-5)


@pytest.mark.parametrize("form", ["row", "row of objects", "column", "column of names"])
def test_decode_in_every_form(signatures, model, rng, form):
    latent = rng.normal(size=(2, D)).astype(np.float32)
    rows = latent.tolist()
    body = {
        "row": {"instances": rows},
        "row of objects": {"instances": [{"latent": row} for row in rows]},
        "column": {"inputs": rows},
        "column of names": {"inputs": {"latent": rows}},
    }[form]
    reply = json.loads(answer(signatures, json.dumps({"signature_name": "decode", **body})))
    assert list(reply) == ["predictions" if form.startswith("row") else "outputs"]
    np.testing.assert_allclose(next(iter(reply.values())), model.decoder(latent), atol=1e-5)


def test_morph_takes_the_column_form(signatures, model):
    """Its `steps` has no batch, which the row form would give it."""
    start, end = [[0.0, 1.0, 2.0]], [[3.0, -1.0, 0.5]]
    body = {"signature_name": "morph", "inputs": {"start": start, "end": end, "steps": 3}}
    outputs = np.array(json.loads(answer(signatures, json.dumps(body)))["outputs"])
    assert outputs.shape == (1, 3, T)
    path = np.float32([start[0], np.add(start[0], end[0]) / 2, end[0]])
    np.testing.assert_allclose(outputs[0], model.decoder(path), atol=1e-5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"instances": [[0.0, 1.0]]}', rf"audio must have the shape \[B, {T}\]"),
        ('{"instances": 1.0}', "not iterable"),
        (json.dumps({"inputs": [[float("nan")] * T]}), "audio must hold finite numbers"),
        ('{"signature_name": "decode", "inputs": [["a", "b", "c"]]}', "a"),
        ('{"signature_name": "decode", "inputs": [[1.0, 2.0], [3.0]]}', "rectangular|shape"),
        ('{"signature_name": "morph", "inputs": {"start": [[0,0,0]], "end": [[1,1,1]], "steps": 1}}', "from 2 to"),
        ('{"signature_name": "morph", "inputs": {"start": [[0,0,0]], "end": [[1,1,1]], "steps": 2.5}}', "int"),
    ],
)
def test_wrong_requests(signatures, body, message):
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError, TypeError), match=message):
        answer(signatures, body)


def test_client_speaks_the_protocol_of_tensorflow_serving(saved, signatures, model, tmp_path, monkeypatch, capsys):
    """The server is a few lines around the SavedModel; protocol and client are the real ones."""
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            assert request.model_spec.name == "digits-cc"
            tensors = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
            reply = predict_pb2.PredictResponse()
            for name, value in signatures[request.model_spec.signature_name](**tensors).items():
                reply.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return reply

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    spec = importlib.util.spec_from_file_location("serving_client", EXAMPLE)
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    arguments = [saved, "3", "7", "--steps", "4", "--server", f"127.0.0.1:{port}", "--out", tmp_path / "served"]
    monkeypatch.setattr(sys, "argv", ["serving_client.py", *map(str, arguments)])
    try:
        client.main()
    finally:
        server.stop(None)
    assert "4 steps from 3 to 7" in capsys.readouterr().out
    sounds = [soundfile.read(tmp_path / "served" / f"{step:02d}.wav", dtype="float32") for step in range(4)]
    assert {rate_hz for _, rate_hz in sounds} == {8000}
    decoded = np.asarray(model.decoder(np.float32([[0.0, 1.0, 2.0]])))[0]
    np.testing.assert_allclose(sounds[0][0], 0.9 * decoded / np.abs(decoded).max(), atol=1e-4)


@pytest.mark.serving
def test_a_real_model_server_answers_as_keras(signatures, model, audio, rng, monkeypatch):
    """Triton on loopback with the SavedModel behind it, asked over REST (KServe v2)."""
    pytest.importorskip("pytriton", reason="nvidia-pytriton is not installed: tox -e serving")
    # Triton's worker is linked to libpython, which many Pythons keep where the loader does not look, or
    # finds that of another Python.
    monkeypatch.setenv("LD_LIBRARY_PATH", sysconfig.get_config_var("LIBDIR"), prepend=os.pathsep)
    from pytriton.decorators import batch
    from pytriton.model_config import ModelConfig as TritonModelConfig
    from pytriton.model_config import Tensor
    from pytriton.triton import Triton, TritonConfig

    http_port, grpc_port, metrics_port = free_ports(3)
    latent = rng.normal(size=(2, D)).astype(np.float32)
    expected = {
        "encode": ({"audio": audio}, dict(zip(("mean", "log_variance"), model.encoder(audio), strict=True))),
        "decode": ({"latent": latent}, {"audio": model.decoder(latent)}),
        "reconstruct": ({"audio": audio}, {"audio": model(audio)}),
    }
    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=http_port,
        grpc_address="127.0.0.1",
        grpc_port=grpc_port,
        allow_metrics=False,
        metrics_port=metrics_port,
    )
    with Triton(config=config) as server:
        for name in expected:
            function = signatures[name]

            @batch
            def infer(function=function, **tensors):
                answers = function(**{key: tf.constant(value) for key, value in tensors.items()})
                return {key: value.numpy() for key, value in answers.items()}

            server.bind(
                model_name=name,
                infer_func=infer,
                inputs=tensors_of(Tensor, function.structured_input_signature[1]),
                outputs=tensors_of(Tensor, function.structured_outputs),
                config=TritonModelConfig(max_batch_size=32),
            )
        server.run()
        for name, (tensors, wanted) in expected.items():
            received = rest(http_port, name, tensors)
            assert received.keys() == wanted.keys()
            for key, value in wanted.items():
                np.testing.assert_allclose(received[key], value, atol=1e-4)
        with pytest.raises(urllib.error.HTTPError) as refused:
            rest(http_port, "decode", {"latent": np.full((1, D), np.nan, np.float32)})
        assert "latent must hold finite numbers" in refused.value.read().decode()


def tensors_of(kind, specs):
    return [kind(name=name, dtype=np.float32, shape=tuple(spec.shape[1:])) for name, spec in specs.items()]


def rest(port, name, tensors):
    """Ask Triton's REST interface."""
    inputs = [
        {"name": key, "shape": value.shape, "datatype": "FP32", "data": value.ravel().tolist()}
        for key, value in tensors.items()
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v2/models/{name}/infer", data=json.dumps({"inputs": inputs}).encode()
    )
    with urllib.request.urlopen(request, timeout=120) as reply:
        outputs = json.load(reply)["outputs"]
    return {each["name"]: np.reshape(each["data"], each["shape"]) for each in outputs}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
