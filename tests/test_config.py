import json

import pytest
from config_checks import check_frozen, check_value_out_of_range, preset_config
from old_files import flat

from audio_vae.config import AudioConfig, Config, LossConfig, TrainingConfig
from audio_vae.model_config import ModelConfig
from audio_vae.presets import PRESETS


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_json_round_trip_of_every_preset(preset):
    config = preset_config(preset)
    restored = Config.from_dict(json.loads(json.dumps(config.to_dict())))
    assert restored == config
    assert isinstance(restored.model.cc.filters, tuple)
    assert restored.data["speakers"] == ["jackson", "theo"]


def test_defaults_are_the_papers_numbers():
    loss, training = LossConfig(), TrainingConfig()
    assert (loss.likelihood_weight, loss.kl_weight, loss.classification_weight) == (1.0, 1e-4, 1.01)
    assert (training.vae_learning_rate, training.classifier_learning_rate) == (5e-4, 1e-3)
    assert training.epochs == 117


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (AudioConfig, "rate_hz", 0, "a positive sample rate"),
        (AudioConfig, "n_samples", 0, "a positive multiple of 32 samples"),
        (AudioConfig, "n_samples", 100, "a positive multiple of 32 samples"),
        (AudioConfig, "onset_db", 0, "a positive number of decibels"),
        (AudioConfig, "onset_db", -40.0, "a positive number of decibels"),
        (AudioConfig, "fade_s", -0.1, "a fade of 0 seconds or more"),
        (LossConfig, "likelihood_reduction", "max", "one of ('sum', 'mean')"),
        (LossConfig, "kl_reduction", "max", "one of ('sum', 'mean')"),
        (LossConfig, "spectral_bands", -1, "0 or more bands per octave"),
        (LossConfig, "first_pass", "both", "one of ('vae', 'classifier')"),
        (LossConfig, "prior_std", 0, "a positive standard deviation"),
        (TrainingConfig, "sounds", "test", "one of ('training', 'all')"),
        (TrainingConfig, "averages", "all", "one of ('none', 'first', 'each_epoch')"),
        (TrainingConfig, "averages_per_sound", 0, "1 or more averages"),
        (TrainingConfig, "shuffle", "never", "one of ('each_epoch', 'once')"),
        (TrainingConfig, "kept_model", "first", "one of ('last', 'best')"),
        (TrainingConfig, "clipped_passes", ("both",), "some of ('vae', 'classifier')"),
        (TrainingConfig, "adam_epsilon", 0, "a positive number"),
        (TrainingConfig, "epochs", 0, "1 or more epochs"),
        (TrainingConfig, "batch_size", 0, "1 or more sounds"),
        (TrainingConfig, "seed", -1, "a seed of 0 or more"),
    ],
)
def test_value_out_of_range(kind, name, value, expected):
    check_value_out_of_range(kind, name, value, expected)


def test_a_sound_is_trimmed_by_one_rule_alone():
    with pytest.raises(ValueError, match=r"one of trims_long and onset_db, not both, received: onset_db=40\.0"):
        AudioConfig(trims_long=True, onset_db=40.0)


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
    values["model"]["dc"]["gate"] = "relu"
    with pytest.raises(ValueError, match=r"received: gate='relu'"):
        Config.from_dict(values)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (AudioConfig(), "rate_hz"),
        (Config("digits", "dc"), "dataset"),
        (LossConfig(), "kl_weight"),
        (TrainingConfig(), "seed"),
    ],
)
def test_configs_are_frozen(config, name):
    check_frozen(config, name)


def test_a_config_of_version_0_1_is_the_same_config():
    config = preset_config("cc")
    values = config.to_dict()
    values["model"] = flat(values["model"])
    assert values["model"]["studio_tones"] == 0
    # Digits had a weight for a pitch that their networks did not have.
    values["loss"]["pitch_weight"] = 0.5
    assert Config.from_dict(values) == config
