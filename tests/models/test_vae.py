import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny_presets
from old_files import flat
from tiny_models import ONE_SHOT, SPECTRAL, built

from audio_vae.config import AugmentationConfig, LossConfig, TrainingConfig
from audio_vae.model_config import with_values
from audio_vae.models import losses, one_shot_start, passes
from audio_vae.models.vae import VAE, build_vae
from audio_vae.presets import PRESETS, STUDIO_ONE_SHOTS, joined

PARTS = ("encoder", "decoder", "classifier")


@pytest.fixture(autouse=True)
def _whole_batches(monkeypatch):
    # Called outside of a graph, gradients sound by sound take long; that they are the same is for test_passes.py.
    monkeypatch.setattr(passes, "one_by_one", lambda *_: False)


@pytest.fixture(params=["tiny_dc", "tiny_cc", "tiny_oneshot"])
def tiny(request):
    # At this size a ReLU can be dead for every sound, which would leave variables without a gradient;
    # two layers a block are enough for what is tested here.
    return with_values(request.getfixturevalue(request.param), {"cc": {"activation": "tanh"}, "dc": {"depth": 2}})


def values(variables):
    return [keras.ops.convert_to_numpy(each).copy() for each in variables]


def part_values(vae):
    return {part: values(getattr(vae, part).trainable_variables) for part in PARTS}


def assert_identical(first, second):
    assert len(first) == len(second) > 0
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def state(vae):
    """Everything that decides a next step: weights, both optimizers and the noise."""
    return {
        "weights": vae.get_weights(),
        "vae_optimizer": values(vae.optimizer.variables),
        "classifier_optimizer": values(vae.classifier_optimizer.variables),
        "noise": values([vae.sampling.noise.state]),
    }


def assert_same_state(first, second):
    one, other = state(first), state(second)
    for name, expected in other.items():
        assert_identical(one[name], expected)


def train(vae, batch, n_steps=1):
    return [{name: float(value) for name, value in vae.train_step(batch).items()} for _ in range(n_steps)]


@pytest.mark.parametrize(
    ("vae_rate", "classifier_rate", "moved"),
    [
        (1e-2, 0.0, {"encoder", "decoder"}),
        (0.0, 1e-2, {"encoder", "classifier"}),
        (1e-2, 1e-2, {"encoder", "decoder", "classifier"}),
    ],
    ids=["first pass", "second pass", "both"],
)
def test_each_pass_moves_exactly_its_own_variables(tiny, batch, vae_rate, classifier_rate, moved):
    vae = built(tiny, vae_learning_rate=vae_rate, classifier_learning_rate=classifier_rate, seed=1)
    before = part_values(vae)
    # In the first step, what lies before weights of 0 has no gradient.
    train(vae, batch, n_steps=2)
    after = part_values(vae)
    for part in PARTS:
        changed = [np.any(one != other) for one, other in zip(before[part], after[part], strict=True)]
        assert changed == [part in moved] * len(changed), part


def test_the_classifier_may_leave_the_encoder_alone(tiny, batch, tmp_path):
    vae = built(tiny, loss=LossConfig(classifier_moves_encoder=False), vae_learning_rate=0.0, seed=1)
    assert [id(each) for each in vae.classifier_variables] == [id(each) for each in vae.classifier.trainable_variables]
    assert len(vae.classifier_optimizer.variables) == 2 * len(vae.classifier.trainable_variables) + 2
    before = part_values(vae)
    train(vae, batch)
    after = part_values(vae)
    for part in ("encoder", "decoder"):
        assert_identical(before[part], after[part])
    assert all(np.any(one != other) for one, other in zip(before["classifier"], after["classifier"], strict=True))
    vae.save(tmp_path / "model.keras")
    assert_same_state(keras.saving.load_model(tmp_path / "model.keras"), vae)


def test_passes_run_in_the_papers_order(tiny, batch, monkeypatch):
    vae = built(tiny)
    calls = []

    def record(owner, method, name):
        original = getattr(owner, method)
        monkeypatch.setattr(owner, method, lambda *args, **kwargs: (calls.append(name), original(*args, **kwargs))[1])

    record(vae, "vae_losses", "loss 1")
    record(vae, "classifier_losses", "loss 2")
    record(vae.optimizer, "apply", "apply 1")
    record(vae.classifier_optimizer, "apply", "apply 2")
    vae.train_step(batch)
    # The second loss is computed after the first pass has moved the encoder.
    assert calls == ["loss 1", "apply 1", "loss 2", "apply 2"]


def test_the_codes_order_of_the_passes_is_the_other_way_round(tiny, batch):
    vae = built(tiny, loss=LossConfig(first_pass="classifier"))
    assert [each.terms for each in vae.passes] == [("cross_entropy",), ("likelihood", "kl")]
    before = {name: values(variables) for name, variables in (("vae", vae.vae_variables),)}
    # The same step by hand: first the classifier's pass with the first noise, then the other.
    other = built(tiny, loss=LossConfig(first_pass="classifier"))
    assert_identical(values(other.vae_variables), before["vae"])
    for losses_of, optimizer, variables in (
        (other.classifier_losses, other.classifier_optimizer, other.classifier_variables),
        (other.vae_losses, other.optimizer, other.vae_variables),
    ):
        arguments = batch if losses_of == other.classifier_losses else batch[:1]
        noise = other.draw(6)["noise"]
        with tf.GradientTape() as tape:
            loss, _ = losses_of(*arguments, noise)
        optimizer.apply(tape.gradient(loss, variables), variables)
    vae.train_step(batch)
    assert_same_state(vae, other)


def test_optimizers_are_built_on_their_own_variables(tiny):
    vae = built(tiny)
    n = {part: len(getattr(vae, part).trainable_variables) for part in PARTS}
    assert [id(each) for each in vae.vae_variables] == [
        id(each) for each in vae.encoder.trainable_variables + vae.decoder.trainable_variables
    ]
    assert [id(each) for each in vae.classifier_variables] == [
        id(each) for each in vae.encoder.trainable_variables + vae.classifier.trainable_variables
    ]
    # Adam holds two moments a variable, its step count and its learning rate.
    assert len(vae.optimizer.variables) == 2 * (n["encoder"] + n["decoder"]) + 2
    assert len(vae.classifier_optimizer.variables) == 2 * (n["encoder"] + n["classifier"]) + 2
    assert vae.optimizer is not vae.classifier_optimizer


def test_optimizers_take_the_configs_learning_rates(tiny):
    vae = built(tiny, vae_learning_rate=0.25, classifier_learning_rate=0.5)
    assert float(vae.optimizer.learning_rate) == 0.25
    assert float(vae.classifier_optimizer.learning_rate) == 0.5


def test_gradients_are_clipped_where_the_config_asks(tiny):
    assert [each.global_clipnorm for each in (built(tiny).optimizer, built(tiny).classifier_optimizer)] == [None, None]
    clipped = built(tiny, clip_norm=0.5)
    assert [each.global_clipnorm for each in (clipped.optimizer, clipped.classifier_optimizer)] == [0.5, 0.5]
    one = built(tiny, clip_norm=0.5, clipped_passes=("vae",))
    assert [each.global_clipnorm for each in (one.optimizer, one.classifier_optimizer)] == [0.5, None]


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_reported_terms_of_a_test_step_equal_numpys(tiny, batch, reduction):
    audio, labels = batch
    vae = built(tiny, loss=LossConfig(likelihood_reduction=reduction, kl_reduction=reduction))
    reported = vae.test_step(batch)
    mean, log_variance = values(vae.encoder(audio))
    reduce = {"sum": np.sum, "mean": np.mean}[reduction]
    logits = np.asarray(vae.classifier(mean))
    expected = {
        "likelihood": reduce((audio - np.asarray(vae.decoder(mean))) ** 2, axis=1),
        "kl": reduce(0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1), axis=1),
        "cross_entropy": np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(6), labels],
    }
    assert list(reported) == list(expected)
    for name, terms in expected.items():
        np.testing.assert_allclose(reported[name], terms.mean(), rtol=1e-4)


def test_reported_terms_of_a_train_step_equal_numpys(tiny, batch):
    audio, labels = batch
    vae = built(tiny, vae_learning_rate=0.0, classifier_learning_rate=0.0)
    noise_state = values([vae.sampling.noise.state])[0]
    reported = {name: float(value) for name, value in vae.train_step(batch).items()}
    # The same noise again: one draw for each pass.
    vae.sampling.noise.state.assign(noise_state)
    mean, log_variance = values(vae.encoder(audio))
    first, second = (values([vae.sampling((mean, log_variance))])[0] for _ in range(2))
    assert not np.any(first == second)
    logits = np.asarray(vae.classifier(second))
    cross_entropy = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(6), labels]
    likelihood = np.sum((audio - np.asarray(vae.decoder(first))) ** 2, axis=1)
    np.testing.assert_allclose(reported["likelihood"], likelihood.mean(), rtol=1e-4)
    np.testing.assert_allclose(reported["cross_entropy"], cross_entropy.mean(), rtol=1e-4)
    np.testing.assert_allclose(reported["kl"], np.mean(losses.kl_divergence(mean, log_variance)), rtol=1e-4)


def test_an_epochs_terms_are_means_over_its_sounds(tiny_dc, batch):
    audio, labels = batch
    vae = built(tiny_dc)
    # Batches of 4 and 2: a mean of batch means would differ.
    result = vae.evaluate(tf.data.Dataset.from_tensor_slices(batch).batch(4), verbose=0, return_dict=True)
    _, terms = vae.vae_losses(audio)
    terms |= vae.classifier_losses(audio, labels)[1]
    assert set(terms) <= set(result)
    for name, each in terms.items():
        np.testing.assert_allclose(result[name], np.mean(each), rtol=1e-5)


def test_call_takes_the_mean_and_in_training_a_draw(tiny, batch):
    audio, _ = batch
    vae = built(tiny)
    mean, _ = vae.encoder(audio)
    np.testing.assert_array_equal(vae(audio), vae.decoder(mean))
    assert vae(audio).shape == (6, 64)
    assert np.any(np.asarray(vae(audio, training=True)) != np.asarray(vae(audio, training=True)))


def test_without_classifier_no_second_pass(tiny, batch, monkeypatch):
    vae = built(dataclasses.replace(tiny, n_classes=0))
    assert vae.classifier is None
    assert vae.classifier_optimizer is None
    assert vae.classifier_variables == []
    calls = []
    monkeypatch.setattr(vae, "classifier_losses", lambda *_: calls.append("second pass"))
    noise = vae.sampling.noise
    before = values([noise.state])
    assert list(vae.train_step(batch)) == ["likelihood", "kl"]
    assert list(vae.test_step(batch)) == ["likelihood", "kl"]
    assert calls == []
    # A second draw would show a pass that ran under another name.
    once = built(dataclasses.replace(tiny, n_classes=0)).sampling
    once((np.zeros((6, 3), "float32"), np.zeros((6, 3), "float32")))
    assert_identical(values([noise.state]), values([once.noise.state]))
    assert np.any(before[0] != values([noise.state])[0])


def test_keras_round_trip_keeps_everything_that_decides_the_next_step(tiny, batch, tmp_path):
    vae = built(tiny, loss=LossConfig(kl_weight=0.5, likelihood_reduction="mean"), vae_learning_rate=0.02, seed=7)
    train(vae, batch, n_steps=3)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, VAE)
    assert (loaded.model_config, loaded.loss_config, loaded.seed) == (vae.model_config, vae.loss_config, 7)
    assert loaded.jit_compile is (keras.backend.backend() == "jax")
    assert (loaded.optimizer.name, loaded.classifier_optimizer.name) == (
        "vae_optimizer",
        "classifier_optimizer",
    )
    saved = state(vae)
    assert int(vae.optimizer.iterations) == int(vae.classifier_optimizer.iterations) == 3
    for name, restored in state(loaded).items():
        assert_identical(restored, saved[name])

    for each in (vae, loaded):
        each.reset_metrics()
    assert train(loaded, batch) == train(vae, batch)
    after = state(vae)
    for name, restored in state(loaded).items():
        assert_identical(restored, after[name])
    assert any(np.any(one != other) for one, other in zip(saved["weights"], after["weights"], strict=True))


def test_keras_round_trip_without_classifier(tiny_dc, batch, tmp_path):
    vae = built(dataclasses.replace(tiny_dc, n_classes=0))
    vae.train_step(batch)
    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.classifier is None
    assert_identical(loaded.get_weights(), vae.get_weights())
    assert_identical(values(loaded.optimizer.variables), values(vae.optimizer.variables))
    np.testing.assert_array_equal(loaded(batch[0]), vae(batch[0]))


def test_config_round_trip(tiny):
    vae = VAE(tiny, LossConfig(kl_weight=0.5), seed=3, name="sounds")
    rebuilt = VAE.from_config(vae.get_config())
    assert rebuilt.get_config() == vae.get_config()
    assert rebuilt.name == "sounds"
    assert rebuilt.model_config == tiny


def test_a_file_of_version_0_1_gives_the_same_model(tiny, batch):
    vae = VAE(tiny, seed=3)
    old = {**vae.get_config(), "model_config": flat(vae.get_config()["model_config"])}
    rebuilt = VAE.from_config(old)
    assert rebuilt.get_config() == vae.get_config()
    rebuilt.set_weights(vae.get_weights())
    np.testing.assert_array_equal(rebuilt(batch[0]), vae(batch[0]))


def test_same_seed_same_training_and_another_seed_another(tiny, batch):
    def trained(seed):
        vae = built(tiny, seed=seed)
        start = vae.get_weights()
        train(vae, batch, n_steps=2)
        return start, vae.get_weights()

    first, again, other = trained(5), trained(5), trained(6)
    for one, same in zip(first, again, strict=True):
        assert_identical(one, same)
    # Biases start at 0 whatever the seed.
    assert all(np.any(one != another) for one, another in zip(first[0], other[0], strict=True) if np.any(one))
    # The means of what is heard of sounds are set before a training.
    assert all(np.any(one != another) for one, another in zip(first[1], other[1], strict=True) if np.any(one))


def test_the_noise_depends_on_the_seed_alone(tiny_dc, batch):
    draws = {}
    for seed in (1, 2):
        vae = VAE(tiny_dc, seed=seed)
        zeros = np.zeros((6, 3), "float32")
        draws[seed] = np.asarray(vae.sampling((zeros, zeros)))
        np.testing.assert_array_equal(draws[seed], VAE(tiny_dc, seed=seed).sampling((zeros, zeros)))
    assert not np.any(draws[1] == draws[2])


def test_fit_learns_a_toy_problem(rng, tiny_dc):
    labels = np.arange(24) % 3
    tones = np.sin(2 * np.pi * np.arange(64) / 64 * (1 + labels[:, None]))
    audio = (tones + rng.normal(scale=0.02, size=tones.shape)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((audio, labels)).shuffle(24, seed=0).batch(8)
    vae = built(with_values(tiny_dc, {"dc": {"depth": 2}}), vae_learning_rate=1e-2, classifier_learning_rate=1e-2)
    history = vae.fit(dataset, epochs=25, shuffle=False, verbose=0).history
    for name in ("likelihood", "cross_entropy"):
        assert history[name][-1] < 0.6 * history[name][0]


@pytest.mark.parametrize("preset", [*sorted(PRESETS), "studio of one-shots"])
def test_every_preset_trains_a_step(tiny_dc, batch, preset):
    chosen = PRESETS[preset] if preset in PRESETS else joined(PRESETS["studio"], STUDIO_ONE_SHOTS)
    loss = LossConfig(**{**chosen.get("loss", {}), "spectral_windows": (16, 32)})
    augmentation = AugmentationConfig(**chosen.get("augmentation", {}))
    vae = build_vae(
        with_values(tiny_dc, joined(chosen["model"], tiny_presets.MODEL)), loss, TrainingConfig(), augmentation
    )
    terms = vae.train_step(batch)
    assert list(terms) == list(vae.loss_terms)
    assert all(np.isfinite(value) for value in terms.values())


def test_augmented_sounds_keep_their_originals(tiny_voice, batch):
    augmentation = AugmentationConfig(shift_s=0.001, polarity=True)
    vae = build_vae(tiny_voice, SPECTRAL, TrainingConfig(), augmentation)
    sounds = {"audio": batch[0], "labels": batch[1]}
    changed = vae.augmented(sounds)
    np.testing.assert_array_equal(changed["originals"], batch[0])
    assert np.any(np.array(changed["audio"]) != batch[0])
    assert built(tiny_voice).augmented(sounds) is sounds


def test_voice_model_goes_on_from_its_file_as_if_nothing_had_been(tiny_voice, batch, tmp_path):
    augmentation = AugmentationConfig(shift_s=0.001, speed=0.1, polarity=True)
    vae = build_vae(tiny_voice, dataclasses.replace(SPECTRAL, between_weight=1.0), TrainingConfig(), augmentation, 8000)
    train(vae, batch, 2)
    vae.save(tmp_path / "model.keras")
    vae.reset_metrics()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.augmentation_config, loaded.rate_hz) == (augmentation, 8000)
    assert train(loaded, batch, 2) == train(vae, batch, 2)
    assert_same_state(loaded, vae)


def test_a_voice_learns_a_toy_problem(tiny_voice, batch):
    vae = built(tiny_voice, loss=SPECTRAL, vae_learning_rate=1e-2, classifier_learning_rate=1e-2)
    step = tf.function(vae.train_step, autograph=False)
    terms = []
    for _ in range(40):
        vae.reset_metrics()
        terms.append({name: float(value) for name, value in step(batch).items()})
    for name in ("spectral", "centre", "cross_entropy"):
        assert terms[-1][name] < 0.9 * terms[0][name], name


def test_one_shot_model_goes_on_from_its_file_as_if_nothing_had_been(tiny_oneshot, batch, tmp_path, monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 12)
    vae = build_vae(tiny_oneshot, ONE_SHOT, TrainingConfig(), AugmentationConfig(speed=0.1), 8000)
    one_shot_start.start_from_sounds(vae, batch[0])
    train(vae, batch)
    vae.save(tmp_path / "model.keras")
    vae.reset_metrics()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    # The means of the analysis are no variables that are trained, and have to be in the file too.
    assert np.any(np.array(loaded.encoder.get_layer("analysis").means) != 0)
    assert_same_state(loaded, vae)
    assert train(loaded, batch, 2) == train(vae, batch, 2)
    assert_same_state(loaded, vae)


def test_a_bare_model_is_the_same_in_float32(tiny_cc):
    model = VAE(tiny_cc, augmentation_config=AugmentationConfig(speed=0.1), rate_hz=22050, dtype="mixed_bfloat16")
    bare = model.bare()
    assert (bare.rate_hz, bare.augmentation_config) == (22050, model.augmentation_config)
    assert bare.compute_dtype == "float32"
    others = [np.zeros_like(each) for each in model.get_weights()]
    for one, other, zero in zip(bare.get_weights(), model.get_weights(), model.bare(others).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert not zero.any()
