import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from audio_vae.layers.dilation_block import DilationBlock
from audio_vae.model_config import ARCHITECTURES, ModelConfig, OneShotConfig, VoiceConfig, with_values
from audio_vae.models.networks import build_classifier, build_decoder, build_encoder, hop_lengths
from audio_vae.presets import PRESETS, joined

T, D = 4096, 20

# (row, layer, filters, kernel, stride, padding, output), of which a padding of None leaves it open:
# a kernel of 1 needs none.
TABLE_1_ENCODER = [
    ("row_1", layers.Conv1D, 16, 32, 1, "causal", (T, 16)),
    ("row_2", DilationBlock, 32, 2, 1, None, (T, 32)),
    ("row_3", layers.Conv1D, 1, 2, 2, "causal", (T // 2, 1)),
    ("row_4", layers.Conv1D, 1, 2, 2, "causal", (T // 4, 1)),
    ("row_5", layers.Conv1D, 1, 2, 2, "causal", (T // 8, 1)),
    ("row_6", layers.Conv1D, 1, 2, 2, "causal", (T // 16, 1)),
    ("row_7", layers.Conv1D, 1, 2, 2, "causal", (T // 32, 1)),
    ("row_8", layers.Conv1D, 1, 1, 1, None, (T // 32, 1)),
    ("row_9a_mean", layers.Dense, D, None, None, None, (D,)),
    ("row_9b_log_variance", layers.Dense, D, None, None, None, (D,)),
]
TABLE_1_DECODER = [
    ("row_11", layers.Conv1DTranspose, 1, 1, 1, "same", (T // 32, 1)),
    ("row_12", layers.Conv1DTranspose, 1, 2, 2, "same", (T // 16, 1)),
    ("row_13", layers.Conv1DTranspose, 1, 2, 2, "same", (T // 8, 1)),
    ("row_14", layers.Conv1DTranspose, 1, 2, 2, "same", (T // 4, 1)),
    ("row_15", layers.Conv1DTranspose, 1, 2, 2, "same", (T // 2, 1)),
    ("row_16", layers.Conv1DTranspose, 1, 2, 2, "same", (T, 1)),
    ("row_18", layers.Conv1DTranspose, 32, 1, 1, "same", (T, 32)),
    ("row_19", DilationBlock, 32, 2, 1, None, (T, 32)),
    ("row_20", layers.Conv1DTranspose, 16, 32, 1, "same", (T, 16)),
    ("row_21", layers.Conv1DTranspose, 1, 1, 1, "same", (T, 1)),
]
TABLE_2_ENCODER = [
    ("row_1", layers.Conv1D, 128, 5, 2, "same", (T // 2, 128)),
    ("row_2", layers.Conv1D, 128, 4, 2, "same", (T // 4, 128)),
    ("row_3", layers.Conv1D, 256, 4, 2, "same", (T // 8, 256)),
    ("row_4", layers.Conv1D, 512, 4, 2, "same", (T // 16, 512)),
    ("row_5", layers.Conv1D, 1024, 4, 2, "same", (T // 32, 1024)),
    ("row_6", layers.Conv1D, 1, 1, 1, "same", (T // 32, 1)),
    ("row_7a_mean", layers.Dense, D, None, None, None, (D,)),
    ("row_7b_log_variance", layers.Dense, D, None, None, None, (D,)),
]
TABLE_2_DECODER = [
    ("row_9", layers.Conv1DTranspose, 1, 1, 1, "same", (T // 32, 1)),
    ("row_10", layers.Conv1DTranspose, 1024, 4, 2, "same", (T // 16, 1024)),
    ("row_11", layers.Conv1DTranspose, 512, 4, 2, "same", (T // 8, 512)),
    ("row_12", layers.Conv1DTranspose, 256, 4, 2, "same", (T // 4, 256)),
    ("row_13", layers.Conv1DTranspose, 128, 4, 2, "same", (T // 2, 128)),
    ("row_14", layers.Conv1DTranspose, 128, 5, 2, "same", (T, 128)),
    ("row_15", layers.Conv1DTranspose, 1, 1, 1, "same", (T, 1)),
]
TABLES = {
    ("dc", "encoder"): TABLE_1_ENCODER,
    ("dc", "decoder"): TABLE_1_DECODER,
    ("cc", "encoder"): TABLE_2_ENCODER,
    ("cc", "decoder"): TABLE_2_DECODER,
}
ROWS = [
    pytest.param(network, *row, id="-".join((*network, row[0]))) for network, rows in TABLES.items() for row in rows
]


@pytest.fixture(scope="module")
def networks():
    """The four networks of Tables 1 and 2 at full size, built once and never run."""
    build = {"encoder": build_encoder, "decoder": build_decoder}
    return {
        (name, part): build[part](ModelConfig(architecture=name, n_samples=T, latent_dim=D)) for name, part in TABLES
    }


@pytest.mark.parametrize(("network", "name", "kind", "filters", "kernel", "stride", "padding", "output"), ROWS)
def test_row_of_the_papers_table(networks, network, name, kind, filters, kernel, stride, padding, output):
    layer = networks[network].get_layer(name)
    assert type(layer) is kind
    assert tuple(layer.output.shape) == (None, *output)
    if kind is layers.Dense:
        assert layer.units == filters
        assert layer.activation.__name__ == "linear"
        return
    assert layer.filters == filters
    if kind is DilationBlock:
        assert (layer.depth, layer.long_cycle, layer.short_cycle) == (50, 10, 5)
        assert layer.kernels.shape[1] == kernel
        return
    assert layer.kernel_size == (kernel,)
    assert layer.strides == (stride,)
    assert layer.dilation_rate in (1, (1,))
    assert padding in (None, layer.padding)


@pytest.mark.parametrize("network", TABLES, ids="-".join)
def test_network_has_the_tables_rows_in_order_and_no_other_weights(networks, network):
    with_weights = [layer.name for layer in networks[network].layers if layer.weights]
    expected = [row[0] for row in TABLES[network]]
    # The one layer that the tables do not print takes the latent to the decoder's first row.
    assert with_weights == (expected if network[1] == "encoder" else ["latent_to_samples", *expected])


DC_CODE_ENCODER = [
    ("row_1", layers.Conv1D, 32, 2, 1, "same", (T, 32)),
    ("row_2", DilationBlock, 32, 2, 1, "same", (T, 32)),
    ("one_channel_out", layers.Conv1D, 1, 1, 1, None, (T, 1)),
    # Of kernel 1 and stride 2: every second sample is taken before.
    *((f"row_{row}", layers.Conv1D, 1, 1, 1, None, (T // 2 ** (row - 2), 1)) for row in range(3, 8)),
    ("row_8", layers.Conv1D, 1, 1, 1, None, (T // 32, 1)),
    ("row_9a_mean", layers.Dense, D, None, None, None, (D,)),
    ("row_9b_log_variance", layers.Dense, D, None, None, None, (D,)),
]
DC_CODE_DECODER = [
    ("latent_to_half", layers.Dense, T // 64, None, None, None, (T // 64,)),
    ("latent_to_samples", layers.Dense, T // 32, None, None, None, (T // 32,)),
    *((f"row_{row}", layers.Conv1DTranspose, 1, 1, 1, "same", (T // 2 ** (16 - row), 1)) for row in range(12, 17)),
    ("row_19", DilationBlock, 32, 2, 1, "same", (T, 32)),
    ("row_20", layers.Conv1DTranspose, 32, 2, 1, "same", (T, 32)),
    ("row_21", layers.Conv1DTranspose, 1, 1, 1, "same", (T, 1)),
    ("output", layers.Dense, T, None, None, None, (T,)),
]
CC_CODE_FILTERS = (256, 256, 256, 512, 1024)
CC_CODE_ENCODER = [
    *(
        (f"row_{row}", layers.Conv1D, filters, 5 if row == 5 else 9, 2, "same", (T // 2**row, filters))
        for row, filters in enumerate(CC_CODE_FILTERS, 1)
    ),
    ("row_6", layers.Conv1D, 1, 1, 1, "same", (T // 32, 1)),
    ("row_7a_mean", layers.Dense, D, None, None, None, (D,)),
    ("row_7b_log_variance", layers.Dense, D, None, None, None, (D,)),
]
CC_CODE_DECODER = [
    ("latent_to_half", layers.Dense, T // 64, None, None, None, (T // 64,)),
    ("latent_to_samples", layers.Dense, T // 32, None, None, None, (T // 32,)),
    *(
        (
            f"row_{row}",
            layers.Conv1DTranspose,
            filters,
            5 if row == 10 else 9,
            2,
            "same",
            (T // 2 ** (14 - row), filters),
        )
        for row, filters in enumerate(CC_CODE_FILTERS[::-1], 10)
    ),
    ("row_15", layers.Conv1DTranspose, 1, 1, 1, "same", (T, 1)),
    ("output", layers.Dense, T, None, None, None, (T,)),
]


@pytest.mark.parametrize(
    ("preset", "build", "rows"),
    [
        ("dc-code", build_encoder, DC_CODE_ENCODER),
        ("dc-code", build_decoder, DC_CODE_DECODER),
        ("cc-code", build_encoder, CC_CODE_ENCODER),
        ("cc-code", build_decoder, CC_CODE_DECODER),
    ],
)
def test_networks_of_the_papers_code(preset, build, rows):
    network = build(with_values(ModelConfig(n_samples=T, latent_dim=D), PRESETS[preset]["model"]))
    assert [layer.name for layer in network.layers if layer.weights] == [row[0] for row in rows]
    for name, kind, filters, kernel, stride, padding, output in rows:
        layer = network.get_layer(name)
        assert type(layer) is kind
        assert tuple(layer.output.shape) == (None, *output)
        if kind is layers.Dense:
            assert (layer.units, layer.activation.__name__) == (filters, "linear")
            continue
        assert layer.filters == filters
        assert padding in (None, layer.padding)
        if kind is DilationBlock:
            assert (layer.depth, layer.long_cycle, layer.short_cycle, layer.gate) == (40, 10, 5, "tanh_tanh")
            dilations = [2 ** ((49 - n if build is build_decoder else n) % 10) for n in range(40)]
            assert [long for long, _ in layer.dilations] == dilations
            assert layer.projection is None
            continue
        assert (layer.kernel_size, layer.strides) == ((kernel,), (stride,))
        linear = {"dc-code": ("one_channel_out", "row_8", "row_20", "row_21"), "cc-code": ("row_6", "row_15")}[preset]
        assert layer.activation.__name__ == ("linear" if name in linear else "tanh")


def test_convolutions_of_kernel_1_and_stride_2_equal_the_equations(rng, tiny_dc):
    config = with_values(
        tiny_dc, {"pointwise": "code", "single_channel_activation": "tanh", "dc": {"strided_kernel": 1}}
    )
    encoder, decoder = build_encoder(config), build_decoder(config)
    for network in (encoder, decoder):
        network.set_weights([rng.normal(size=each.shape) for each in network.get_weights()])

    def between(network, first, last):
        return keras.Model(network.get_layer(first).output, network.get_layer(last).output)

    x = expected = rng.normal(size=(2, 64, 1)).astype("float32")
    for row in range(3, 8):
        kernel, bias = encoder.get_layer(f"row_{row}").get_weights()
        expected = np.tanh(expected[:, ::2] * kernel[0, 0, 0] + bias)
    np.testing.assert_allclose(between(encoder, "one_channel_out", "row_7")(x), expected, rtol=1e-4, atol=1e-5)

    x = expected = rng.normal(size=(2, 2, 1)).astype("float32")
    for row in range(12, 17):
        kernel, bias = decoder.get_layer(f"row_{row}").get_weights()
        longer = np.zeros((2, 2 * expected.shape[1], 1))
        longer[:, ::2] = expected * kernel[0, 0, 0]
        expected = np.tanh(longer + bias)
    np.testing.assert_allclose(between(decoder, "one_channel", "row_16")(x), expected, rtol=1e-4, atol=1e-5)


def test_a_step_of_the_codes_networks_in_a_graph(rng, tiny_dc):
    # TensorFlow's own strided convolutions of kernel 1 end the process here.
    values = joined(PRESETS["dc-code"]["model"], {"dc": {"depth": 2, "stem_filters": 4}})
    encoder = build_encoder(with_values(tiny_dc, values))
    audio = tf.constant(rng.normal(size=(5, 64)).astype("float32"))

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(encoder(audio)[0])
        return tape.gradient(loss, encoder.trainable_variables)

    for _ in range(20):
        *found, of_log_variance, _ = gradients()
        assert of_log_variance is None
        assert all(np.isfinite(each).all() for each in found)


def test_the_codes_classifier_has_a_softmax_of_sigmoids(rng):
    config = with_values(ModelConfig(latent_dim=D, classifier_units=(400, 10)), PRESETS["cc-code"]["model"])
    classifier = build_classifier(config)
    logits = np.asarray(classifier(100 * rng.normal(size=(50, D)).astype("float32")))
    assert 0 <= logits.min() < 0.01 < 0.99 < logits.max() <= 1
    assert np.std(classifier.get_layer("hidden_1").get_weights()[0]) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("architecture", ["dc", "cc"])
def test_inputs_and_outputs(networks, architecture):
    encoder, decoder = networks[architecture, "encoder"], networks[architecture, "decoder"]
    assert encoder.input_shape == (None, T)
    assert encoder.output_shape == [(None, D), (None, D)]
    assert [each.name for each in encoder.layers[-2:]] == [row[0] for row in TABLES[architecture, "encoder"][-2:]]
    assert decoder.input_shape == (None, D)
    assert decoder.output_shape == (None, T)
    assert decoder.get_layer("latent_to_samples").units == T // 32


def test_only_the_first_block_projects_its_channels(networks):
    # 16 → 32 in the encoder; the decoder's row 18 has 32 already.
    assert tuple(networks["dc", "encoder"].get_layer("row_2").projection.shape) == (1, 16, 32)
    assert networks["dc", "decoder"].get_layer("row_19").projection is None


@pytest.mark.parametrize(
    ("part", "rectified", "linear"),
    [
        ("encoder", range(1, 6), [6]),
        ("decoder", range(10, 15), [9, 15]),
    ],
)
def test_cc_is_rectified_between_convolutions_and_linear_at_bottleneck_and_output(networks, part, rectified, linear):
    network = networks["cc", part]
    assert {network.get_layer(f"row_{row}").activation.__name__ for row in rectified} == {"relu"}
    assert {network.get_layer(f"row_{row}").activation.__name__ for row in linear} == {"linear"}


@pytest.mark.parametrize(
    ("units", "n_classes", "expected"),
    [((10, 10), 10, [10, 10, 10]), ((7,), 5, [7, 5]), ((), 3, [3])],
    ids=["digits", "drums", "no hidden layer"],
)
def test_classifier_layers(units, n_classes, expected):
    classifier = build_classifier(ModelConfig(latent_dim=D, n_classes=n_classes, classifier_units=units))
    dense = classifier.layers[1:]
    assert [type(layer) for layer in dense] == [layers.Dense] * len(expected)
    assert [layer.units for layer in dense] == expected
    assert [layer.activation.__name__ for layer in dense] == ["relu"] * len(units) + ["linear"]
    assert classifier.input_shape == (None, D)
    assert classifier.output_shape == (None, n_classes)


def test_no_classes_no_classifier():
    assert build_classifier(ModelConfig(n_classes=0)) is None


@pytest.fixture(params=["tiny_dc", "tiny_cc", "tiny_oneshot"])
def tiny(request):
    return request.getfixturevalue(request.param)


def test_tiny_networks_run(rng, tiny):
    audio = rng.normal(size=(2, 64)).astype("float32")
    mean, log_variance = build_encoder(tiny)(audio)
    assert mean.shape == log_variance.shape == (2, 3)
    decoded = build_decoder(tiny)(mean)
    assert decoded.shape == (2, 64)
    assert np.all(np.isfinite(decoded))
    assert build_classifier(tiny)(mean).shape == (2, 3)


def test_log_variance_starts_at_its_bias(tiny):
    encoder = build_encoder(dataclasses.replace(tiny, log_variance_start=-6.0))
    mean, log_variance = encoder(np.zeros((1, 64), "float32"))
    if tiny.architecture == "oneshot":
        # Of silence, levels far below 0 are heard.
        x = encoder.get_layer("analysis").output
        mean, log_variance = keras.Model(x, encoder.output)(np.zeros((1, x.shape[1]), "float32"))
    # A silent sound leaves nothing but the bias: all the others start at 0.
    np.testing.assert_allclose(log_variance, [[-6, -6, -6]])
    np.testing.assert_allclose(mean, [[0, 0, 0]])


@pytest.mark.parametrize("gate", ["tanh_sigmoid", "product"])
def test_gate_and_block_options_reach_both_blocks(tiny_dc, gate):
    config = with_values(tiny_dc, {"dc": {"gate": gate}})
    for block in (build_encoder(config).get_layer("row_2"), build_decoder(config).get_layer("row_19")):
        found = (block.gate, block.depth, block.filters, block.long_cycle, block.short_cycle)
        assert found == (gate, 4, 4, 3, 2)


@pytest.mark.parametrize(
    ("architecture", "rows"),
    [("dc", {"encoder": range(3, 8), "decoder": range(11, 17)}), ("cc", {"decoder": [9]})],
)
def test_single_channel_activation(tiny_dc, architecture, rows):
    config = dataclasses.replace(tiny_dc, architecture=architecture, single_channel_activation="tanh")
    build = {"encoder": build_encoder, "decoder": build_decoder}
    for part, numbers in rows.items():
        network = build[part](config)
        tanh = {
            layer.name
            for layer in network.layers
            if getattr(getattr(layer, "activation", None), "__name__", None) == "tanh"
        }
        assert tanh == {f"row_{row}" for row in numbers}


def test_dc_encoder_is_causal(rng, tiny_dc):
    encoder = build_encoder(tiny_dc)
    # Up to the last convolution: the dense pair sees the whole sound.
    trunk = encoder.get_layer("samples").input
    audio = rng.normal(size=(1, 64)).astype("float32")
    changed = audio.copy()
    changed[:, 40:] = 0
    model = keras.Model(encoder.input, trunk)
    before, after = np.asarray(model(audio))[0, :, 0], np.asarray(model(changed))[0, :, 0]
    # Output k lies at sample 32·k: 0 and 32, both before 40.
    np.testing.assert_array_equal(after, before)
    changed[:, 32] += 1
    assert np.asarray(model(changed))[0, 1, 0] != before[1]


@pytest.mark.parametrize(
    ("n_samples", "frames"),
    [
        (64, [1]),
        (4096, [32, 64]),
        # What is not a whole number of frames is padded, and cut off again.
        (4096 + 32, [17, 34, 68]),
        (16384, [32, 64, 128, 256]),
    ],
)
def test_voice_decoder_doubles_the_frames_until_they_are_those_of_the_controls(n_samples, frames):
    config = ModelConfig(architecture="voice", n_samples=n_samples, latent_dim=D)
    decoder = build_decoder(config)
    strided = [layer for layer in decoder.layers if isinstance(layer, layers.Conv1DTranspose)]
    assert [layer.input.shape[1] for layer in strided] == frames[:-1]
    assert hop_lengths(config) == [64 * 2**number for number in range(len(frames))]
    channels = list(config.voice.filters[: len(frames)])
    assert [decoder.get_layer("frames").output.shape[2], *(layer.filters for layer in strided)] == (
        channels + [channels[-1]] * (len(frames) - len(channels))
    )[::-1]
    controls = {name: decoder.get_layer(name).output.shape[1:] for name in ("pitch", "voice", "noise")}
    n_frames = -(-n_samples // 64)
    assert controls == {"pitch": (n_frames, 1), "voice": (n_frames, 24), "noise": (n_frames, 40)}
    assert decoder.output_shape == (None, n_samples)


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_hop_length_of_one_shots_is_that_of_the_synthesis(rate_hz):
    config = ModelConfig(architecture="oneshot", n_samples=2048, latent_dim=D, oneshot=OneShotConfig(rate_hz=rate_hz))
    assert hop_lengths(config) == [build_decoder(config).get_layer("synthesis").grid.hop_length]


@pytest.mark.parametrize("architecture", sorted(set(ARCHITECTURES) - {"oneshot", "voice"}))
def test_hop_lengths_are_those_of_the_decoders_layers(architecture):
    values = {"architecture": architecture, "latent_dim": D, "n_samples": 16384, "dc": {"depth": 1}}
    config = with_values(ModelConfig(), values)
    before = [
        16384 // layer.input.shape[1]
        for layer in build_decoder(config).layers
        if isinstance(layer, layers.Conv1DTranspose) and layer.strides != (1,)
    ]
    assert hop_lengths(config) == sorted(before)


@pytest.mark.parametrize(("n_samples", "frames"), [(64, [2]), (4096, [65, 33, 17]), (16384, [257, 129, 65, 33, 17])])
def test_voice_encoder_halves_the_frames_until_they_are_few(n_samples, frames):
    encoder = build_encoder(ModelConfig(architecture="voice", n_samples=n_samples, latent_dim=D))
    assert encoder.output_shape == [(None, D), (None, D)]
    names = ["from_mel", *(f"stage_{number}" for number in range(1, len(frames)))]
    assert [encoder.get_layer(name).output.shape[1] for name in names] == frames


@pytest.mark.parametrize("change", [lambda audio: -audio, lambda audio: np.roll(audio, 64, axis=1)])
def test_voice_encoder_is_deaf_to_polarity_and_not_to_time(rng, change):
    encoder = build_encoder(ModelConfig(architecture="voice", n_samples=1024, latent_dim=D))
    audio = rng.normal(0, 0.1, (2, 1024)).astype("float32")
    is_polarity = np.array_equal(change(audio), -audio)
    assert np.allclose(encoder(audio)[0], encoder(change(audio))[0], atol=1e-5) == is_polarity


def test_voice_blocks_start_as_identities(rng):
    config = ModelConfig("voice", 256, 3, voice=VoiceConfig(filters=(4,)))
    encoder = build_encoder(config)
    block = keras.Model(encoder.get_layer("from_mel").output, encoder.get_layer("stage_1_dilation_9").output)
    x = rng.standard_normal((2, 5, 4)).astype("float32")
    np.testing.assert_array_equal(block(x), x)


def test_networks_of_one_shots_are_linear_maps_until_they_are_trained(rng, tiny_oneshot):
    encoder, decoder = build_encoder(tiny_oneshot), build_decoder(tiny_oneshot)
    audio, latents = rng.normal(0, 0.1, (2, 64)).astype("float32"), rng.normal(size=(2, 3)).astype("float32")
    heard = encoder.get_layer("analysis")(audio)
    np.testing.assert_allclose(encoder(audio)[0], encoder.get_layer("mean")(heard), rtol=1e-5)
    controls = decoder.get_layer("controls")(latents)
    np.testing.assert_allclose(decoder(latents), decoder.get_layer("synthesis")(controls), atol=1e-6)


def test_networks_of_one_shots_have_dense_networks_beside_the_linear_maps(rng, tiny_oneshot):
    for network, name in ((build_encoder(tiny_oneshot), "mean"), (build_decoder(tiny_oneshot), "control")):
        layer = network.get_layer(f"{name}_details")
        assert [network.get_layer(f"{name}_details_hidden_{number}").units for number in (1, 2)] == [8, 8]
        x = rng.normal(size=(2, network.get_layer(f"{name}_details_hidden_1").input.shape[1])).astype("float32")
        hidden = keras.Model(network.get_layer(f"{name}_details_hidden_1").input, layer.output)
        np.testing.assert_array_equal(hidden(x), 0)
        layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.get_weights()])
        assert np.all(np.asarray(hidden(x)) != 0)


def test_voice_decoder_starts_at_a_quiet_voice_of_a_typical_pitch(rng):
    decoder = build_decoder(ModelConfig("voice", 512, 3, voice=VoiceConfig(filters=(4,))))
    audio = np.asarray(decoder(np.zeros((1, 3), "float32")))
    assert 0.01 < np.abs(audio).max() < 0.5
    pitch = keras.Model(decoder.input, decoder.get_layer("pitch").output)(np.zeros((1, 3), "float32"))
    np.testing.assert_allclose(2 ** np.asarray(pitch), 140, rtol=1e-5)
