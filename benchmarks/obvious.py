"""The dilation block the obvious way: what `layers.DilationBlock` is measured by."""

from __future__ import annotations

import keras
from keras import layers, ops

from audio_vae.layers.dilation_block import DilationBlock


class ObviousBlock(keras.layers.Layer):
    """`DilationBlock` with a dilated `Conv1D` a sub-layer and automatic gradients.

    Takes the same arguments and gives the same outputs for the same weights (`copy_weights`).
    """

    def __init__(
        self,
        depth=50,
        filters=32,
        long_cycle=10,
        short_cycle=5,
        gate="tanh_sigmoid",
        padding="causal",
        backwards=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.gate = gate
        self.projection = layers.Conv1D(filters, 1, use_bias=False)
        order = range(depth)[::-1] if backwards else range(depth)
        self.sub_layers = [
            [layers.Conv1D(filters, 2, padding=padding, dilation_rate=2 ** (i % cycle)) for i in order]
            for cycle in (long_cycle, short_cycle)
        ]
        self.filters = filters

    def build(self, input_shape):
        self.projects = input_shape[-1] != self.filters
        if self.projects:
            self.projection.build(input_shape)
        for sub_layer in self.sub_layers[0] + self.sub_layers[1]:
            sub_layer.build((*input_shape[:-1], self.filters))

    def call(self, inputs):
        x = self.projection(inputs) if self.projects else inputs
        skips = []
        for first, second in zip(*self.sub_layers, strict=True):
            after = {"tanh_sigmoid": (ops.tanh, ops.sigmoid), "tanh_tanh": (ops.tanh, ops.tanh), "product": None}
            functions = after[self.gate]
            sides = (first(x), second(x))
            left, right = (f(side) for f, side in zip(functions, sides, strict=True)) if functions else sides
            skips.append(left * right)
            x = x + skips[-1]
        return sum(skips) / len(skips)

    def copy_weights(self, block: DilationBlock) -> None:
        """Take the weights of a built `DilationBlock`."""
        *projection, kernels, biases = block.get_weights()
        if projection:
            self.projection.set_weights(projection)
        for number, sub_layers in enumerate(self.sub_layers):
            mine = slice(number * self.filters, (number + 1) * self.filters)
            for sub_layer, kernel, bias in zip(sub_layers, kernels, biases, strict=True):
                sub_layer.set_weights([kernel[..., mine], bias[mine]])

    def gather(self, of_variables: dict) -> list:
        """Lay values that belong to this block's variables (such as gradients) out as `DilationBlock`'s variables.

        Args:
            of_variables: value by variable path.

        Returns:
            One tensor for each of `DilationBlock`'s variables, in its order.
        """
        stacked = [
            ops.concatenate([ops.stack([of_variables[each.path] for each in part]) for part in parts], axis=-1)
            for parts in (
                [[sub_layer.kernel for sub_layer in sub_layers] for sub_layers in self.sub_layers],
                [[sub_layer.bias for sub_layer in sub_layers] for sub_layers in self.sub_layers],
            )
        ]
        return ([of_variables[self.projection.kernel.path]] if self.projects else []) + stacked
