"""The drums' configs."""

import pytest

from audio_vae.config import Config, TrainingConfig
from audio_vae.drums import config as drums
from audio_vae.presets import PRESETS
from audio_vae.utils.errors import UserError


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"studio"}))
def test_the_papers_presets_have_its_numbers(preset):
    made = drums.make(preset)
    assert (made.dataset, made.preset) == ("drums", preset)
    # The code has a rule of its own for where a sound starts.
    onset_db = None if preset.endswith("-code") else 40.0
    assert (made.audio.rate_hz, made.audio.n_samples, made.audio.onset_db) == (22050, 16384, onset_db)
    assert (made.model.n_samples, made.model.latent_dim) == (16384, 30)
    assert made.model.n_classes == (0 if preset == "dc-nonclass" else 5)
    assert made.model.classifier_units == (5,)
    assert Config.from_dict(made.to_dict()) == made


def test_studio_is_for_one_shots_at_44100_hz():
    made = drums.make("studio")
    assert (made.audio.rate_hz, made.audio.n_samples, made.audio.onset_db) == (44100, 66560, 40.0)
    assert (made.model.architecture, made.model.oneshot.rate_hz, made.model.n_samples) == ("oneshot", 44100, 66560)
    assert (made.model.latent_dim, made.model.n_classes) == (128, 5)
    assert (made.training.batch_size, made.training.decay) == (8, "cosine")
    assert not made.loss.classifier_moves_encoder
    assert Config.from_dict(made.to_dict()) == made


@pytest.mark.parametrize(("preset", "batch_size"), [("cc", 8), ("dc", 4), ("dc-nonclass", 4)])
def test_batch_size_fits_the_memory(preset, batch_size):
    assert drums.make(preset).training.batch_size == batch_size
    assert drums.make(preset, TrainingConfig(batch_size=3)).training.batch_size == 3


def test_clusters_are_the_classes():
    made = drums.make(n_clusters=7)
    assert made.data == {"labels": "kmeans", "n_clusters": 7}
    assert (made.model.n_classes, made.model.classifier_units) == (7, (7,))


def test_folder_labels():
    assert drums.make(labels="folder").model.n_classes == 4
    made = drums.make(labels="folder", n_classes=6)
    assert made.data == {"labels": "folder"}
    assert (made.model.n_classes, made.model.classifier_units) == (6, (6,))
    with pytest.raises(UserError, match="--clusters is for k-means: leave it out with --labels folder"):
        drums.make(labels="folder", n_clusters=6)


def test_unknown_preset():
    with pytest.raises(UserError, match="unknown preset 'vq': choose one of cc, cc-code, dc, dc-code"):
        drums.make("vq")


def test_unknown_labels():
    with pytest.raises(UserError, match="unknown labels 'ears': choose one of kmeans, folder with --labels"):
        drums.make(labels="ears")


def test_a_single_cluster():
    with pytest.raises(UserError, match=r"1 is too few classes.*--clusters 2"):
        drums.make(n_clusters=1)
