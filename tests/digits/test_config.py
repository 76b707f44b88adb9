"""The digits' configs."""

import pytest

from audio_vae.config import Config, TrainingConfig
from audio_vae.digits import config as digits
from audio_vae.presets import PRESETS
from audio_vae.utils.errors import UserError


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_the_papers_sounds_and_sizes(preset):
    made = digits.make(preset)
    assert (made.dataset, made.preset) == ("digits", preset)
    assert (made.audio.rate_hz, made.audio.n_samples, made.audio.onset_db) == (8000, 4096, None)
    assert (made.model.n_samples, made.model.latent_dim) == (4096, 32 if preset == "studio" else 20)
    assert made.model.n_classes == (0 if preset == "dc-nonclass" else 10)
    assert made.model.classifier_units == (10, 10)
    assert Config.from_dict(made.to_dict()) == made


@pytest.mark.parametrize("preset", ["dc", "cc", "dc-nonclass"])
def test_the_papers_presets_train_as_long_as_the_paper(preset):
    made = digits.make(preset)
    assert (made.training.epochs, made.training.batch_size) == (117, 8)


def test_studio_takes_larger_steps_than_elsewhere_and_clips_them():
    training = digits.make("studio").training
    assert (training.vae_learning_rate, training.classifier_learning_rate, training.clip_norm) == (1e-3, 1e-3, 1.0)
    assert (training.epochs, training.batch_size, training.decay) == (40, 16, "cosine")


def test_speakers_are_sorted_and_named_once():
    assert digits.make(speakers=("theo", "jackson", "theo")).data == {"speakers": ["jackson", "theo"]}
    assert digits.make().data == {"speakers": ["jackson"]}


def test_training_is_taken():
    assert digits.make("dc", TrainingConfig(epochs=3, seed=7)).training == TrainingConfig(epochs=3, seed=7)


def test_unknown_preset():
    with pytest.raises(UserError, match="unknown preset 'vq': choose one of cc, cc-code, dc, dc-code"):
        digits.make("vq")


def test_no_speaker():
    with pytest.raises(UserError, match=r"no speaker is given.*--speaker"):
        digits.make(speakers=())
