import keras
import numpy as np
import pytest

from audio_vae.export import parity

T = 64
D = 3


def test_a_wide_latent_space_is_not_asked_for_more_digits_than_float32_has():
    wanted = np.full((2, D), 1000, np.float32)
    result = parity.compare({"real_2/encode/mean": wanted}, {"real_2/encode/mean": wanted + np.float32(0.01)})
    assert result["largest_difference"] == pytest.approx(1e-5, rel=0.01)
    assert result["largest_absolute_difference"] == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize("received", [{}, {"real_2/decode/audio": np.zeros((1, T))}], ids=["missing", "shape"])
def test_a_missing_output_is_a_difference(received):
    result = parity.compare({"real_2/decode/audio": np.zeros((2, T), np.float32)}, received)
    assert result["largest_difference"] == np.inf


def test_inputs_are_sounds_noise_and_their_latents(trained):
    encoder = trained.model.encoder
    inputs = parity.make_inputs(trained.sounds.audio, encoder, ("encode", "decode", "morph"))
    assert set(inputs) == {
        f"{kind}_{batch}/{name}"
        for kind in ("real", "random")
        for batch in parity.BATCHES
        for name in ("encode/audio", "decode/latent", "morph/start", "morph/end", "morph/steps")
    }
    audio = inputs["real_17/encode/audio"]
    np.testing.assert_array_equal(audio[[0, -1]], trained.sounds.audio[[0, -1]])
    np.testing.assert_allclose(inputs["real_17/decode/latent"], encoder(audio)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(inputs["real_17/morph/end"], inputs["real_17/morph/start"][::-1])
    np.testing.assert_array_equal(inputs["random_2/decode/latent"], inputs["random_17/decode/latent"][:2])


def test_the_worst_case_is_named():
    wanted = {f"{kind}_2/decode/audio": np.zeros((2, T), np.float32) for kind in ("real", "random")}
    received = {key: value + (0.5 if key.startswith("random") else 0.25) for key, value in wanted.items()}
    worst = parity.worst_case(parity.compare(wanted, received), {"decode": 1e-4})
    assert worst == ("decode", "decode, random input, batch 2", 0.5)


def test_the_worst_case_is_measured_by_what_its_signature_is_allowed():
    wanted = {f"real_2/{signature}/audio": np.zeros((2, T), np.float32) for signature in ("decode", "reconstruct")}
    received = {key: value + (0.5 if "decode" in key else 0.25) for key, value in wanted.items()}
    worst = parity.worst_case(parity.compare(wanted, received), {"decode": 0.6, "reconstruct": 0.1})
    assert worst == ("reconstruct", "reconstruct, real input, batch 2", 0.25)


def scaled(factor):
    """A network that multiplies each number by a power of two, so that nothing is rounded."""
    network = keras.Sequential([keras.Input((D,)), keras.layers.Rescaling(factor)])
    return network


def test_own_noise_is_what_a_unit_in_the_last_place_makes(rng):
    latent = rng.uniform(-1, 1, (17, D)).astype(np.float32)
    inputs = {f"real_{batch}/decode/latent": latent[:batch] for batch in parity.BATCHES}
    encoder, decoder = scaled(1), scaled(0.5)
    noise = parity.own_noise(inputs, encoder, decoder)
    assert noise == {"decode": pytest.approx(0.5 * np.spacing(np.abs(latent).max()), rel=1e-6)}


def test_own_noise_has_the_rows_one_by_one(rng):
    """A model whose rows depend on how many there are differs from itself."""

    class CountsRows(keras.layers.Layer):
        def call(self, inputs):
            return inputs + 0.01 * keras.ops.cast(keras.ops.shape(inputs)[0], "float32")

    network = keras.Sequential([keras.Input((D,)), CountsRows()])
    latent = rng.uniform(-0.1, 0.1, (17, D)).astype(np.float32)
    inputs = {"random_17/decode/latent": latent}
    noise = parity.own_noise(inputs, network, network)
    assert noise == {"decode": pytest.approx(0.01 * 16, rel=1e-5)}


def test_own_noise_is_measured_for_every_signature_and_is_the_same_each_time(trained):
    encoder, decoder = trained.model.encoder, trained.model.decoder
    signatures = ("encode", "decode", "reconstruct", "morph", "serving_default")
    inputs = parity.make_inputs(trained.sounds.audio, encoder, signatures)
    noise = parity.own_noise(inputs, encoder, decoder)
    assert set(noise) == set(signatures)
    assert all(0 < each < 1e-5 for each in noise.values())
    assert noise == parity.own_noise(inputs, encoder, decoder)


@pytest.mark.parametrize(
    ("noise", "peak", "allowed"),
    [(0, 1, 1e-4), (2e-5, 1, 1e-4), (1e-4, 1, 4e-4), (1, 1, 1e-3), (1, 0.5, 5e-4), (1, 0.01, 1e-4), (1, 300, 1e-3)],
)
def test_what_is_allowed(noise, peak, allowed):
    """Four times the noise, between 1e-4 and 60 dB below the peak; above 1, differences are relative already."""
    expected = {"real_2/decode/audio": np.array([[0, -peak]], np.float32)}
    assert parity.allowed_differences({"decode": noise}, expected) == {"decode": pytest.approx(allowed)}
