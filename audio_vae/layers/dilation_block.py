"""The paper's dilation block: gated residual layers of dilated causal convolutions."""

from __future__ import annotations

import math

import keras
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE, add_bias
from audio_vae.model_config import GATES


def receptive_field(depth: int, cycle: int) -> int:
    """Return how many input samples one output of a stack of kernel-2 layers depends on (Section 3).

    For a depth N that is a multiple of the cycle m, this is the paper's N/m·(2^m − 1) + 1.

    Args:
        depth: number of layers N.
        cycle: m; the dilations run through 2^0 … 2^(m − 1) again and again.
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

    Example:
    ```python
    block = DilationBlock(depth=10, filters=32, long_cycle=10, short_cycle=5)
    features = block(keras.random.normal((1, 4096, 16)))    # (1, 4096, 32)
    ```

    Args:
        depth: number of layers N.
        filters: channels of each sub-layer, and of the output.
        long_cycle: cycle m of the first sub-layer.
        short_cycle: cycle m of the second sub-layer.
        gate: `tanh_sigmoid` is tanh(sub1)·sigmoid(sub2), as in WaveNet; `product` is sub1·sub2, as the paper writes it.

    Call arguments:
        inputs: float tensor.

    Input shape:
        `(B, T, channels)`. If `channels` is not `filters`, a 1×1 convolution maps one to the other first.

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
        # One variable holds the weights of all layers. Keras would take its first axis for a part of the kernel, so
        # Glorot's limit is computed here.
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
        # With time as the first axis, the samples one dilation earlier are a slice of whole rows, which needs no copy.
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
    """Sum the skips of a stack of gated residual layers (`DilationBlock`), with a gradient of its own.

    A sub-layer is one matrix product: a row of `[x[t − dilation], x[t]]` times both taps of its kernel. The gradient is
    written out because one product can replace the many of automatic differentiation: the four shifted gradients of
    a layer's two sub-layers lie side by side in one matrix. A product with it gives the gradient of the layer's input,
    another one that of both kernels.

    Args:
        inputs: `[T, B, F]`, time first.
        kernels: `[depth, 2, F, 2F]`: layer, tap (past, present), input channel, both sub-layers' filters.
        biases: `[depth, 2F]`.
        dilations: dilations of the two sub-layers of each layer, in samples.
        gate: one of `GATES`.

    Returns:
        `[T, B, F]`.
    """
    n_samples, _, filters = inputs.shape
    depth = len(dilations)
    n_past = max(max(pair) for pair in dilations)

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
                return _rows(ops.concatenate([past[n_past - dilation : n_past - dilation + n_samples], x], axis=-1))

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
            d_total = _rows(upstream_as_positional[0] if upstream is None else upstream)
            d_next, d_kernels, d_biases = None, [], []
            for (long, short), kernel, (x, first, second) in zip(
                reversed(dilations), reversed(kernels), reversed(layers), strict=True
            ):
                d_skip = d_total if d_next is None else d_total + d_next
                d_first, d_second = _gate_gradient(d_skip, first, second, gate)
                by_time = [sounds(d_first), sounds(d_second)]
                later = [
                    ops.concatenate([each[dilation:], silence[: min(dilation, n_samples)]], axis=0)
                    for each, dilation in zip(by_time, (long, short), strict=True)
                ]
                four = _rows(ops.concatenate([*later, *by_time], axis=-1))
                d_kernel = ops.reshape(ops.matmul(ops.transpose(_rows(x)), four), (filters, 2, 2 * filters))
                d_kernels.append(ops.transpose(d_kernel, (1, 0, 2)))
                d_biases.append(ops.concatenate([ops.sum(d_first, axis=0), ops.sum(d_second, axis=0)], axis=0))
                d_x = ops.matmul(four, ops.reshape(ops.transpose(kernel, (0, 2, 1)), (4 * filters, filters)))
                d_next = d_x if d_next is None else d_next + d_x
            return sounds(d_next), *d_kernels[::-1], *d_biases[::-1]

        return total, gradient

    # A custom gradient takes single tensors, no variables and no lists. On JAX, a variable that is not converted to
    # a tensor first would become a constant of the compiled step.
    return stack(inputs, *ops.unstack(ops.convert_to_tensor(kernels)), *ops.unstack(ops.convert_to_tensor(biases)))


def _rows(x):
    """Join the first two axes: `[T, B, n]` → `[T·B, n]`."""
    return ops.reshape(x, (-1, x.shape[-1]))


def _gate_gradient(d_skip, first, second, gate):
    """Gradients of both sub-layers' outputs before the gate, from that of the skip; all are `[T·B, F]`.

    Args:
        d_skip: gradient of the skip.
        first: the first factor of the skip.
        second: its second factor.
        gate: one of `GATES`.
    """
    d_first = d_skip * second
    if gate == "product":
        return d_first, d_skip * first
    # tanh' = 1 − tanh² and sigmoid' = sigmoid·(1 − sigmoid): what both gradients share is computed once.
    shared = d_first * first
    return d_first - shared * first, shared - shared * second
