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
    assert parity.worst_case(parity.compare(wanted, received)) == "decode, random input, batch 2"
