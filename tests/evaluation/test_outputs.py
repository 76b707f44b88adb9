"""What a model makes of the sounds that it is evaluated on."""

import os

import numpy as np
import pytest
from stored_sounds import stored
from tiny_report import CLASSES

from audio_vae.evaluation import outputs
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.metrics import one_nn_accuracy
from audio_vae.evaluation.outputs import run_model
from audio_vae.runs.latents import save_latents
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError


def test_outputs_are_those_of_the_model(run):
    sounds = run.sounds
    found = run_model(run, sounds)
    means, _ = run.encode(sounds.audio)
    np.testing.assert_allclose(found.means, means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.reconstructions, run.decode(means), rtol=1e-4, atol=1e-5)
    for centres, of_set in ((found.centres, sounds.is_test), (found.train_centres, ~sounds.is_test)):
        for label, centre in enumerate(centres):
            mean = means[of_set & (sounds.labels == label)].mean(axis=0, keepdims=True)
            np.testing.assert_allclose(centre, run.decode(mean)[0], rtol=1e-4, atol=1e-5)


def test_a_class_without_test_sounds_has_no_centre(run):
    sounds = run.sounds
    keep = np.flatnonzero(~(sounds.is_test & (sounds.labels == 1)))
    found = run_model(run, sounds.take(keep))
    assert np.isnan(found.centres[1]).all()
    assert np.isfinite(found.train_centres).all()
    assert list(found.centres_by_name(CLASSES)) == [CLASSES[0], CLASSES[2]]


def test_a_decoder_that_gives_nan_is_refused(run):
    layer = run.model.decoder.layers[-2]
    layer.set_weights([np.nan * weights for weights in layer.get_weights()])
    with pytest.raises(UserError, match=r"model.keras gives NaN or infinite values: copy an earlier file of"):
        run_model(run, run.sounds)


def test_progress_is_shown_on_request_alone(run, capsys):
    evaluate(run, show_progress=False)
    assert capsys.readouterr().err == ""
    evaluate(run, show_progress=True)
    assert "evaluating: 100%" in capsys.readouterr().err


@pytest.fixture
def on_disk(run):
    """The same run with its sounds in shards."""
    stored(run.sounds, run.path / "sounds").save(run.sounds_path)
    return Run(run.path, run.config)


def test_the_report_of_stored_sounds_is_that_of_sounds_in_memory(run, on_disk, tmp_path):
    on_disk.cache_model(run.model)
    assert on_disk.sounds.is_stored
    expected = evaluate(run, out=tmp_path / "memory")
    assert expected["evaluated"] == {"train": 12, "test": 9}
    assert evaluate(on_disk, out=tmp_path / "disk") == expected


def test_of_many_stored_sounds_a_sample_is_decoded(on_disk, monkeypatch):
    monkeypatch.setattr(outputs, "MOST_OF_SET", 3)
    sounds = on_disk.sounds
    # Four training and three test sounds a class: the first, the middle and the last of each set.
    positions = outputs.sample_of(sounds)
    assert positions.tolist() == [0, 3, 8, 12, 16, 20]
    assert outputs.sample_of(sounds.in_memory()).tolist() == list(range(21))
    found = run_model(on_disk, sounds)
    means, _ = on_disk.encode(sounds.audio[:])
    np.testing.assert_allclose(found.means, means, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.sample_means, found.means[positions])
    np.testing.assert_array_equal(found.sample.audio, sounds.audio[positions])
    np.testing.assert_allclose(found.reconstructions, on_disk.decode(means[positions]), rtol=1e-4, atol=1e-5)
    report = evaluate(on_disk)
    assert (report["n_train"], report["n_test"], report["evaluated"]) == (12, 9, {"train": 3, "test": 3})
    assert report["protocols"]["held_out"]["n_evaluated"] == 3
    assert "deviations, reconstructions and the map are of 3 training and 3 test sounds" in report["warnings"][0]
    test, labels = sounds.is_test, sounds.labels
    accuracy = one_nn_accuracy(means[~test], labels[~test], means[test], labels[test])
    assert report["one_nn_accuracy"] == accuracy


def test_a_class_that_the_sample_misses_has_a_centre_alone(on_disk, monkeypatch):
    monkeypatch.setattr(outputs, "MOST_OF_SET", 2)
    evaluate(on_disk)
    page = (on_disk.path / "report" / "report.html").read_text(encoding="utf-8")
    row = page[page.index("<tr><td>1</td><td><audio") :].partition("</tr>")[0]
    assert (row.count("<audio"), row.count("<td></td>")) == (1, 2)


def test_stored_sounds_are_not_encoded_again(on_disk, monkeypatch):
    expected = run_model(on_disk, on_disk.sounds)
    save_latents(on_disk)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "encode", lambda self, audio: pytest.fail("sounds were encoded"))
        np.testing.assert_allclose(run_model(on_disk, on_disk.sounds).means, expected.means, rtol=1e-5, atol=1e-6)
    # Another model came after them.
    later_ns = on_disk.latents_path.stat().st_mtime_ns + 1
    os.utime(on_disk.model_path, ns=(later_ns, later_ns))
    np.testing.assert_array_equal(run_model(on_disk, on_disk.sounds).means, expected.means)
