import itertools

import keras
import numpy as np
import pytest

from audio_vae.config import LossConfig
from audio_vae.layers.dilation_block import DilationBlock
from audio_vae.model_config import DilatedConfig, ModelConfig, VoiceConfig
from audio_vae.models.networks import build_decoder, build_encoder
from audio_vae.models.vae import VAE
from benchmarks.operations import forward_operations, step_operations


def network(layer, *shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


def counted_convolution(n_inputs, channels, filters, kernel, stride, n_outputs, *, transposed=False):
    """Go through a strided convolution product by product, padding included, and count."""
    n_steps = n_inputs if transposed else n_outputs
    return sum(2 for _ in itertools.product(range(n_steps), range(kernel), range(channels), range(filters)))


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (4, 2), (5, 2)])
def test_convolutions(kernel, stride):
    plain = keras.layers.Conv1D(5, kernel, strides=stride, padding="same")
    assert forward_operations(network(plain, 12, 3)) == counted_convolution(12, 3, 5, kernel, stride, 12 // stride)
    mirror = keras.layers.Conv1DTranspose(5, kernel, strides=stride, padding="same")
    assert forward_operations(network(mirror, 12, 3)) == counted_convolution(
        12, 3, 5, kernel, stride, 12 * stride, transposed=True
    )


def test_dense():
    assert forward_operations(network(keras.layers.Dense(7), 5)) == 2 * 5 * 7


@pytest.mark.parametrize("channels", [2, 4])
def test_dilation_block_counts_as_its_sub_layers(channels):
    block = DilationBlock(3, 4, 2, 2)
    projection = 2 * 16 * channels * 4 if channels != 4 else 0
    of_sub_layer = counted_convolution(16, 4, 4, 2, 1, 16)
    assert forward_operations(network(block, 16, channels)) == projection + 3 * 2 * of_sub_layer


def test_unknown_layer_is_not_left_out():
    with pytest.raises(TypeError, match="received: LSTM"):
        forward_operations(network(keras.layers.LSTM(2), 8, 3))


def test_step_of_the_papers_model():
    # Table 1: the two blocks of 100 sub-layers of 2·32·32 products a sample are nearly all of it.
    vae = VAE(ModelConfig(), LossConfig())
    block = 2 * 4096 * 100 * 2 * 32 * 32
    stem = 2 * 4096 * (32 * 16 + 16 * 32)
    halvings = 2 * 2 * 32 * 2048 + sum(2 * 2 * 4096 // 2**i for i in range(2, 6))
    encoder = stem + block + halvings + 2 * 128 + 2 * 2 * 128 * 20
    doublings = sum(2 * 2 * 128 * 2**i for i in range(5))
    decoder = 2 * 20 * 128 + 2 * 128 + doublings + 2 * 4096 * 32 + block + 2 * 4096 * (32 * 32 * 16 + 16)
    classifier = 2 * (20 * 10 + 10 * 10 + 10 * 10)
    assert forward_operations(vae.encoder) == encoder
    assert forward_operations(vae.decoder) == decoder
    assert step_operations(vae) == 3 * (encoder + decoder) + 3 * (encoder + classifier)
    assert np.isclose(step_operations(vae), 15.7e9, rtol=0.02)


def test_step_without_a_classifier_is_one_pass():
    vae = VAE(ModelConfig(n_classes=0, dc=DilatedConfig(depth=2)), LossConfig())
    assert step_operations(vae) == 3 * (forward_operations(vae.encoder) + forward_operations(vae.decoder))


def test_step_with_losses_on_decoded_points_decodes_again():
    model = ModelConfig(n_samples=64, dc=DilatedConfig(depth=2))
    plain, centre, both = (
        step_operations(VAE(model, loss))
        for loss in (LossConfig(), LossConfig(centre_weight=0.3), LossConfig(centre_weight=0.3, between_weight=0.1))
    )
    decoder = forward_operations(VAE(model).decoder)
    assert centre - plain == both - centre == 3 * decoder


VOICE = VoiceConfig(
    windows=(16, 32),
    hop_length=16,
    n_mels=5,
    filters=(4, 6),
    n_frames=4,
    dilations=(1, 3),
    n_voice_bands=3,
    n_noise_bands=7,
)


@pytest.mark.parametrize(("n_samples", "frames"), [(64, (4,)), (160, (10, 6, 3))], ids=["one stage", "three"])
def test_voice_decoder(n_samples, frames):
    filters = (4, 6, 6)
    decoder = build_decoder(ModelConfig("voice", n_samples, 3, voice=VOICE))
    # A frame of a stage is made of one of the stage before, by a kernel of 4.
    strided = sum(2 * n * 4 * wide * narrow for n, wide, narrow in zip(frames[1:], filters[1:], filters, strict=False))
    n_bottleneck = frames[-1] * filters[len(frames) - 1]
    trunk = 2 * 3 * n_bottleneck + blocks(frames, filters) + strided + 2 * frames[0] * 3 * 4 * (1 + 3 + 7)
    # 61 harmonics of 65 Hz lie below 4 kHz, and all is computed for both ends of a frame.
    synthesis = 2 * (2 * n_samples * 7 + 61 * ((frames[0] + 1) * 3 + 2 * n_samples))
    assert forward_operations(decoder) == trunk + synthesis


def test_voice_encoder():
    config = ModelConfig("voice", 160, 3, voice=VOICE)
    # 11 frames, of 9 and 17 bins in 5 bands each; halved until they are 3.
    spectrograms = 2 * 11 * (16 * 2 * 9 + 9 * 5 + 32 * 2 * 17 + 17 * 5)
    pitch = 2 * 11 * 257 * (2 * 512 + 134 + 1)
    convolutions = 2 * 11 * 3 * 12 * 6 + 2 * (6 + 3) * 4 * 6 * 6
    dense = 2 * 2 * 3 * 6 * 3
    expected = spectrograms + pitch + convolutions + blocks((11, 6, 3), (6, 6, 6)) + dense
    assert forward_operations(build_encoder(config)) == expected


def blocks(frames, filters):
    """Two residual blocks a stage, each a kernel of 3 and one of 1."""
    return sum(2 * 2 * n * (3 + 1) * each**2 for n, each in zip(frames, filters, strict=False))
