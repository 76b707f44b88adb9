import dataclasses
import functools
import json
import re

import pytest

from audio_vae.config import AudioConfig, Config, LossConfig, ModelConfig, TrainingConfig, from_values
from audio_vae.presets import PRESETS, loss_for, make_config, model_for
from audio_vae.utils.errors import UserError


def preset_config(preset):
    return make_config(
        "digits",
        preset,
        audio=AudioConfig(rate_hz=22050, n_samples=16384, onset_db=40.0, fade_s=0.02),
        latent_dim=30,
        n_classes=5,
        classifier_units=(7, 8),
        training=TrainingConfig(epochs=3, seed=4),
        data={"speakers": ["jackson", "theo"]},
    )


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_json_round_trip_of_every_preset(preset):
    config = preset_config(preset)
    restored = Config.from_dict(json.loads(json.dumps(config.to_dict())))
    assert restored == config
    assert isinstance(restored.model.cc_filters, tuple)
    assert restored.data["speakers"] == ["jackson", "theo"]


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_preset_takes_the_data_sets_values_and_its_own(preset):
    config = preset_config(preset)
    assert (config.dataset, config.preset) == ("digits", preset)
    assert (config.model.n_samples, config.model.latent_dim) == (16384, 30)
    for part, values in PRESETS[preset].items():
        for name, value in values.items():
            # What was asked for goes before the preset's.
            assert part == "training" or getattr(getattr(config, part), name) == value


@pytest.mark.parametrize(
    ("preset", "architecture", "n_classes"), [("dc", "dc", 5), ("cc", "cc", 5), ("dc-nonclass", "dc", 0)]
)
def test_the_papers_presets(preset, architecture, n_classes):
    model = preset_config(preset).model
    assert (model.architecture, model.n_classes) == (architecture, n_classes)


@pytest.mark.parametrize(
    ("rate_hz", "windows"), [(8000, (64, 128, 256, 512, 1024)), (22050, (176, 353, 706, 1411, 2822))]
)
def test_spectral_windows_are_as_long_at_any_rate(rate_hz, windows):
    assert loss_for(rate_hz, LossConfig(spectral_weight=1.0)).spectral_windows == windows
    assert loss_for(rate_hz, LossConfig()) == LossConfig()
    assert (preset_config("studio").loss.spectral_windows == windows) == (rate_hz == 22050)


@pytest.mark.parametrize(("rate_hz", "windows", "hop"), [(8000, (256,), 64), (22050, (706,), 176)])
def test_the_studio_encoder_hears_the_same_at_any_rate(rate_hz, windows, hop):
    audio = AudioConfig(rate_hz=rate_hz, n_samples=640)
    model = model_for(audio, ModelConfig("studio"))
    assert (model.n_samples, model.studio_windows, model.studio_hop) == (640, windows, hop)
    assert model.studio_rate_hz == rate_hz
    assert model_for(audio, ModelConfig("cc")) == ModelConfig("cc", n_samples=640)


def test_defaults_are_the_papers_numbers():
    loss, training = LossConfig(), TrainingConfig()
    assert (loss.likelihood_weight, loss.kl_weight, loss.classification_weight) == (1.0, 1e-4, 1.01)
    assert (training.vae_learning_rate, training.classifier_learning_rate) == (5e-4, 1e-3)
    assert training.epochs == 117


def test_training_and_data_are_optional():
    config = make_config("drums", "dc", audio=AudioConfig(), latent_dim=30, n_classes=5, classifier_units=(5,))
    assert config.training == TrainingConfig(**PRESETS["dc"].get("training", {}))
    assert config.data == {}


def test_what_a_data_set_needs_goes_before_the_preset():
    needs = {"studio": {"loss": {"kl_weight": 7.0}, "training": {"epochs": 3}}, "cc": {"training": {"epochs": 4}}}
    made = functools.partial(make_config, "x", audio=AudioConfig(), latent_dim=2, n_classes=2, classifier_units=(2,))
    plain, changed = made("studio"), made("studio", needs=needs)
    assert changed.loss == dataclasses.replace(plain.loss, kl_weight=7.0)
    assert changed.training == dataclasses.replace(plain.training, epochs=3)
    assert (changed.model, changed.audio) == (plain.model, plain.audio)
    assert made("dc", needs=needs) == made("dc")
    # Training that is asked for is taken as it is.
    assert made("studio", needs=needs, training=TrainingConfig(epochs=9)).training == TrainingConfig(epochs=9)


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(UserError, match=r"unknown preset 'vqvae': choose one of .*cc.*dc-nonclass"):
        preset_config("vqvae")


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (AudioConfig, "rate_hz", 0, "a positive sample rate"),
        (AudioConfig, "n_samples", 0, "a positive multiple of 32 samples"),
        (AudioConfig, "n_samples", 100, "a positive multiple of 32 samples"),
        (AudioConfig, "onset_db", 0, "a positive number of decibels"),
        (AudioConfig, "onset_db", -40.0, "a positive number of decibels"),
        (AudioConfig, "fade_s", -0.1, "a fade of 0 seconds or more"),
        (ModelConfig, "architecture", "rnn", "one of ('dc', 'cc', 'studio')"),
        (ModelConfig, "gate", "relu", "one of ('tanh_sigmoid', 'product')"),
        (ModelConfig, "activation", "swish", "one of ('linear', 'relu', 'tanh')"),
        (ModelConfig, "single_channel_activation", "swish", "one of ('linear', 'relu', 'tanh')"),
        (ModelConfig, "latent_dim", 0, "a count of 1 or more"),
        (ModelConfig, "depth", 0, "a count of 1 or more"),
        (ModelConfig, "long_cycle", 0, "a count of 1 or more"),
        (ModelConfig, "short_cycle", 0, "a count of 1 or more"),
        (ModelConfig, "block_filters", 0, "a count of 1 or more"),
        (ModelConfig, "stem_filters", 0, "a count of 1 or more"),
        (ModelConfig, "stem_kernel", 0, "a count of 1 or more"),
        (ModelConfig, "n_samples", 0, "a positive multiple of 32 samples"),
        (ModelConfig, "n_samples", 4095, "a positive multiple of 32 samples"),
        (ModelConfig, "n_classes", 1, "0 or at least 2 classes"),
        (ModelConfig, "n_classes", -1, "0 or at least 2 classes"),
        (ModelConfig, "cc_filters", (1, 2, 3, 4), "five filters and five kernels"),
        (ModelConfig, "cc_kernels", (5, 4, 4, 4, 4, 4), "five filters and five kernels"),
        (LossConfig, "likelihood_reduction", "max", "one of ('sum', 'mean')"),
        (LossConfig, "kl_reduction", "max", "one of ('sum', 'mean')"),
        (ModelConfig, "studio_tones", 1, "0, or a count of 2 or more"),
        (ModelConfig, "studio_noise_bands", 1, "0, or a count of 2 or more"),
        (LossConfig, "spectral_bands", -1, "0 or more bands an octave"),
        (TrainingConfig, "adam_epsilon", 0, "a positive number"),
        (TrainingConfig, "epochs", 0, "1 epoch or more"),
        (TrainingConfig, "batch_size", 0, "1 sound or more"),
        (TrainingConfig, "seed", -1, "a seed of 0 or more"),
    ],
)
def test_value_out_of_range(kind, name, value, expected):
    message = rf"Expected {re.escape(expected)}.*received: .*{re.escape(f'{name}={value!r}')}"
    with pytest.raises(ValueError, match=message):
        kind(**{name: value})


def test_audio_and_model_must_agree_on_the_length():
    with pytest.raises(ValueError, match=r"same length in audio and model, received: audio=4096, model=64"):
        Config("digits", "dc", model=ModelConfig(n_samples=64))


@pytest.mark.parametrize("part", ["audio", "model", "loss", "training"])
def test_unknown_key_in_a_part(part):
    values = preset_config("dc").to_dict()
    values[part]["colour"] = 1
    with pytest.raises(ValueError, match=r"Not a config of this version: .*colour"):
        Config.from_dict(values)


def test_unknown_and_missing_keys_at_the_top():
    values = preset_config("dc").to_dict()
    with pytest.raises(ValueError, match=r"Not a config of this version: .*colour"):
        Config.from_dict({**values, "colour": 1})
    del values["dataset"]
    with pytest.raises(ValueError, match=r"Not a config of this version: .*dataset"):
        Config.from_dict(values)


def test_value_out_of_range_in_json():
    values = preset_config("dc").to_dict()
    values["model"]["gate"] = "relu"
    with pytest.raises(ValueError, match=r"received: gate='relu'"):
        Config.from_dict(values)


def test_lists_become_tuples():
    assert from_values(ModelConfig, {"classifier_units": [3, 4]}).classifier_units == (3, 4)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (AudioConfig(), "rate_hz"),
        (ModelConfig(), "depth"),
        (LossConfig(), "kl_weight"),
        (TrainingConfig(), "seed"),
    ],
)
def test_configs_are_frozen(config, name):
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(config, name, 1)
