"""The start of the training of one-shots at the principal components of their controls."""

import keras
import numpy as np
import pytest

from audio_vae.audio.fidelity import distance_db
from audio_vae.config import AugmentationConfig, LossConfig, TrainingConfig
from audio_vae.model_config import ModelConfig, OneShotConfig
from audio_vae.models import one_shot_start
from audio_vae.models.vae import build_vae

RATE_HZ, N_SAMPLES = 8000, 2048
MODEL = ModelConfig(
    architecture="oneshot",
    n_samples=N_SAMPLES,
    latent_dim=6,
    n_classes=2,
    classifier_units=(4,),
    oneshot=OneShotConfig(rate_hz=RATE_HZ, n_noise_bands=12, hidden_units=8),
)


def vae(speed=0.0, seed=0):
    return build_vae(MODEL, LossConfig(), TrainingConfig(seed=seed), AugmentationConfig(speed=speed), RATE_HZ)


@pytest.fixture(scope="module")
def sounds():
    """Drums of two parameters: pitch and decay of a tone, and as much noise."""
    rng, times = np.random.default_rng(0), np.arange(N_SAMPLES) / RATE_HZ
    made = []
    for _ in range(24):
        pitch_hz, decay_s, loudness = rng.uniform(80, 300), rng.uniform(0.02, 0.1), rng.uniform(0.05, 0.5)
        noise = rng.normal(0, loudness, N_SAMPLES)
        sound = np.exp(-times / decay_s) * (np.sin(2 * np.pi * pitch_hz * times) + noise)
        made.append(sound / np.abs(sound).max())
    return np.array(made, np.float32)


def decoded(model, audio):
    return keras.ops.convert_to_numpy(model.decoder(model.encoder(audio)[0]))


def test_a_model_gives_sounds_back_before_any_step(sounds, monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 24)
    model, lines = vae(), []
    one_shot_start.start_from_sounds(model, sounds, say=lines.append)
    after = [distance_db(x, y, RATE_HZ) for x, y in zip(sounds, decoded(model, sounds), strict=True)]
    apart = [distance_db(x, y, RATE_HZ) for x, y in zip(sounds, np.roll(sounds, 1, axis=0), strict=True)]
    assert np.median(after) < 3
    assert np.median(after) < 0.6 * np.median(apart)
    # On a slow machine, lines of progress follow.
    assert lines[0] == "analysing 24 sounds"


def test_the_start_depends_on_the_sounds_and_the_seed_alone(sounds, monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 16)
    latents = []
    for _ in range(2):
        model = vae(speed=0.1)
        one_shot_start.start_from_sounds(model, sounds[:8])
        latents.append(keras.ops.convert_to_numpy(model.encoder(sounds)[0]))
    np.testing.assert_array_equal(latents[0], latents[1])


def test_linear_maps_are_principal_components():
    rng, model = np.random.default_rng(1), vae()
    grid = model.decoder.get_layer("synthesis").grid
    n_features = model.encoder.get_layer("analysis").n_features
    hidden = rng.normal(size=(200, 3)) * [3, 2, 1]
    heard = hidden @ rng.normal(size=(3, n_features)) + 5
    controls = hidden @ rng.normal(size=(3, grid.n_controls)) - 2
    one_shot_start.set_linear_maps(model, heard.astype(np.float32), controls.astype(np.float32))
    kernel, bias = (np.array(each) for each in model.decoder.get_layer("controls").get_weights())
    encoder = np.array(model.encoder.get_layer("mean").get_weights()[0])
    latents = (heard - heard.mean(axis=0)) @ encoder
    np.testing.assert_allclose(latents @ kernel + bias, controls, atol=0.02)
    # They are uncorrelated principal components, and there are no more than three, with a mean variance of 1.
    covariance = np.cov(latents.T)
    variances = np.diag(covariance)
    np.testing.assert_allclose(covariance, np.diag(variances), atol=0.1)
    assert variances.mean() == pytest.approx(1, abs=0.02)
    assert variances[0] > variances[1] > variances[2] > 1e6 * variances[3]
    # What a standard deviation of each changes in the weighted controls is its singular value, to which the deviation
    # is in the stated power.
    weights = np.concatenate([np.full(size, one_shot_start._WEIGHTS[name]) for name, size in grid.sizes.items()])
    changes = np.sqrt(variances[:3]) * np.linalg.norm(kernel[:3] * weights, axis=1)
    expected = changes**one_shot_start._SCALE_EXPONENT
    np.testing.assert_allclose(np.sqrt(variances[:3]) / expected, np.sqrt(variances[0]) / expected[0], rtol=0.02)


def test_sounds_that_are_all_the_same_have_maps_too():
    model = vae()
    n_features = model.encoder.get_layer("analysis").n_features
    n_controls = model.decoder.get_layer("synthesis").grid.n_controls
    one_shot_start.set_linear_maps(model, np.ones((9, n_features)), np.ones((9, n_controls)))
    kernel, bias = (np.array(each) for each in model.decoder.get_layer("controls").get_weights())
    assert np.isfinite(kernel).all()
    np.testing.assert_allclose(bias, 1)


@pytest.mark.parametrize("n_sounds", [1, 3, 20])
def test_controls_come_near_to_sounds(sounds, n_sounds):
    model = vae()
    analysis, synthesis = model.encoder.get_layer("analysis"), model.decoder.get_layer("synthesis")
    found = one_shot_start.controls_of(sounds[:n_sounds], analysis, synthesis)
    assert found.shape == (n_sounds, synthesis.grid.n_controls)
    audio = keras.ops.convert_to_numpy(synthesis(found))
    distances = [distance_db(x, y, RATE_HZ) for x, y in zip(sounds[:n_sounds], audio, strict=True)]
    assert np.median(distances) < 2.5


def test_the_analysis_shows_how_far_it_is_and_can_be_ended(sounds, monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 24)
    monkeypatch.setattr(one_shot_start, "_BATCH_SIZE", 8)
    model, called = vae(), []

    def before_batch():
        called.append(len(called))
        if len(called) == 3:
            raise KeyboardInterrupt

    before = model.decoder.get_weights()
    with pytest.raises(KeyboardInterrupt):
        one_shot_start.start_from_sounds(model, sounds, before_batch=before_batch)
    assert called == [0, 1, 2]
    for kept, each in zip(before, model.decoder.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, each)
