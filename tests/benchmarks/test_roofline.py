import numpy as np
import pytest
import tensorflow as tf

from audio_vae.layers.dilation_block import DilationBlock
from benchmarks import roofline
from benchmarks.operations import forward_operations


def test_operations_of_a_layer_are_those_that_are_counted_from_its_shape():
    forward, backward = roofline.kinds()
    x = tf.keras.Input((roofline.N_SAMPLES, roofline.FILTERS))
    counted = forward_operations(tf.keras.Model(x, DilationBlock(1, roofline.FILTERS, 1, 1)(x)))
    assert sum(kind.operations for kind in forward) == counted
    # A gradient costs two products of the forward pass's size.
    assert sum(kind.operations for kind in backward) == 2 * counted


@pytest.mark.parametrize("kind", [each for part in roofline.kinds() for each in part], ids=lambda kind: kind.name)
def test_a_kind_reads_and_writes_what_is_counted(kind):
    tensors = [tf.ones(shape) for shape in kind.shapes]
    results = tf.nest.flatten(kind.function(*tensors))
    row = roofline.N_SAMPLES * roofline.FILTERS
    # Weights are not counted. What is between two operations passes through the processor as well.
    least = sum(np.prod(each.shape) for each in [*tensors, *results] if each.shape[0] >= roofline.N_SAMPLES) / row
    assert least <= kind.rows <= 3 * least


def test_a_line_by_hand():
    roof = roofline.Roof(peak=1e11, memory=2**34)
    assert roof.line("name", 4e6, 2 * 2**20, 50e-6).split() == ["name", "4.0", "2.0", "40", "122", "50"]


def test_one_kernel_is_as_fast_as_its_products_or_as_memory():
    kind = roofline.Kind("product", [], lambda: None, 1_000_000, 100)
    for peak, expected_us in ((1e9, "1000"), (1e12, "200")):
        roof = roofline.Roof(peak, memory=roofline.FUSED_ROWS["forward"] * 2**19 / 200e-6)
        *_, all_of_it, in_block, fused = roofline.part("forward", [kind], [0.5], 0.25, roof)
        assert [each.split()[-1] for each in (all_of_it, in_block, fused)] == ["500000", "250000", expected_us]


def test_share_of_the_peak_by_hand():
    kind = roofline.Kind("product", [], lambda: None, 2_000_000, 1)
    assert roofline.operations_share([kind, kind], 1e-4, 1e11) == pytest.approx(0.4)
