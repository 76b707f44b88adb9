"""Write a model as SavedModel, LiteRT, ONNX or Keras files: one function for each format."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from audio_vae.export.signatures import network_function, save_signatures
from audio_vae.models.networks import build_decoder, build_encoder
from audio_vae.models.vae import VAE
from audio_vae.models.weights import rounded_to_float16

OPSET = 17
"""Version of ONNX's operator set; ONNX Runtime 1.13 (2022) and later run it."""


_SMALLEST_CONSTANT = 128
"""Numbers in a constant of a LiteRT file from which on float16 saves more bytes than the cast takes."""


def rounded_networks(model: VAE) -> tuple[keras.Model, keras.Model]:
    """Return copies of encoder and decoder with weights rounded to float16 values, stored as float32.

    Weights that are too large for float16 become infinite, which the networks' results then show.
    """
    networks = build_encoder(model.model_config), build_decoder(model.model_config)
    for network, source in zip(networks, (model.encoder, model.decoder), strict=True):
        network.set_weights(rounded_to_float16(source.get_weights()))
    return networks


def _write_savedmodel(model: VAE, folder: Path, float16: bool) -> None:
    save_signatures(model.encoder, model.decoder, folder, weight_type=tf.float16 if float16 else tf.float32)


def _write_keras(model: VAE, folder: Path, _float16: bool) -> None:
    model.bare().save(folder / "model.keras")


def _write_litert(model: VAE, folder: Path, float16: bool) -> None:
    for name, signature, network, input_name, output_names in _networks(model, float16):
        function = network_function(network, input_name, output_names)
        with tempfile.TemporaryDirectory(prefix="audio-vae-litert-") as place:
            tf.saved_model.save(function.module, place, signatures={signature: function})
            converted = tf.lite.TFLiteConverter.from_saved_model(place, signature_keys=[signature]).convert()
            (folder / f"{name}.tflite").write_bytes(_litert_in_float16(converted) if float16 else converted)


def _litert_in_float16(converted: bytes) -> bytes:
    """Return a LiteRT file with its larger constants stored as float16, each followed by a cast to float32.

    The converter's own option for float16 stores them in the same way but rounds every constant, also Fourier
    transforms and the noise of the decoder. Here the rule is that of `_as_float16`.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(converted))
    cast = schema.OperatorCodeT()
    cast.builtinCode = cast.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    cast.version = 3
    model.operatorCodes.append(cast)
    # The converter lets equal constants share a buffer.
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    halved = {tensor.buffer: None for tensor in tensors}
    halved.update({tensor.buffer: False for tensor in tensors if tensor.type != schema.TensorType.FLOAT32})
    for graph in model.subgraphs:
        casts = []
        for place, tensor in enumerate(tuple(graph.tensors)):
            buffer = model.buffers[tensor.buffer]
            if halved[tensor.buffer] is None:
                stored = buffer.data if buffer.data is not None else b""
                half = _as_float16(np.frombuffer(bytes(stored), "<f4"))
                halved[tensor.buffer] = half is not None and half.size >= _SMALLEST_CONSTANT
                if halved[tensor.buffer]:
                    buffer.data = np.frombuffer(half.tobytes(), np.uint8)
            if halved[tensor.buffer]:
                weights = copy.copy(tensor)
                weights.name, weights.type = tensor.name + b"_float16", schema.TensorType.FLOAT16
                # Buffer 0 is empty, as that of a tensor which is computed has to be.
                tensor.buffer = 0
                operator = schema.OperatorT()
                operator.opcodeIndex = len(model.operatorCodes) - 1
                operator.inputs, operator.outputs = [len(graph.tensors)], [place]
                graph.tensors.append(weights)
                casts.append(operator)
        graph.operators = [*casts, *graph.operators]
    return flatbuffer_utils.convert_object_to_bytearray(model)


def _as_float16(values: np.ndarray) -> np.ndarray | None:
    """Return float32 numbers as float16 if it holds each of them exactly, or `None`.

    It holds the weights, which are rounded before, but not the constants that a network or a converter has computed.
    """
    with np.errstate(over="ignore"):
        half = values.astype("<f2")
    return half if np.array_equal(half.astype(np.float32), values) else None


def _write_onnx(model: VAE, folder: Path, float16: bool) -> None:
    import onnx
    import tf2onnx

    for name, _, network, input_name, output_names in _networks(model, float16):
        function = network_function(network, input_name, output_names)
        converted, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
        _name_tensors(converted.graph, output_names)
        if float16:
            _store_float16(converted.graph)
        onnx.checker.check_model(converted)
        onnx.save(converted, str(folder / f"{name}.onnx"))


def _name_tensors(graph: Any, output_names: tuple[str, ...]) -> None:
    """Bring the outputs of an ONNX graph into order, and call the open first dimension of all ends `batch`.

    The converter sorts outputs by name and makes up another name for each open dimension.
    """
    outputs = {each.name: each for each in graph.output}
    ordered = [copy.deepcopy(outputs[name]) for name in output_names]
    del graph.output[:]
    graph.output.extend(ordered)
    for each in (*graph.input, *graph.output):
        each.type.tensor_type.shape.dim[0].dim_param = "batch"


def _store_float16(graph: Any) -> None:
    """Store the constants of an ONNX graph as float16, each followed by a cast; it still computes in float32.

    Which constants are changed is the rule of `_as_float16`.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        name, half = constant.name, _as_float16(numpy_helper.to_array(constant))
        if half is None:
            continue
        constant.CopyFrom(numpy_helper.from_array(half, f"{name}_float16"))
        casts.append(helper.make_node("Cast", [constant.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _networks(model: VAE, float16: bool) -> Iterator[tuple[str, str, keras.Model, str, tuple[str, ...]]]:
    """Yield file name, signature, network, input name and output names of encoder and decoder."""
    encoder, decoder = rounded_networks(model) if float16 else (model.encoder, model.decoder)
    yield "encoder", "encode", encoder, "audio", ("mean", "log_variance")
    yield "decoder", "decode", decoder, "latent", ("audio",)


WRITERS = {
    "savedmodel": _write_savedmodel,
    "litert": _write_litert,
    "onnx": _write_onnx,
    "keras": _write_keras,
}
"""Format → function that writes its files: `(model, folder, whether to store the weights as float16)`."""
