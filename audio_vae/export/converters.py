"""Write a model as SavedModel, LiteRT, ONNX or Keras files: one function for each format."""

from __future__ import annotations

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
    """Save the model without its optimizers, which take up two thirds of a run's model.keras."""
    bare = VAE(model.model_config, model.loss_config, seed=model.seed)
    bare.set_weights(model.get_weights())
    bare.save(folder / "model.keras")


def _write_litert(model: VAE, folder: Path, float16: bool) -> None:
    for name, signature, network, input_name, output_names in _networks(model, float16):
        function = network_function(network, input_name, output_names)
        with tempfile.TemporaryDirectory(prefix="audio-vae-litert-") as place:
            tf.saved_model.save(function.module, place, signatures={signature: function})
            converter = tf.lite.TFLiteConverter.from_saved_model(place, signature_keys=[signature])
            if float16:
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
                converter.target_spec.supported_types = [tf.float16]
            (folder / f"{name}.tflite").write_bytes(converter.convert())


def _write_onnx(model: VAE, folder: Path, float16: bool) -> None:
    import onnx
    import tf2onnx

    for name, _, network, input_name, output_names in _networks(model, float16):
        function = network_function(network, input_name, output_names)
        converted, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
        if float16:
            _store_float16(converted.graph)
        onnx.checker.check_model(converted)
        onnx.save(converted, str(folder / f"{name}.onnx"))


def _store_float16(graph: Any) -> None:
    """Store the constants of an ONNX graph as float16, each followed by a cast; it still computes in float32.

    Only constants that float16 holds exactly are changed: the weights, which are rounded before, but not
    constants that the converter has computed.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        name, values = constant.name, numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
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
