"""The paper's dilation block: gated residual layers of dilated convolutions."""

from __future__ import annotations

import math

import keras
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE, add_bias, on_tensorflow
from audio_vae.model_config import GATES, PADDINGS

WIDENINGS = ("project", "repeat")


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
    """Stack of residual layers, each the gated product of two dilated convolutions (Section 3).

    For layer i = 1 … depth, with two sub-layers of kernel 2 and dilations
    `2^((i−1) mod long_cycle)` and `2^((i−1) mod short_cycle)`::

        skip_i      = gate(sub1_i(input_i), sub2_i(input_i))
        input_{i+1} = input_i + skip_i
        output      = mean of the skips

    Each sub-layer is causal by default; kernel 2 means that its output at t sees t and t − dilation::

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
        gate: `tanh_sigmoid` is tanh(sub1)·sigmoid(sub2), as in WaveNet; `product` is sub1·sub2, as the paper writes it;
            `tanh_tanh` is tanh(sub1)·tanh(sub2), as its code has it.
        padding: `causal`, or `same`: the output at t sees t − ⌊dilation / 2⌋ and t + ⌈dilation / 2⌉.
        backwards: whether the dilations are run through from the last layer's to the first's.
        widening: how inputs of other than `filters` channels become that many: `project` maps them by a 1×1
            convolution, `repeat` gives each channel the values of the only one, as where one is added to many.

    Call arguments:
        inputs: float tensor.

    Input shape:
        `(B, T, channels)`.

    Output shape:
        `(B, T, filters)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Lionello and Purwins (2020), Section 3; van den Oord et al. (2016), WaveNet, Section 2.3.
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
        widening="project",
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, value in {
            "depth": depth,
            "filters": filters,
            "long_cycle": long_cycle,
            "short_cycle": short_cycle,
        }.items():
            if value < 1:
                raise ValueError(f"Expected a {name} of 1 or more, received: {name}={value}")
        for name, value, choices in (
            ("gate", gate, GATES),
            ("padding", padding, PADDINGS),
            ("widening", widening, WIDENINGS),
        ):
            if value not in choices:
                raise ValueError(f"Expected a {name} of {choices}, received: {name}={value!r}")
        self.depth = depth
        self.filters = filters
        self.long_cycle = long_cycle
        self.short_cycle = short_cycle
        self.gate = gate
        self.padding = padding
        self.backwards = backwards
        self.widening = widening

    def build(self, input_shape):
        channels = input_shape[-1]
        self.repeats = channels != self.filters and self.widening == "repeat"
        if self.repeats and channels != 1:
            raise ValueError(f"Expected one channel to repeat, received: input_shape={input_shape}")
        if channels != self.filters and not self.repeats:
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
        elif self.repeats:
            x = ops.repeat(x, self.filters, axis=-1)
        # With time as the first axis, the samples one dilation earlier are a slice of whole rows, which needs no copy.
        x = ops.transpose(x, (1, 0, 2))
        skips = gated_stack(x, self.kernels, self.biases, self.dilations, self.gate, self.padding)
        return ops.transpose(skips, (1, 0, 2)) / self.depth

    @property
    def dilations(self) -> list[tuple[int, int]]:
        """Dilations of the two sub-layers of each layer, in samples."""
        forwards = [(2 ** (layer % self.long_cycle), 2 ** (layer % self.short_cycle)) for layer in range(self.depth)]
        return forwards[::-1] if self.backwards else forwards

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
            "padding": self.padding,
            "backwards": self.backwards,
            "widening": self.widening,
        }


def gated_stack(inputs, kernels, biases, dilations, gate, padding="causal"):
    """Sum the skips of a stack of gated residual layers (`DilationBlock`), with a gradient of its own.

    A sub-layer is one matrix product: a row of `[x[t − back], x[t + ahead]]` times both taps of its kernel, where back
    and ahead add up to the dilation; ahead is 0 for the causal padding. The gradient is written out because one product
    can replace the many of automatic differentiation: the four shifted gradients of a layer's two sub-layers lie side
    by side in one matrix. A product with it gives the gradient of the layer's input, another one that of both kernels.

    Args:
        inputs: `[T, B, F]`, time first.
        kernels: `[depth, 2, F, 2F]`: layer, tap (earlier, later), input channel, both sub-layers' filters.
        biases: `[depth, 2F]`.
        dilations: dilations of the two sub-layers of each layer, in samples.
        gate: one of `GATES`.
        padding: one of `PADDINGS`.

    Returns:
        `[T, B, F]`.
    """
    n_samples, _, filters = inputs.shape
    depth = len(dilations)
    offsets = [[_offsets(dilation, padding) for dilation in pair] for pair in dilations]
    n_past = max(back for pair in offsets for back, _ in pair)
    n_future = max(ahead for pair in offsets for _, ahead in pair)

    def sounds(x):
        """`[T·B, n]` → `[T, B, n]`."""
        return ops.reshape(x, (n_samples, -1, x.shape[-1]))

    @ops.custom_gradient
    def stack(x, *weights):
        kernels, biases = weights[:depth], weights[depth:]
        silence = ops.repeat(ops.zeros_like(x[:1]), max(n_past, n_future), axis=0)
        layers, first_input = [], x
        for (long, short), kernel, bias in zip(offsets, kernels, biases, strict=True):
            taps = ops.reshape(kernel, (2 * filters, 2 * filters))
            around = ops.concatenate([silence[:n_past], x, silence[:n_future]], axis=0)

            def both_taps(offsets, around=around, x=x):
                starts = (n_past - offsets[0], n_past + offsets[1])
                taps = [x if start == n_past else around[start : start + n_samples] for start in starts]
                return _rows(ops.concatenate(taps, axis=-1))

            to_first = both_taps(long)
            to_second = to_first if short == long else both_taps(short)
            first = add_bias(ops.matmul(to_first, taps[:, :filters]), bias[:filters])
            second = add_bias(ops.matmul(to_second, taps[:, filters:]), bias[filters:])
            if gate != "product":
                first, second = ops.tanh(first), ops.tanh(second) if gate == "tanh_tanh" else ops.sigmoid(second)
            layers.append((x, first, second))
            x = x + sounds(first * second)

        def gradient(*upstream_as_positional, upstream=None):
            d_total = _rows(upstream_as_positional[0] if upstream is None else upstream)
            d_next, d_kernels, d_biases = d_total, [], []
            # A product with ones sums faster than a sum over the first axis.
            ones = ops.transpose(ops.ones_like(d_total[:, :1]))
            for pair, kernel, (x, first, second) in zip(
                reversed(offsets), reversed(kernels), reversed(layers), strict=True
            ):
                d_first, d_second = _gate_gradient(d_next, first, second, gate)
                by_time = [sounds(d_first), sounds(d_second)]
                # Of the earlier taps of both, then of the later ones.
                shifts = [back for back, _ in pair] + [-ahead for _, ahead in pair]
                shifted = [_shifted(each, by, silence) for each, by in zip(2 * by_time, shifts, strict=True)]
                four = _rows(ops.concatenate(shifted, axis=-1))
                d_kernel = ops.reshape(ops.matmul(ops.transpose(_rows(x)), four), (filters, 2, 2 * filters))
                d_kernels.append(ops.transpose(d_kernel, (1, 0, 2)))
                sums = [ops.matmul(ones, each) for each in (d_first, d_second)]
                d_biases.append(ops.reshape(ops.concatenate(sums, axis=-1), (-1,)))
                d_next += ops.matmul(four, ops.reshape(ops.transpose(kernel, (0, 2, 1)), (4 * filters, filters)))
            return sounds(d_next - d_total), *d_kernels[::-1], *d_biases[::-1]

        # Each layer adds its skip to its input. So the sum of the skips is the last layer's output less the first one's
        # input, and the gradient of a skip is that of its layer's output.
        return x - first_input, gradient

    # A custom gradient takes single tensors, no variables and no lists. On JAX, a variable that is not converted to
    # a tensor first would become a constant of the compiled step.
    return stack(inputs, *ops.unstack(ops.convert_to_tensor(kernels)), *ops.unstack(ops.convert_to_tensor(biases)))


def _offsets(dilation: int, padding: str) -> tuple[int, int]:
    """Return how many samples before and after its output a sub-layer's two taps lie."""
    back = dilation if padding == "causal" else dilation // 2
    return back, dilation - back


def _shifted(x, n_samples: int, silence):
    """Shift `[T, B, n]` to earlier times, or to later ones by a negative number of samples; silence follows."""
    if n_samples == 0:
        return x
    length = x.shape[0]
    gap = silence[: min(abs(n_samples), length)]
    return ops.concatenate([x[n_samples:], gap] if n_samples > 0 else [gap, x[: max(length + n_samples, 0)]], axis=0)


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
    if gate != "tanh_sigmoid":
        d_second = d_skip * first
        if gate == "product":
            return d_first, d_second
        return d_first - d_first * first * first, d_second - d_second * second * second
    d_second = d_skip * first
    if on_tensorflow():
        import tensorflow as tf

        # Each reads and writes whole arrays once, where the same written out would do so three times.
        return tf.raw_ops.TanhGrad(y=first, dy=d_first), tf.raw_ops.SigmoidGrad(y=second, dy=d_second)
    return d_first * (1 - first * first), d_second * second * (1 - second)
