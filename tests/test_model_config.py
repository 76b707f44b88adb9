import dataclasses
import json
from pathlib import Path

import pytest
from config_checks import check_frozen, check_value_out_of_range
from old_files import flat

from audio_vae.config import AudioConfig, Config, without_removed
from audio_vae.model_config import (
    DilatedConfig,
    ModelConfig,
    OneShotConfig,
    PlainConfig,
    VoiceConfig,
    from_values,
    nested,
    with_values,
)

ROOT = Path(__file__).resolve().parents[1]

OLD = {
    "architecture": "cc",
    "n_samples": 640,
    "classifier_units": [3, 4],
    "depth": 1,
    "long_cycle": 2,
    "short_cycle": 3,
    "block_filters": 4,
    "stem_filters": 5,
    "stem_kernel": 6,
    "cc_filters": [1, 2, 3, 4, 5],
    "cc_kernels": [6, 7, 8, 9, 10],
    "studio_rate_hz": 7,
    "studio_windows": [8, 9],
    "studio_hop": 10,
    "studio_mels": 11,
    "studio_silence": -1.5,
    "studio_filters": [12],
    "studio_frames": 13,
    "studio_dilations": [14, 15],
    "studio_tones": 0,
    "studio_noise_bands": 0,
    "gate": "product",
    "activation": "tanh",
    "log_variance_start": -4.0,
}
"""The values of a model as version 0.1 wrote them, those of all architectures side by side."""

NEW = ModelConfig(
    architecture="cc",
    n_samples=640,
    classifier_units=(3, 4),
    log_variance_start=-4.0,
    dc=DilatedConfig(1, 2, 3, 4, 5, 6, "product"),
    cc=PlainConfig((1, 2, 3, 4, 5), (6, 7, 8, 9, 10), "tanh"),
)


def without_studio(values):
    """Leave out the values of the networks that `voice` and `oneshot` took the place of."""
    return {name: value for name, value in values.items() if not name.startswith("studio")}


def test_values_of_version_0_1_get_a_part_for_each_architecture():
    before = json.dumps(OLD)
    assert from_values(ModelConfig, nested(OLD)) == NEW
    assert flat(json.loads(json.dumps(dataclasses.asdict(NEW)))).items() >= without_studio(OLD).items()
    assert json.dumps(OLD) == before


def test_values_of_today_stay_as_they_are():
    values = json.loads(json.dumps(dataclasses.asdict(NEW)))
    assert nested(values) == values
    assert nested({}) == {}


def test_what_an_old_file_leaves_out_is_the_default():
    assert from_values(ModelConfig, nested({"depth": 5})) == ModelConfig(dc=DilatedConfig(depth=5))


REMOVED = [{"studio_tones": 37, "studio_mels": 5}, {"studio": {"n_tones": 0, "n_noise_bands": 24}}, {}]
"""Values of the networks that `voice` and `oneshot` took the place of."""


@pytest.mark.parametrize("values", REMOVED)
def test_networks_that_were_removed_are_refused(values):
    told = "its networks are of an earlier version of audio-vae: train again, or use that version"
    with pytest.raises(ValueError, match=f"^{told}$"):
        nested({"architecture": "studio", **values})


@pytest.mark.parametrize("architecture", ["dc", "cc", "voice", "oneshot"])
@pytest.mark.parametrize("values", REMOVED)
def test_values_of_removed_networks_had_no_effect_on_others(values, architecture):
    assert from_values(ModelConfig, nested({"architecture": architecture, **values})) == ModelConfig(architecture)


@pytest.mark.parametrize("values", [{"voice": {"colour": 1}}, {"colour": 1}])
def test_unknown_names(values):
    with pytest.raises(TypeError, match="colour"):
        from_values(ModelConfig, nested(values))
    with pytest.raises(TypeError, match="colour"):
        with_values(ModelConfig(), values)


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("results/*/config.json"), *ROOT.glob("audio_vae/pretrained/*/config.json")]),
    ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}",
)
def test_every_config_in_the_repository_loads_with_all_its_values(path):
    stored = json.loads(path.read_text(encoding="utf-8"))["config"]
    config = Config.from_dict(stored)
    again = config.to_dict()
    assert Config.from_dict(again) == config
    for part in stored.keys() - {"dataset", "preset", "model", "loss"}:
        assert again[part].items() >= stored[part].items()
    assert again["loss"].items() >= without_removed(stored["loss"]).items()
    # What an old file leaves out has become the default.
    if "dc" in stored["model"]:
        found = json.loads(json.dumps(again["model"]))
        for name, value in stored["model"].items():
            assert found[name].items() >= value.items() if isinstance(value, dict) else found[name] == value
    else:
        assert flat(again["model"]).items() >= without_studio(stored["model"]).items()


def test_with_values_changes_parts_and_leaves_the_rest():
    config = Config("digits", "dc", data={"speakers": ["ann"]})
    changed = with_values(config, {"model": {"n_classes": 3, "dc": {"depth": 2}}, "data": {"speakers": ["bob"]}})
    assert changed.model == ModelConfig(n_classes=3, dc=DilatedConfig(depth=2))
    assert changed.data == {"speakers": ["bob"]}
    assert (changed.audio, changed.training) == (config.audio, config.training)
    assert config.model == ModelConfig()
    with pytest.raises(ValueError, match="a positive sample rate"):
        with_values(AudioConfig(), {"rate_hz": 0})


def test_lists_become_tuples():
    assert from_values(ModelConfig, {"classifier_units": [3, 4]}).classifier_units == (3, 4)
    assert from_values(ModelConfig, {"cc": {"filters": [1, 2, 3, 4, 5]}}).cc.filters == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (ModelConfig, "architecture", "rnn", "one of ('dc', 'cc', 'voice', 'oneshot')"),
        (DilatedConfig, "gate", "relu", "one of ('tanh_sigmoid', 'product', 'tanh_tanh')"),
        (DilatedConfig, "padding", "valid", "one of ('causal', 'same')"),
        (DilatedConfig, "stem_activation", "elu", "one of ('linear', 'relu', 'tanh')"),
        (DilatedConfig, "strided_kernel", 0, "a count of 1 or more"),
        (ModelConfig, "classifier_output", "tanh", "one of ('linear', 'sigmoid')"),
        (ModelConfig, "classifier_start_std", 0, "a positive standard deviation, or None"),
        (ModelConfig, "latent_layers", 3, "1 or 2 dense layers"),
        (ModelConfig, "pointwise", "both", "one of ('table', 'code')"),
        (PlainConfig, "activation", "swish", "one of ('linear', 'relu', 'tanh')"),
        (ModelConfig, "single_channel_activation", "swish", "one of ('linear', 'relu', 'tanh')"),
        (ModelConfig, "latent_dim", 0, "a count of 1 or more"),
        (DilatedConfig, "depth", 0, "a count of 1 or more"),
        (DilatedConfig, "long_cycle", 0, "a count of 1 or more"),
        (DilatedConfig, "short_cycle", 0, "a count of 1 or more"),
        (DilatedConfig, "filters", 0, "a count of 1 or more"),
        (DilatedConfig, "stem_filters", 0, "a count of 1 or more"),
        (DilatedConfig, "stem_kernel", 0, "a count of 1 or more"),
        (ModelConfig, "n_samples", 0, "a positive multiple of 32 samples"),
        (ModelConfig, "n_samples", 4095, "a positive multiple of 32 samples"),
        (ModelConfig, "n_classes", 1, "0 or at least 2 classes"),
        (ModelConfig, "n_classes", -1, "0 or at least 2 classes"),
        (PlainConfig, "filters", (1, 2, 3, 4), "five filters and five kernels"),
        (PlainConfig, "kernels", (5, 4, 4, 4, 4, 4), "five filters and five kernels"),
        (PlainConfig, "kernels", (5, 4, 4, 4, 1), "kernels of 2 or more samples"),
        (VoiceConfig, "rate_hz", 0, "a count of 1 or more"),
        (VoiceConfig, "hop_length", 0, "a count of 1 or more"),
        (VoiceConfig, "n_mels", 0, "a count of 1 or more"),
        (VoiceConfig, "n_voice_bands", 0, "a count of 1 or more"),
        (VoiceConfig, "n_noise_bands", 0, "a count of 1 or more"),
        (VoiceConfig, "n_frames", 0, "a count of 1 or more"),
        (VoiceConfig, "windows", (), "one or several counts of 1 or more"),
        (VoiceConfig, "filters", (4, 0), "one or several counts of 1 or more"),
        (VoiceConfig, "dilations", (0,), "one or several counts of 1 or more"),
        (OneShotConfig, "rate_hz", 0, "a count of 1 or more"),
        (OneShotConfig, "n_noise_bands", 0, "a count of 1 or more"),
        (OneShotConfig, "hidden_units", 0, "a count of 1 or more"),
    ],
)
def test_value_out_of_range(kind, name, value, expected):
    check_value_out_of_range(kind, name, value, expected)


@pytest.mark.parametrize(
    ("config", "name"),
    [(ModelConfig(), "dc"), (DilatedConfig(), "depth"), (PlainConfig(), "filters"), (VoiceConfig(), "n_mels")],
)
def test_configs_are_frozen(config, name):
    check_frozen(config, name)
