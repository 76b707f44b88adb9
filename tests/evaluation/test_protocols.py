"""The paper's figures under both protocols: which sounds they are of, and what is computed of them."""

import dataclasses

import numpy as np
import pytest
from tiny_report import make_sounds

from audio_vae.evaluation import metrics, protocols
from audio_vae.evaluation.deviation import means_and_stds
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.mfcc import LEVELS, PROTOCOL_READINGS
from audio_vae.evaluation.summary import protocols_table, summary_lines
from audio_vae.runs.run import Run


def trained_on_all(run):
    config = run.config
    return Run(run.path, dataclasses.replace(config, training=dataclasses.replace(config.training, sounds="all")))


def test_held_out_has_the_figures_of_the_test_set(evaluated):
    report = evaluated[1]
    held_out = report["protocols"]["held_out"]
    assert report["test_sounds_unseen"] is True
    assert held_out["n_evaluated"] == report["n_test"] == 9
    assert held_out["one_nn_accuracy"] == report["one_nn_accuracy"]
    for reading, key in (("raw", ""), ("peak_1", "_peak_normalised")):
        assert held_out["deviation"][reading] == report[f"mfcc_dtw_deviation{key}"]


def test_as_published_draws_latents_of_sounds_that_were_trained_on(make_run, rng, monkeypatch):
    monkeypatch.setattr(protocols, "N_OF_CLASS", 3)
    sounds = make_sounds(rng)
    run = make_run(sounds)
    figures = evaluate(run)["protocols"]["as_published"]
    trained = sounds.take(np.flatnonzero(~sounds.is_test))
    evaluated = trained.take(np.concatenate([np.flatnonzero(trained.labels == label)[:3] for label in range(3)]))
    means, log_variances = run.encode(evaluated.audio)
    noise = np.random.default_rng(0).standard_normal(means.shape)
    latents = means + np.exp(log_variances / 2) * noise
    distances = np.linalg.norm(latents[:, None] - latents, axis=2) + np.diag(np.full(9, np.inf))
    assert figures["n_evaluated"] == 9
    assert figures["one_nn_accuracy"] == np.mean(evaluated.labels[distances.argmin(axis=1)] == evaluated.labels)
    snr_db = metrics.signal_to_noise_db(evaluated.audio, run.decode(latents))
    expected = {"median": np.median(snr_db), "least": snr_db.min(), "largest": snr_db.max()}
    assert figures["signal_to_noise_db"] == pytest.approx(expected, abs=1e-3)
    by_class = {}
    for label, name in enumerate(sounds.class_names):
        (centre,) = run.decode(latents[evaluated.labels == label].mean(axis=0)[None])
        mfccs = [LEVELS[""](each, 8000) for each in evaluated.audio[evaluated.labels == label]]
        by_class[name] = metrics.mfcc_dtw_deviation(LEVELS[""](centre, 8000), mfccs)
    average = means_and_stds(by_class)["average"]
    assert figures["deviation"]["raw"]["average"] == pytest.approx(average, rel=1e-2)


def test_of_a_model_that_was_trained_on_all_sounds_none_is_held_out(make_run, rng):
    run = trained_on_all(make_run(make_sounds(rng)))
    report = evaluate(run)
    assert report["test_sounds_unseen"] is False
    assert report["protocols"]["held_out"] is None
    assert report["warnings"][0].startswith("the model was trained on its test sounds too")
    # All seven sounds of each class were trained on.
    assert report["protocols"]["as_published"]["n_evaluated"] == 21
    lines = "\n".join(summary_lines(report))
    assert "% (paper: 94 %) (the test sounds were trained on)" in lines
    page = (run.path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Test sounds are trained on." in page


def test_of_other_sounds_it_is_not_known_which_were_trained_on(run):
    sounds = make_sounds(np.random.default_rng(1))
    report = evaluate(run, sounds)
    assert report["protocols"] == {"held_out": None, "as_published": None}
    assert report["test_sounds_unseen"] is None
    assert "which of them the model was trained on is not known" in report["warnings"][0]
    page = (run.path / "report" / "report.html").read_text(encoding="utf-8")
    assert "trained on. The nearest" not in page
    assert "% (paper: 94 %)\n" in "\n".join(summary_lines(report))


def test_a_class_with_few_sounds_has_no_deviation(make_run, rng):
    sounds = make_sounds(rng, n_train=2)
    figures = evaluate(make_run(sounds))["protocols"]["as_published"]
    assert {each["average"]["mean"] for each in figures["deviation"].values()} == {None}
    assert figures["n_evaluated"] == 6


def test_the_first_sounds_of_each_class_are_chosen(rng):
    sounds = make_sounds(rng, n_train=12, n_test=0)
    np.testing.assert_array_equal(protocols.first_of_each_class(sounds), [*range(10), *range(12, 22), *range(24, 34)])


def test_the_table_names_both_protocols(evaluated):
    head, rows = protocols_table(evaluated[1])
    assert head == ["", "held out", "as published"]
    assert len(rows) == 3 + len(PROTOCOL_READINGS)
    assert all(len(row) == 3 and "–" not in row for row in rows)
    head, rows = protocols_table({**evaluated[1], "protocols": None})
    assert {cell for row in rows for cell in row[1:]} == {"–"}
