import dataclasses

import numpy as np
import pytest
from tiny_models import SPECTRAL, built

from audio_vae.audio import spectral_ops
from audio_vae.config import LossConfig
from audio_vae.model_config import with_values
from audio_vae.models import losses
from audio_vae.models.objective import weighted_mean


def test_losses_of_both_passes_are_weighted(tiny_dc, batch):
    loss = LossConfig(likelihood_weight=2.0, kl_weight=0.3, classification_weight=5.0)
    vae = built(tiny_dc, loss=loss)
    total, terms = vae.vae_losses(batch[0])
    assert terms["likelihood"].shape == terms["kl"].shape == (6,)
    expected = 2.0 * np.mean(terms["likelihood"]) + 0.3 * np.mean(terms["kl"])
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    total, terms = vae.classifier_losses(*batch)
    assert list(terms) == ["cross_entropy"]
    np.testing.assert_allclose(total, 5.0 * np.mean(terms["cross_entropy"]), rtol=1e-5)


def test_studio_losses_equal_their_parts(tiny_studio, batch):
    audio, labels = batch
    config = dataclasses.replace(SPECTRAL, pitch_weight=6.0, between_weight=4.0, cycle_weight=5.0)
    vae = built(with_values(tiny_studio, {"studio": {"n_tones": 5}}), loss=config)
    originals, mix = audio[:, ::-1].copy(), np.linspace(0.1, 0.9, len(audio), dtype="float32")[:, None]
    total, terms = vae.vae_losses(audio, labels=labels, originals=originals, mix=mix)
    mean, log_variance = vae.encoder(audio)

    def hear(latents):
        return spectral_ops.mfcc(vae.decoder(latents), 8000) / 100

    wanted, centres = spectral_ops.mfcc(originals, 8000) / 100, vae.decoder(losses.class_means(mean, labels))
    apart = [
        losses.mfcc_distance(spectral_ops.mfcc(each, 8000) / 100, wanted, 0.1)
        for each in (centres, centres / np.abs(centres).max(axis=1, keepdims=True))
    ]
    points = mix * mean + (1 - mix) * np.roll(mean, 1, axis=0)
    between = hear(points)
    expected = {
        "likelihood": losses.squared_error(audio, vae(audio)),
        "kl": losses.kl_divergence(mean, log_variance),
        "spectral": losses.spectral_distance(audio, vae(audio), (16,)),
        "pitch": np.abs(vae.decoder.get_layer("pitch")(mean)[:, 0] - losses.strongest_pitch(audio)),
        "centre": (apart[0] + apart[1]) / 2,
        "between": mix[:, 0] * losses.mfcc_distance(between, wanted, 0.1)
        + (1 - mix[:, 0]) * losses.mfcc_distance(between, np.roll(wanted, 1, axis=0), 0.1),
        "cycle": np.mean(np.square(vae.encoder(vae.decoder(points))[0] - points), axis=1),
    }
    assert list(terms) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-3, err_msg=name)
    weights = {"likelihood": 0.5, "kl": 0.1, "spectral": 2.0, "pitch": 6.0, "centre": 3.0, "between": 4.0}
    weights["cycle"] = 5.0
    assert float(total) == pytest.approx(np.mean(sum(weights[name] * expected[name] for name in weights)), rel=1e-3)


def test_pitch_counts_with_oscillators_only(tiny_cc, tiny_studio):
    config = dataclasses.replace(SPECTRAL, pitch_weight=1.0)
    with_tones = with_values(tiny_studio, {"studio": {"n_tones": 5}})
    assert ["pitch" in built(each, loss=config).loss_terms for each in (tiny_cc, tiny_studio, with_tones)] == [
        False,
        False,
        True,
    ]


def test_oscillators_are_told_the_pitch_in_training_only(tiny_studio, batch):
    audio, labels = batch
    config = dataclasses.replace(SPECTRAL, pitch_weight=1.0, centre_weight=0.0)
    vae = built(with_values(tiny_studio, {"studio": {"n_tones": 5}}), loss=config)
    layer = vae.decoder.get_layer("pitch")
    noise = np.zeros((len(audio), 3), "float32")

    def spectral():
        trained, at_means = (vae.vae_losses(audio, each, labels=labels)[1]["spectral"] for each in (noise, None))
        return np.array(trained), np.array(at_means)

    trained, at_means = spectral()
    kernel, _ = layer.get_weights()
    layer.set_weights([0 * kernel, np.float32([5])])
    trained_after, at_means_after = spectral()
    np.testing.assert_array_equal(trained, trained_after)
    assert np.all(at_means != at_means_after)


@pytest.mark.parametrize("between_weight", [0.0, 1.0])
def test_a_pass_draws_what_its_losses_need(tiny_cc, between_weight):
    vae = built(tiny_cc, loss=LossConfig(between_weight=between_weight))
    drawn = vae.draw(5)
    assert drawn["noise"].shape == (5, 3)
    assert np.any(np.asarray(drawn["noise"]) != np.asarray(vae.draw(5)["noise"]))
    assert ("mix" in drawn) == bool(between_weight)
    if between_weight:
        assert drawn["mix"].shape == (5, 1)
        assert np.all((np.asarray(drawn["mix"]) > 0) & (np.asarray(drawn["mix"]) < 1))


def test_weights_of_sounds_reach_both_losses(tiny_cc, batch):
    audio, labels = batch
    vae, weights = built(tiny_cc), np.float32([1, 0, 2, 0, 1, 2])
    for total, terms, of_term in (
        (*vae.vae_losses(audio, weights=weights), {"likelihood": 1.0, "kl": 1e-4}),
        (*vae.classifier_losses(audio, labels, weights=weights), {"cross_entropy": 1.01}),
    ):
        expected = np.mean(weights * sum(weight * np.asarray(terms[name]) for name, weight in of_term.items()))
        assert float(total) == pytest.approx(expected, rel=1e-5)


def test_weighted_mean():
    values = np.float32([1, 2, 6])
    assert float(weighted_mean(values, None)) == 3
    assert float(weighted_mean(values, np.float32([1, 0, 0.5]))) == pytest.approx(4 / 3)
