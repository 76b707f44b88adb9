import numpy as np
import pytest

from audio_vae.runs.latents import (
    centre_name,
    class_centre,
    encode_sounds,
    has_latents,
    save_latents,
    training_means,
)
from audio_vae.runs.run import Run


def test_latents_are_written_by_the_contract(small_run):
    latents = save_latents(small_run)
    with np.load(small_run.path / "latents.npz") as stored:
        assert stored["names"].tolist() == list("abcd")
        assert stored["labels"].tolist() == [0, 1, 2, 0]
        assert stored["split"].tolist() == ["train", "train", "test", "test"]
        np.testing.assert_array_equal(stored["means"], latents.means)
        np.testing.assert_array_equal(stored["log_variances"], latents.log_variances)


def test_training_means_are_those_stored_of_the_newest_epoch_or_else_computed(small_run, monkeypatch):
    expected, _ = small_run.encode(small_run.sounds.train.audio)
    np.testing.assert_allclose(training_means(small_run), expected, rtol=1e-5, atol=1e-6)
    save_latents(small_run)
    monkeypatch.setattr(Run, "encode", None)
    np.testing.assert_allclose(training_means(small_run), expected, rtol=1e-5, atol=1e-6)


def test_latents_of_another_epoch_or_a_damaged_file_are_not_the_runs(small_run):
    assert not has_latents(small_run)
    save_latents(small_run)
    assert has_latents(small_run)
    small_run.history_path.parent.mkdir()
    small_run.history_path.write_text("epoch,kl\n1,2.5\n")
    assert not has_latents(small_run)
    small_run.latents_path.write_bytes(b"PK")
    assert not has_latents(small_run)


def test_encoded_sounds_keep_their_names_labels_and_split(small_run):
    sounds = small_run.sounds.test
    latents = encode_sounds(small_run, sounds)
    assert latents.names == ("c", "d")
    assert latents.labels.tolist() == [2, 0]
    assert latents.is_test.all()
    np.testing.assert_array_equal(latents.means, small_run.encode(sounds.audio)[0])


@pytest.mark.parametrize(
    ("class_name", "group", "members"),
    [("low", None, [0, 1, 2]), ("low", "ann", [0, 2]), ("it's high", "bob", [5]), ("it's high", "ann", [4, 6])],
)
def test_centre_is_the_mean_of_the_training_sounds_posterior_means(tone_run, class_name, group, members):
    sounds = tone_run.sounds
    means, _ = tone_run.encode(sounds.audio[members])
    centre = class_centre(tone_run, sounds, class_name, group)
    np.testing.assert_array_equal(centre.latent, means.mean(axis=0))
    assert centre.peak == pytest.approx(np.median(sounds.peaks[members]))
    assert centre.length_samples == round(float(np.median(sounds.lengths[members])))
    distances = [np.linalg.norm(mean - centre.latent) for mean in means]
    assert centre.nearest == sounds.names[members[int(np.argmin(distances))]]


def test_centre_of_test_sounds_where_there_are_no_others(tone_run):
    sounds = tone_run.sounds.take(np.array([3]))
    np.testing.assert_array_equal(
        class_centre(tone_run, sounds, "low").latent, tone_run.encode(sounds.audio)[0].mean(axis=0)
    )


@pytest.mark.parametrize(("class_name", "group"), [("empty", None), ("low", "cid")])
def test_class_without_sounds_has_no_centre(tone_run, class_name, group):
    assert class_centre(tone_run, tone_run.sounds, class_name, group) is None


def test_centre_names():
    assert (centre_name("low"), centre_name("low", "ann")) == ("low", "ann/low")
