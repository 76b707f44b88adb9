import dataclasses

import keras
import numpy as np
import pytest
from tiny_models import ONE_SHOT, SPECTRAL, built

from audio_vae.audio import spectral_ops
from audio_vae.audio.one_shot_grid import Grid
from audio_vae.audio.voice_pitch import voice_pitch
from audio_vae.config import LossConfig
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


def test_studio_losses_equal_their_parts(tiny_voice, batch):
    audio, labels = batch
    vae = built(tiny_voice, loss=dataclasses.replace(SPECTRAL, between_weight=4.0, cycle_weight=5.0))
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
        "centre": (apart[0] + apart[1]) / 2,
        "between": mix[:, 0] * losses.mfcc_distance(between, wanted, 0.1)
        + (1 - mix[:, 0]) * losses.mfcc_distance(between, np.roll(wanted, 1, axis=0), 0.1),
        "cycle": np.mean(np.square(vae.encoder(vae.decoder(points))[0] - points), axis=1),
    }
    assert list(terms) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-3, err_msg=name)
    weights = {"likelihood": 0.5, "kl": 0.1, "spectral": 2.0, "centre": 3.0, "between": 4.0, "cycle": 5.0}
    assert float(total) == pytest.approx(np.mean(sum(weights[name] * expected[name] for name in weights)), rel=1e-3)


def test_one_shot_losses_equal_their_parts(tiny_oneshot, batch):
    audio, labels = batch
    vae = built(tiny_oneshot, loss=ONE_SHOT)
    assert vae.loss_terms == ("likelihood", "kl", "spectral", "cells", "phasors", "cross_entropy")
    total, terms = vae.vae_losses(audio, labels=labels)
    decoded, phasors = vae(audio), vae.encoder.get_layer("analysis").phasors
    expected = {
        "kl": losses.kl_divergence(*vae.encoder(audio)),
        "spectral": losses.spectral_distance(audio, decoded, (16,)),
        "cells": losses.cell_distance(audio, decoded, Grid(8000, 64, 8)),
        "phasors": losses.phasor_distance(phasors(audio), phasors(decoded)),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-3, err_msg=name)
    weights = {"kl": 1e-4, "spectral": 0.25, "cells": 1.0, "phasors": 0.1}
    assert float(total) == pytest.approx(np.mean(sum(weights[name] * expected[name] for name in weights)), rel=1e-3)


def test_voices_are_told_their_pitch(tiny_voice, batch):
    audio, labels = batch
    vae = built(tiny_voice, loss=LossConfig(voice_pitch_weight=2.0))
    assert vae.loss_terms == ("likelihood", "kl", "pitch", "cross_entropy")
    total, terms = vae.vae_losses(audio, labels=labels)
    mean, log_variance = vae.encoder(audio)
    synthesis = vae.decoder.get_layer("synthesis")
    controls = keras.Model(vae.decoder.input, synthesis.input)(mean)
    share = synthesis.harmonic_share(controls)
    expected = {
        "likelihood": losses.squared_error(audio, vae.decoder(mean)),
        "kl": losses.kl_divergence(mean, log_variance),
        "pitch": losses.pitch_distance(controls[0][..., 0], share, *voice_pitch(audio, 8000, 16)),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-3, err_msg=name)
    weights = {"likelihood": 1.0, "kl": 1e-4, "pitch": 2.0}
    assert float(total) == pytest.approx(np.mean(sum(weights[name] * expected[name] for name in weights)), rel=1e-3)


def test_pitch_counts_for_voices_only(tiny_cc, tiny_oneshot):
    for model in (tiny_cc, tiny_oneshot):
        assert "pitch" not in built(model, loss=LossConfig(voice_pitch_weight=2.0)).loss_terms


def test_cells_and_phasors_count_for_one_shots_only(tiny_cc, tiny_voice):
    for model in (tiny_cc, tiny_voice):
        assert not {"cells", "phasors"} & set(built(model, loss=ONE_SHOT).loss_terms)


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
