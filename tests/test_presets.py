import dataclasses
import functools
import re
from pathlib import Path

import pytest
from config_checks import preset_config

from audio_vae.config import AudioConfig, LossConfig, TrainingConfig
from audio_vae.model_config import ModelConfig, with_values
from audio_vae.presets import PRESETS, joined, loss_for, make_config, model_for
from audio_vae.utils.errors import UserError


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_preset_takes_the_data_sets_values_and_its_own(preset):
    config = preset_config(preset)
    assert (config.dataset, config.preset) == ("digits", preset)
    assert (config.model.n_samples, config.model.latent_dim) == (16384, 30)
    for part, values in PRESETS[preset].items():
        # What was asked for goes before the preset's.
        assert part == "training" or getattr(config, part) == with_values(getattr(config, part), values)


@pytest.mark.parametrize(
    ("preset", "architecture", "n_classes"), [("dc", "dc", 5), ("cc", "cc", 5), ("dc-nonclass", "dc", 0)]
)
def test_the_papers_presets(preset, architecture, n_classes):
    model = preset_config(preset).model
    assert (model.architecture, model.n_classes) == (architecture, n_classes)


@pytest.mark.parametrize(
    ("rate_hz", "architecture", "windows"),
    [
        (8000, "voice", (64, 128, 256, 512, 1024)),
        (22050, "voice", (176, 353, 706, 1411, 2822)),
        (8000, "oneshot", (64, 256, 1024)),
        (44100, "oneshot", (256, 1024, 4096)),
        (48000, "oneshot", (256, 1024, 4096)),
    ],
)
def test_spectral_windows_are_as_long_at_any_rate(rate_hz, architecture, windows):
    assert loss_for(rate_hz, LossConfig(spectral_weight=1.0), architecture).spectral_windows == windows
    assert loss_for(rate_hz, LossConfig(), architecture) == LossConfig()


def test_studio_compares_spectra_at_the_rate_of_the_sounds():
    windows = loss_for(22050, LossConfig(spectral_weight=1.0), "voice").spectral_windows
    assert preset_config("studio").loss.spectral_windows == windows


@pytest.mark.parametrize(("rate_hz", "windows", "hop"), [(8000, (256,), 64), (22050, (706,), 176)])
def test_the_encoder_of_voices_hears_the_same_at_any_rate(rate_hz, windows, hop):
    audio = AudioConfig(rate_hz=rate_hz, n_samples=640)
    model = model_for(audio, ModelConfig("voice"))
    assert (model.n_samples, model.voice.windows, model.voice.hop_length) == (640, windows, hop)
    assert model.voice.rate_hz == rate_hz
    assert model_for(audio, ModelConfig("cc")) == ModelConfig("cc", n_samples=640)


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


def test_joined_values_are_those_of_each_part_and_the_later_ones_win():
    first = {"model": {"n_classes": 3, "voice": {"n_mels": 4, "filters": (8,)}}, "training": {"seed": 1}}
    second = {"model": {"voice": {"n_mels": 5}}, "loss": {"kl_weight": 2.0}}
    assert joined(first, second) == {
        "model": {"n_classes": 3, "voice": {"n_mels": 5, "filters": (8,)}},
        "training": {"seed": 1},
        "loss": {"kl_weight": 2.0},
    }
    assert first["model"]["voice"]["n_mels"] == 4
    assert joined() == {}


def leaves(values):
    for name, value in values.items():
        yield from leaves(value) if isinstance(value, dict) else [name]


@pytest.mark.parametrize("preset", ["dc-code", "cc-code"])
def test_each_value_of_the_papers_code_is_a_point_of_its_page(preset):
    page = (Path(__file__).resolve().parents[1] / "docs" / "paper.md").read_text(encoding="utf-8")
    shared = {"architecture", "onset_db", "likelihood_weight", "kl_weight"}
    names = set(leaves(PRESETS[preset])) - shared
    assert len(names) > 15
    assert [name for name in sorted(names) if name not in page] == []
    # And what the page names exists.
    config = preset_config(preset).to_dict()
    for part, name in re.findall(r"`(audio|model|loss|training)\.([a-z_]+)", page):
        assert name in config[part], (part, name)


def test_the_code_presets_are_the_papers_with_other_values():
    code, table = preset_config("cc-code"), preset_config("cc")
    assert (code.audio.trims_long, code.audio.removes_mean, code.audio.onset_db) == (True, True, None)
    assert (code.loss.prior_std, code.loss.first_pass) == (4.0, "classifier")
    # Weights relative to one another are the paper's.
    assert code.loss.kl_weight / code.loss.likelihood_weight == pytest.approx(1e-4)
    assert (table.audio.onset_db, table.loss.prior_std, table.model.dense_output) == (40.0, 1.0, False)
