"""The gradient passes of a training step: a loss with the variables that it moves, and how each backend applies it.

TensorFlow is the reference. On JAX a step is a function without side effects, which gets the values of all variables
and returns the new ones.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass

import keras

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.config import LossConfig
from audio_vae.model_config import ModelConfig


def one_by_one(model: ModelConfig, loss: LossConfig) -> bool:
    """Return whether the gradients of a batch are computed sound by sound (`apply_on_tensorflow`).

    They are for dilation blocks on CPU cores. A GPU needs many sounds at once to be busy, a loss between sounds needs
    them together, and a dense layer of the samples has too many weights for a gradient of each sound.
    """
    if (
        model.architecture != "dc"
        or model.dense_output
        or loss.centre_weight
        or loss.between_weight
        or not on_tensorflow()
    ):
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


@dataclass(frozen=True)
class Pass:
    """A loss and the variables that its gradient moves.

    Attributes:
        losses: function from the batch's sounds, `{name: [B, …]}`, to the loss (scalar) and its terms, `{term: [B]}`.
        terms: names of the terms.
        optimizer: the optimizer that applies the gradient.
        variables: the variables that it moves.
    """

    losses: Callable
    terms: tuple[str, ...]
    optimizer: keras.Optimizer
    variables: list


def apply_on_tensorflow(gradient_pass: Pass, sounds: dict, *, one_by_one: bool = False) -> dict:
    """Apply a pass to a batch on TensorFlow: compute its gradient and let its optimizer move the variables.

    Args:
        gradient_pass: the pass.
        sounds: the batch, `{name: [B, …]}`.
        one_by_one: compute the gradient of each sound on its own, as many at a time as there are cores, and average
            them. What the gradient of a sound needs then stays in the cache of a core, and memory does not grow with
            the batch. This pays off where the weights are few and the sounds long.

    Returns:
        The loss terms, `{term: [B]}`.
    """
    import tensorflow as tf

    def gradient(sounds):
        with tf.GradientTape() as tape:
            loss, terms = gradient_pass.losses(sounds)
        return tape.gradient(loss, gradient_pass.variables), terms

    if not one_by_one:
        gradients, terms = gradient(sounds)
    else:
        gradients, terms = tf.map_fn(
            lambda sound: gradient({name: value[tf.newaxis] for name, value in sound.items()}),
            sounds,
            parallel_iterations=os.cpu_count() or 1,
            fn_output_signature=(
                [tf.TensorSpec(variable.shape, variable.dtype) for variable in gradient_pass.variables],
                {name: tf.TensorSpec((1,), tf.float32) for name in gradient_pass.terms},
            ),
        )
        gradients = [tf.reduce_mean(values, axis=0) for values in gradients]
        terms = {name: values[:, 0] for name, values in terms.items()}
    gradient_pass.optimizer.apply(gradients, gradient_pass.variables)
    return terms


class _State:
    """The current values of variables, which a function on JAX passes along instead of assigning them."""

    def __init__(self, variables: list, values: list):
        self.values = {}
        self.update(variables, values)

    def of(self, variables: list) -> list:
        return [self.values[id(variable)][1] for variable in variables]

    def update(self, variables: list, values: list) -> None:
        self.values |= {id(variable): (variable, value) for variable, value in zip(variables, values, strict=True)}

    def call(self, function: Callable):
        """Call a function that reads and assigns variables, and keep the values that it assigned."""
        with keras.StatelessScope(state_mapping=list(self.values.values())) as scope:
            result = function()
        for variable, _ in list(self.values.values()):
            value = scope.get_current_value(variable)
            if value is not None:
                self.values[id(variable)] = (variable, value)
        return result


def jax_train_step(model, state: tuple, sounds: dict) -> tuple:
    """Apply all passes to a batch on JAX, without side effects.

    Args:
        model: the VAE.
        state: values of its trainable, non-trainable, optimizer and metrics variables, in this order, as Keras' JAX
            trainer passes them.
        sounds: the batch, `{name: [B, …]}`.

    Returns:
        The mean of each loss term over the epoch so far, and the new state.
    """
    import jax

    parts = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    now = _State(list(itertools.chain(*parts)), list(itertools.chain(*state)))
    sounds = now.call(lambda: model.augmented(sounds))
    terms = {}
    for each in model.passes:
        batch = {**sounds, **now.call(lambda: model.draw(len(sounds["audio"])))}

        def loss_of(values, each=each, batch=batch):
            mapping = list(now.values.values()) + list(zip(each.variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return each.losses(batch)

        (_, of_pass), gradients = jax.value_and_grad(loss_of, has_aux=True)(now.of(each.variables))
        moved, optimizer_values = each.optimizer.stateless_apply(
            now.of(each.optimizer.variables), gradients, now.of(each.variables)
        )
        now.update(each.variables, moved)
        now.update(each.optimizer.variables, optimizer_values)
        terms |= of_pass
    logs = now.call(lambda: model.report(terms))
    return logs, tuple(now.of(variables) for variables in parts)
