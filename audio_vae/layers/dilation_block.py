"""The paper's own layers: the dilation block and the sampling of the latent."""

from __future__ import annotations

import math

import keras
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE, add_bias
from audio_vae.model_config import GATES


def receptive_field(depth: int, cycle: int) -> int:
    """Samples that one output of a stack of kernel-2 layers sees (Section 3).

    The paper's N/m·(2^m − 1) + 1 for a depth N that is a multiple of the cycle m.
    """
    return sum(2 ** (layer % cycle) for layer in range(depth)) + 1


@keras.saving.register_keras_serializable(PACKAGE)
class DilationBlock(keras.layers.Layer):
    """Stack of residual layers, each the gated product of two dilated causal convolutions (Section 3).

    For layer i = 1 … depth, with two sub-layers of kernel 2 and dilations
    `2^((i−1) mod long_cycle)` and `2^((i−1) mod short_cycle)`::

        skip_i      = gate(sub1_i(input_i), sub2_i(input_i))
        input_{i+1} = input_i + skip_i
        output      = mean of the skips

    Each sub-layer is causal; kernel 2 means that its output at t sees t and t − dilation::

        dilation 4:   w0 ─────────── w1          out[t] = w0·in[t−4] + w1·in[t] + b
                      t−4  t−3 t−2 t−1 t         in[t] = 0 for t < 0

    Args:
        depth: number of layers N.
        filters: channels of each sub-layer, and of the output.
        long_cycle: m of the first sub-layer.
        short_cycle: m of the second sub-layer.
        gate: `tanh_sigmoid`: tanh(sub1)·sigmoid(sub2), as WaveNet; `product`: sub1·sub2, as the paper writes it.

    Call arguments:
        inputs: float tensor.

    Input shape:
        `(B, T, channels)`. If `channels` is not `filters`, a 1×1 convolution maps one to the
        other before the first residual sum.

    Output shape:
        `(B, T, filters)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Lionello and Purwins (2020), Section 3; van den Oord et al. (2016), WaveNet, Section 2.3.
    """

    def __init__(self, depth=50, filters=32, long_cycle=10, short_cycle=5, gate="tanh_sigmoid", **kwargs):
        super().__init__(**kwargs)
        for name, value in {
            "depth": depth,
            "filters": filters,
            "long_cycle": long_cycle,
            "short_cycle": short_cycle,
        }.items():
            if value < 1:
                raise ValueError(f"Expected a {name} of 1 or more, received: {name}={value}")
        if gate not in GATES:
            raise ValueError(f"Expected a gate of {GATES}, received: gate={gate!r}")
        self.depth = depth
        self.filters = filters
        self.long_cycle = long_cycle
        self.short_cycle = short_cycle
        self.gate = gate

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels != self.filters:
            self.projection = self.add_weight(
                name="projection", shape=(1, channels, self.filters), initializer="glorot_uniform"
            )
        else:
            self.projection = None
        # All layers' weights lie in one variable: Keras would take its leading axis for a part of
        # the kernel, so Glorot's limit is given here.
        limit = math.sqrt(6 / (2 * 2 * self.filters))
        self.kernels = self.add_weight(
            name="kernels",
            shape=(self.depth, 2, self.filters, 2 * self.filters),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.biases = self.add_weight(name="biases", shape=(self.depth, 2 * self.filters), initializer="zeros")

    def call(self, inputs):
        x = inputs
        if self.projection is not None:
            x = ops.conv(x, self.projection, padding="valid", data_format="channels_last")
        # Time comes first, so that what lies a dilation ago is a slice of whole rows, which needs no copy.
        skips = gated_stack(ops.transpose(x, (1, 0, 2)), self.kernels, self.biases, self.dilations, self.gate)
        return ops.transpose(skips, (1, 0, 2)) / self.depth

    @property
    def dilations(self) -> list[tuple[int, int]]:
        """Dilations of the two sub-layers of each layer, in samples."""
        return [(2 ** (layer % self.long_cycle), 2 ** (layer % self.short_cycle)) for layer in range(self.depth)]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "depth": self.depth,
            "filters": self.filters,
            "long_cycle": self.long_cycle,
            "short_cycle": self.short_cycle,
            "gate": self.gate,
        }


def gated_stack(inputs, kernels, biases, dilations, gate):
    """Sum of the skips of a stack of gated residual layers (`DilationBlock`), with a gradient of its own.

    A sub-layer is one matrix product: a row of `[x[t − dilation], x[t]]` times both taps of its kernel.
    The gradient is written out because it can be one product where automatic differentiation makes
    many: the four shifted gradients of a layer's two sub-layers lie side by side in one matrix, and a
    product with it gives the gradient of the layer's input, another that of both kernels.

    Args:
        inputs: `[T, B, F]`, time first.
        kernels: `[depth, 2, F, 2F]`: layer, tap (past, present), input channel, both sub-layers' filters.
        biases: `[depth, 2F]`.
        dilations: of the two sub-layers of each layer, in samples.
        gate: one of `GATES`.

    Returns:
        `[T, B, F]`.
    """
    n_samples, _, filters = inputs.shape
    depth = len(dilations)
    n_past = max(max(pair) for pair in dilations)

    def rows(x):
        """`[T, B, n]` → `[T·B, n]`."""
        return ops.reshape(x, (-1, x.shape[-1]))

    def sounds(x):
        """`[T·B, n]` → `[T, B, n]`."""
        return ops.reshape(x, (n_samples, -1, x.shape[-1]))

    @ops.custom_gradient
    def stack(x, *weights):
        kernels, biases = weights[:depth], weights[depth:]
        silence = ops.repeat(ops.zeros_like(x[:1]), n_past, axis=0)
        layers, total = [], None
        for (long, short), kernel, bias in zip(dilations, kernels, biases, strict=True):
            taps = ops.reshape(kernel, (2 * filters, 2 * filters))
            past = ops.concatenate([silence, x], axis=0)

            def both_taps(dilation, past=past, x=x):
                return rows(ops.concatenate([past[n_past - dilation : n_past - dilation + n_samples], x], axis=-1))

            to_first = both_taps(long)
            to_second = to_first if short == long else both_taps(short)
            first = add_bias(ops.matmul(to_first, taps[:, :filters]), bias[:filters])
            second = add_bias(ops.matmul(to_second, taps[:, filters:]), bias[filters:])
            if gate == "tanh_sigmoid":
                first, second = ops.tanh(first), ops.sigmoid(second)
            layers.append((x, first, second))
            skip = sounds(first * second)
            total = skip if total is None else total + skip
            x = x + skip

        def gradient(*upstream_as_positional, upstream=None):
            from_total = rows(upstream_as_positional[0] if upstream is None else upstream)
            from_next, of_kernels, of_biases = None, [], []
            for (long, short), kernel, (x, first, second) in zip(
                reversed(dilations), reversed(kernels), reversed(layers), strict=True
            ):
                of_skip = from_total if from_next is None else from_total + from_next
                of_first = of_skip * second
                if gate == "tanh_sigmoid":
                    # With tanh' = 1 − tanh² and sigmoid' = sigmoid·(1 − sigmoid), what both share is computed once.
                    shared = of_first * first
                    of_first, of_second = of_first - shared * first, shared - shared * second
                else:
                    of_second = of_skip * first

                def later(of_sub_layer, dilation):
                    kept = sounds(of_sub_layer)[dilation:]
                    return ops.concatenate([kept, silence[: min(dilation, n_samples)]], axis=0)

                four = rows(
                    ops.concatenate(
                        [later(of_first, long), later(of_second, short), sounds(of_first), sounds(of_second)], axis=-1
                    )
                )
                of_kernel = ops.reshape(ops.matmul(ops.transpose(rows(x)), four), (filters, 2, 2 * filters))
                of_kernels.append(ops.transpose(of_kernel, (1, 0, 2)))
                of_biases.append(ops.concatenate([ops.sum(of_first, axis=0), ops.sum(of_second, axis=0)], axis=0))
                of_x = ops.matmul(four, ops.reshape(ops.transpose(kernel, (0, 2, 1)), (4 * filters, filters)))
                from_next = of_x if from_next is None else from_next + of_x
            return sounds(from_next), *of_kernels[::-1], *of_biases[::-1]

        return total, gradient

    # A custom gradient takes tensors side by side, no variables and no lists. On JAX a variable that is not made
    # a tensor first would be a constant of the compiled step.
    return stack(inputs, *ops.unstack(ops.convert_to_tensor(kernels)), *ops.unstack(ops.convert_to_tensor(biases)))
