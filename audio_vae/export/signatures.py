"""The SavedModel's signatures: plain TensorFlow functions that check their inputs inside the graph.

A model server passes every request straight to the graph. A batch of sounds of half the length would be
reshaped into half as many sounds and give wrong latents, so operations of the graph check the length, rank
and finiteness of all inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

MAX_STEPS = 1000
"""Largest number of steps of a morph, so that a mistyped number does not exhaust a server's memory."""

SIGNATURES = ("encode", "decode", "reconstruct", "morph")
"""Names of the signatures; `serving_default` is `reconstruct`."""


class Network:
    """A Keras network as a TensorFlow function with variables of its own.

    Only these variables are exported, without Keras objects and optimizers.

    Args:
        network: encoder or decoder.
        weight_type: float32, or float16 to store the weights in half the bytes. The network computes in float32.
    """

    def __init__(self, network: keras.Model, weight_type: tf.DType = tf.float32):
        self.network = network
        self.variables = [
            tf.Variable(np.asarray(each), dtype=weight_type, trainable=False, name=each.name)
            for each in (*network.trainable_variables, *network.non_trainable_variables)
        ]

    def __call__(self, inputs: tf.Tensor) -> Any:
        """Apply the network to float32 `[B, …]`."""
        values = [tf.cast(each, tf.float32) for each in self.variables]
        n_trainable = len(self.network.trainable_variables)
        outputs, _ = self.network.stateless_call(values[:n_trainable], values[n_trainable:], inputs, training=False)
        return outputs


def save_signatures(
    encoder: keras.Model, decoder: keras.Model, path: Path, *, weight_type: tf.DType = tf.float32
) -> None:
    """Write a SavedModel with the signatures `encode`, `decode`, `reconstruct` and `morph`.

    The batch size B is dynamic; `T` and `d` are those of the networks:

    - `encode(audio [B, T])` → `mean [B, d]`, `log_variance [B, d]`
    - `decode(latent [B, d])` → `audio [B, T]`
    - `reconstruct(audio [B, T])` → `audio [B, T]`, at the posterior mean; also `serving_default`
    - `morph(start [B, d], end [B, d], steps [])` → `audio [B, steps, T]`, decoded at evenly spaced points of the
      straight lines from start to end, both included; `steps` is int32, 2 to `MAX_STEPS`

    The graph raises `InvalidArgumentError` (INVALID_ARGUMENT on a server) for inputs of another length or rank,
    without rows, with NaN or infinity, and for `steps` out of range.

    Args:
        encoder: audio → mean and log-variance.
        decoder: latent → audio.
        path: folder to write.
        weight_type: type of the stored weights, float32 or float16.
    """
    n_samples, latent_dim = encoder.input_shape[-1], decoder.input_shape[-1]
    module = tf.Module()
    encode_network, decode_network = Network(encoder, weight_type), Network(decoder, weight_type)
    module.weights = [*encode_network.variables, *decode_network.variables]

    audio_spec = tf.TensorSpec([None, n_samples], tf.float32, name="audio")
    latent_specs = {name: tf.TensorSpec([None, latent_dim], tf.float32, name) for name in ("latent", "start", "end")}

    @tf.function(input_signature=[audio_spec])
    def encode(audio):
        mean, log_variance = encode_network(_checked_rows(audio, "audio", n_samples))
        return {"mean": mean, "log_variance": log_variance}

    @tf.function(input_signature=[latent_specs["latent"]])
    def decode(latent):
        return {"audio": decode_network(_checked_rows(latent, "latent", latent_dim))}

    @tf.function(input_signature=[audio_spec])
    def reconstruct(audio):
        mean, _ = encode_network(_checked_rows(audio, "audio", n_samples))
        return {"audio": decode_network(mean)}

    @tf.function(input_signature=[latent_specs["start"], latent_specs["end"], tf.TensorSpec([], tf.int32, "steps")])
    def morph(start, end, steps):
        start, end = _checked_rows(start, "start", latent_dim), _checked_rows(end, "end", latent_dim)
        steps = _checked_steps(steps)
        as_many = tf.debugging.Assert(
            tf.equal(tf.shape(start)[0], tf.shape(end)[0]),
            ["start and end must have as many rows, received:", tf.shape(start)[0], tf.shape(end)[0]],
        )
        with tf.control_dependencies([as_many]):
            start = tf.identity(start)
        position = tf.linspace(0.0, 1.0, steps)[tf.newaxis, :, tf.newaxis]
        path = (1.0 - position) * start[:, tf.newaxis] + position * end[:, tf.newaxis]
        audio = decode_network(tf.reshape(path, [-1, latent_dim]))
        return {"audio": tf.reshape(audio, [-1, steps, n_samples])}

    functions = {"encode": encode, "decode": decode, "reconstruct": reconstruct, "morph": morph}
    for name, function in functions.items():
        setattr(module, name, function)
    tf.saved_model.save(module, str(path), signatures={**functions, "serving_default": reconstruct})


def network_function(network: keras.Model, input_name: str, output_names: Sequence[str]) -> Callable:
    """Return a network as a `tf.function`, `[B, n]` → `{name: [B, m]}`, without checks, for converters.

    The function's attribute `module` holds the variables.

    Args:
        network: encoder or decoder.
        input_name: name of its input.
        output_names: names of its outputs, in their order.
    """
    module = tf.Module()
    apply = Network(network)
    module.weights = apply.variables

    @tf.function(input_signature=[tf.TensorSpec([None, network.input_shape[-1]], tf.float32, name=input_name)])
    def function(inputs):
        outputs = apply(inputs)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return {name: tf.identity(each, name=name) for name, each in zip(output_names, outputs, strict=True)}

    module.function = function
    function.module = module
    return function


def _checked_rows(rows: tf.Tensor, name: str, length: int) -> tf.Tensor:
    """Return rows, float32 `[B, length]`, with operations that check their shape and that they are finite."""
    # TensorFlow would rely on the signature's declared shape and drop the check. After this operation the shape
    # is that of the data.
    rows = tf.raw_ops.PlaceholderWithDefault(input=rows, shape=None, name=f"{name}_as_sent")
    shape = tf.shape(rows)
    # Padded, so that reading axes 1 and 2 raises no other error where the rank is below 2.
    padded = tf.concat([shape, [-1, -1, -1]], axis=0)
    well_shaped = tf.debugging.Assert(
        tf.reduce_all([padded[0] >= 1, tf.equal(padded[1], length), tf.equal(padded[2], -1)]),
        [f"{name} must have the shape [B, {length}] with B of 1 or more, received:", shape],
        name=f"{name}_has_shape",
    )
    finite = tf.debugging.Assert(
        tf.reduce_all(tf.math.is_finite(tf.reshape(rows, [-1]))),
        [f"{name} must hold finite numbers, received NaN or infinity in:", shape],
        name=f"{name}_is_finite",
    )
    with tf.control_dependencies([well_shaped, finite]):
        return tf.reshape(rows, [-1, length])


def _checked_steps(steps: tf.Tensor) -> tf.Tensor:
    """Return `steps` as a scalar int32, with operations that check that it is one number from 2 to `MAX_STEPS`."""
    numbers = tf.reshape(tf.raw_ops.PlaceholderWithDefault(input=steps, shape=None, name="steps_as_sent"), [-1])
    # Counted from the values, because the declared shape already says that it is one number.
    count = tf.shape(tf.where(tf.equal(numbers, numbers)))[0]
    one = tf.debugging.Assert(
        tf.equal(count, 1), ["steps must be one number, received as many:", count], name="steps_is_one"
    )
    in_range = tf.debugging.Assert(
        tf.reduce_all((numbers >= 2) & (numbers <= MAX_STEPS)),
        [f"steps must be from 2 to {MAX_STEPS}, received:", numbers],
        name="steps_in_range",
    )
    with tf.control_dependencies([one, in_range]):
        return tf.reshape(numbers[:1], [])
