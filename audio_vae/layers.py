"""The paper's own layers: the dilation block and the sampling of the latent."""

from __future__ import annotations

import math

import keras
from keras import ops

from audio_vae.config import GATES
from audio_vae.distribute import replica_id

PACKAGE = "audio_vae"
"""Name under which every class of this library is registered with Keras."""


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

    Where both dilations are equal (half of the paper's layers) the two sub-layers run as one
    convolution with twice the filters.

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
        kernels, biases = ops.unstack(self.kernels), ops.unstack(self.biases)
        total = None
        for layer in range(self.depth):
            skip = self._gated(x, kernels[layer], biases[layer], layer)
            total = skip if total is None else total + skip
            x = x + skip
        return total / self.depth

    def _gated(self, x, kernel, bias, layer):
        long, short = 2 ** (layer % self.long_cycle), 2 ** (layer % self.short_cycle)
        if long == short:
            both = _causal_conv(x, kernel, long) + bias
            first, second = ops.split(both, 2, axis=-1)
        else:
            first = _causal_conv(x, kernel[..., : self.filters], long) + bias[: self.filters]
            second = _causal_conv(x, kernel[..., self.filters :], short) + bias[self.filters :]
        if self.gate == "tanh_sigmoid":
            return ops.tanh(first) * ops.sigmoid(second)
        return first * second

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


def _causal_conv(x, kernel, dilation):
    """Convolve `[B, T, C]` with a kernel of 2 samples, `[2, C, filters]`, that sees the past alone.

    Samples that are `dilation` apart become neighbours on an axis of their own, where a plain
    convolution does the work: about 1.4 times as fast as a dilated one, with the same result.
    """
    n_samples, channels = x.shape[1], x.shape[2]
    n_rows = -(-n_samples // dilation)
    padded = ops.pad(x, ((0, 0), (dilation, n_rows * dilation - n_samples), (0, 0)))
    rows = ops.reshape(padded, (-1, n_rows + 1, dilation, channels))
    convolved = ops.conv(rows, ops.expand_dims(kernel, 1), padding="valid", data_format="channels_last")
    return ops.reshape(convolved, (-1, n_rows * dilation, kernel.shape[-1]))[:, :n_samples]


# Added to the seed once a replica: far from every seed that people give, and below the 2³¹ that Keras folds seeds to.
_SEED_STEP = 1_013_904_243


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica of a distributed training noise of its own.

    Its state stays the same on all replicas. On one device it draws what Keras' own draws.
    """

    def next(self, ordered=True):
        seed, replica = super().next(ordered), replica_id()
        if replica is None:
            return seed
        return seed + ops.cast(ops.stack([replica * _SEED_STEP, 0]), seed.dtype)


@keras.saving.register_keras_serializable(PACKAGE)
class Sampling(keras.layers.Layer):
    """Draw a latent from the posterior: z = mean + sqrt(variance)·ε, ε ~ N(0, I) (rows "add" of Tables 1 and 2).

    The noise generator's state is saved with the weights, so that a resumed training draws what an
    uninterrupted one would have drawn. Each replica of a distributed training draws its own.

    Args:
        seed: start of the noise.

    Call arguments:
        inputs: `(mean, log_variance)`.

    Input shape:
        two tensors `(B, d)`.

    Output shape:
        `(B, d)`.

    References:
        Kingma and Welling (2014), Section 2.4 (the reparameterization trick).
    """

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.noise = ReplicaSeedGenerator(seed)
        self.built = True

    def call(self, inputs):
        mean, log_variance = inputs
        epsilon = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.noise)
        return mean + ops.exp(0.5 * log_variance) * epsilon

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def save_own_variables(self, store):
        store["noise_state"] = ops.convert_to_numpy(self.noise.state)

    def load_own_variables(self, store):
        self.noise.state.assign(store["noise_state"][()])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
