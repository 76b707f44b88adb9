import numpy as np
import pytest
import tensorflow as tf

from audio_vae.layers.dilation_block import DilationBlock, receptive_field
from benchmarks.obvious import ObviousBlock

SMALL = {"depth": 5, "filters": 3, "long_cycle": 3, "short_cycle": 2}


def randomise(block, rng, scale=0.4):
    # Biases start at 0, which would hide one that is left out.
    block.set_weights([rng.normal(scale=scale, size=each.shape) for each in block.get_weights()])


def reference_block(x, block):
    """Section 3's equations, one sound, one sample and one layer at a time."""
    gate = {
        "tanh_sigmoid": lambda first, second: np.tanh(first) / (1 + np.exp(-second)),
        "product": lambda first, second: first * second,
        "tanh_tanh": lambda first, second: np.tanh(first) * np.tanh(second),
    }[block.gate]
    *projection, kernels, biases = (each.astype("float64") for each in block.get_weights())
    n = block.filters
    outputs = []
    for sound in x.astype("float64"):
        layer_input = sound
        if projection:
            layer_input = sound @ projection[0][0]
        elif sound.shape[1] != n:
            layer_input = np.repeat(sound, n, axis=1)
        skips = []
        for i in range(1, block.depth + 1):
            subs = []
            for cycle, channels in ((block.long_cycle, slice(0, n)), (block.short_cycle, slice(n, 2 * n))):
                dilation = 2 ** ((block.depth - i if block.backwards else i - 1) % cycle)
                back = dilation // 2 if block.padding == "same" else dilation
                sub = np.zeros_like(layer_input)
                for t in range(len(layer_input)):
                    sub[t] = biases[i - 1, channels]
                    for tap, seen in enumerate((t - back, t - back + dilation)):
                        if 0 <= seen < len(layer_input):
                            sub[t] += layer_input[seen] @ kernels[i - 1, tap, :, channels]
                subs.append(sub)
            skips.append(gate(*subs))
            layer_input = layer_input + skips[-1]
        outputs.append(np.mean(skips, axis=0))
    return np.stack(outputs)


@pytest.mark.parametrize("gate", ["tanh_sigmoid", "product"])
@pytest.mark.parametrize("channels", [2, 3], ids=["projection", "no projection"])
@pytest.mark.parametrize("cycles", [(3, 2), (2, 3), (2, 2), (1, 4)])
def test_block_equals_the_equations(rng, gate, channels, cycles):
    block = DilationBlock(5, 3, *cycles, gate=gate)
    block.build((None, 20, channels))
    randomise(block, rng)
    x = rng.normal(size=(2, 20, channels)).astype("float32")
    np.testing.assert_allclose(block(x), reference_block(x, block), rtol=1e-4, atol=1e-5)


OF_CODE = {"gate": "tanh_tanh", "padding": "same", "backwards": True, "widening": "repeat"}
"""What the block of the paper's code does."""


@pytest.mark.parametrize("cycles", [(3, 2), (2, 3), (6, 1)])
@pytest.mark.parametrize(
    ("channels", "changes"),
    [(1, OF_CODE), (3, OF_CODE), (2, {"padding": "same"}), (3, {"backwards": True}), (3, {"gate": "tanh_tanh"})],
)
def test_variants_of_the_block_equal_the_equations(rng, channels, cycles, changes):
    block = DilationBlock(5, 3, *cycles, **changes)
    block.build((None, 20, channels))
    randomise(block, rng)
    x = rng.normal(size=(2, 20, channels)).astype("float32")
    np.testing.assert_allclose(block(x), reference_block(x, block), rtol=1e-4, atol=1e-5)


def test_the_block_of_the_code_as_a_keras_layer(rng, check_layer):
    check_layer(
        DilationBlock,
        {**SMALL, **OF_CODE},
        rng.normal(size=(2, 20, 1)).astype("float32"),
        output_shape=(2, 20, 3),
        n_trainable=2,
        n_parameters=5 * 2 * 3 * 6 + 5 * 6,
    )


def test_block_repeats_one_channel_alone():
    with pytest.raises(ValueError, match="Expected one channel to repeat, received: input_shape="):
        DilationBlock(**SMALL, widening="repeat").build((None, 20, 2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_bfloat16"])
@pytest.mark.parametrize("gate", ["tanh_sigmoid", "product"])
@pytest.mark.parametrize(
    ("channels", "n_trainable", "n_parameters"),
    [(3, 2, 5 * 2 * 3 * 6 + 5 * 6), (2, 3, 2 * 3 + 5 * 2 * 3 * 6 + 5 * 6)],
    ids=["no projection", "projection"],
)
def test_block_as_a_keras_layer(rng, check_layer, dtype, gate, channels, n_trainable, n_parameters):
    check_layer(
        DilationBlock,
        {**SMALL, "gate": gate, "dtype": dtype},
        rng.normal(size=(2, 20, channels)).astype("float32"),
        output_shape=(2, 20, 3),
        n_trainable=n_trainable,
        n_parameters=n_parameters,
    )


def test_block_starts_within_glorots_limit_of_a_single_layer():
    block = DilationBlock(**SMALL)
    block.build((None, 20, 3))
    kernels, biases = block.get_weights()
    limit = np.sqrt(6 / (2 * 3 + 2 * 3))
    assert 0.9 * limit < np.abs(kernels).max() <= limit
    np.testing.assert_array_equal(biases, np.zeros((5, 6)))


@pytest.mark.parametrize("gate", ["tanh_sigmoid", "product"])
def test_block_is_causal(rng, gate):
    block = DilationBlock(**SMALL, gate=gate)
    block.build((None, 20, 3))
    randomise(block, rng)
    x = rng.normal(size=(1, 20, 3)).astype("float32")
    changed = x.copy()
    changed[:, 12:] = rng.normal(size=(1, 8, 3))
    before, after = np.asarray(block(x)), np.asarray(block(changed))
    np.testing.assert_array_equal(after[:, :12], before[:, :12])
    assert np.all(np.any(after[:, 12:] != before[:, 12:], axis=-1))


@pytest.mark.parametrize(("depth", "cycle", "samples"), [(50, 10, 5116), (50, 5, 311), (1, 1, 2), (4, 4, 16)])
def test_receptive_field_equals_the_papers_formula(depth, cycle, samples):
    assert receptive_field(depth, cycle) == depth // cycle * (2**cycle - 1) + 1 == samples


def test_receptive_field_of_an_unfinished_cycle():
    assert receptive_field(5, 3) == 1 + 2 + 4 + 1 + 2 + 1


@pytest.mark.parametrize(("sub_layer", "cycle"), [(0, 10), (1, 5)], ids=["long", "short"])
def test_receptive_field_of_each_sub_layer_by_an_impulse(sub_layer, cycle):
    # With the other sub-layer held at 1 the product gate leaves a linear stack, and with positive
    # weights no two paths cancel: the impulse response is positive exactly where the stack sees it.
    block = DilationBlock(50, 1, 10, 5, gate="product", dtype="float64")
    block.build((None, None, 1))
    kernels, biases = np.zeros(block.kernels.shape), np.zeros(block.biases.shape)
    kernels[..., sub_layer] = 0.5
    biases[..., 1 - sub_layer] = 1
    block.set_weights([kernels, biases])
    start, field = 100, receptive_field(50, cycle)
    x = np.zeros((1, start + field + 100, 1))
    x[0, start] = 1
    seen = np.flatnonzero(np.asarray(block(x))[0, :, 0])
    np.testing.assert_array_equal(seen, np.arange(start, start + field))


@pytest.mark.parametrize("gate", ["tanh_sigmoid", "product"])
@pytest.mark.parametrize(
    ("depth", "cycles", "field"),
    # Where one cycle divides the other, as the paper's do, this is the longer sub-layer's own field;
    # 6 layers of cycles 3 and 2 see 1 + (1+2+4+2+2+4), more than either sub-layer's 15 and 10.
    [(50, (10, 5), 5116), (50, (5, 10), 5116), (6, (4, 2), 1 + 1 + 2 + 4 + 8 + 1 + 2), (6, (3, 2), 16)],
)
def test_receptive_field_of_the_block_takes_each_layers_longer_dilation(rng, gate, depth, cycles, field):
    # A NaN reaches every output that depends on it, however small its weight, where an impulse
    # through 50 layers of ordinary weights would be lost to rounding.
    block = DilationBlock(depth, 2, *cycles, gate=gate)
    block.build((None, None, 2))
    randomise(block, rng, scale=0.1)
    start = 30
    x = rng.normal(scale=0.1, size=(1, start + field + 30, 2)).astype("float32")
    x[0, start, 0] = np.nan
    seen = np.flatnonzero(np.isnan(block(x)).any(axis=-1)[0])
    np.testing.assert_array_equal(seen, np.arange(start, start + field))


@pytest.mark.parametrize("name", ["depth", "filters", "long_cycle", "short_cycle"])
def test_block_refuses_a_count_below_1(name):
    with pytest.raises(ValueError, match=f"Expected a {name} of 1 or more, received: {name}=0"):
        DilationBlock(**{name: 0})


@pytest.mark.parametrize(("name", "known"), [("gate", "product"), ("padding", "same"), ("widening", "repeat")])
def test_block_refuses_an_unknown_choice(name, known):
    with pytest.raises(ValueError, match=rf"Expected a {name} of .*'{known}'.*, received: {name}='relu'"):
        DilationBlock(**{name: "relu"})


@pytest.mark.parametrize(
    "changes",
    [
        {"gate": "tanh_sigmoid"},
        {"gate": "product"},
        {"gate": "tanh_tanh"},
        {"padding": "same"},
        {"gate": "tanh_tanh", "padding": "same", "backwards": True},
    ],
)
@pytest.mark.parametrize(("channels", "cycles"), [(2, (10, 5)), (3, (3, 2)), (3, (1, 6))])
def test_gradients_equal_those_of_a_conv1d_per_sub_layer(rng, changes, channels, cycles):
    # Some dilations are longer than the sound of 40 samples: nothing of it lies that far back.
    block, obvious = DilationBlock(12, 3, *cycles, **changes), ObviousBlock(12, 3, *cycles, **changes)
    x = tf.Variable(rng.normal(size=(2, 40, channels)).astype("float32"))
    block.build(x.shape)
    obvious.build(x.shape)
    randomise(block, rng, scale=0.15)
    obvious.copy_weights(block)
    upstream = rng.normal(size=(2, 40, 3)).astype("float32")

    def gradients(layer):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x) * upstream)
        variables = layer.trainable_variables
        of_x, *of_variables = tape.gradient(loss, [x, *(each.value for each in variables)])
        return of_x, {each.path: value for each, value in zip(variables, of_variables, strict=True)}

    of_x, of_variables = gradients(block)
    expected_of_x, by_path = gradients(obvious)
    for got, expected in zip([of_x, *of_variables.values()], [expected_of_x, *obvious.gather(by_path)], strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * np.abs(expected).max())
