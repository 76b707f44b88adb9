"""The evaluation of a run: what the report folder holds, and what is refused."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_report import CLASSES, DEVIATIONS, RECONSTRUCTION, make_sounds

from audio_vae.evaluation import metrics, reconstruction
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.mfcc import mfcc
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_report_holds_what_the_contract_names(evaluated):
    run, result = evaluated
    stored = json.loads((run.path / "report" / "report.json").read_text(encoding="utf-8"))
    assert stored == result
    expected = {"dataset": "digits", "preset": "cc", "speakers": ["jackson"], "epochs": 2, "seed": 0}
    assert {key: stored[key] for key in expected} == expected
    assert (stored["n_train"], stored["n_test"]) == (12, 9)
    assert 0 <= stored["one_nn_accuracy"] <= 1
    for key in DEVIATIONS:
        assert tuple(stored[key]["classes"]) == CLASSES
        for value in (*stored[key]["classes"].values(), stored[key]["average"]):
            assert set(value) == {"mean", "std"}
            assert np.isfinite(value["mean"])
            assert value["std"] >= 0
    for key in RECONSTRUCTION:
        assert set(stored[key]) == {"train", "test"}
    assert tuple(stored["decoded_centre_peaks"]) == CLASSES
    assert stored["warnings"] == []
    assert stored["made_with"]["packages"]["numpy"] == np.__version__


def test_figures_are_those_of_the_pure_functions(evaluated):
    """Every figure again, step by step, from the model alone."""
    run, result = evaluated
    sounds = run.sounds
    means, _ = run.encode(sounds.audio)
    test, train = sounds.is_test, ~sounds.is_test
    accuracy = metrics.one_nn_accuracy(means[train], sounds.labels[train], means[test], sounds.labels[test])
    assert result["one_nn_accuracy"] == accuracy
    measured = reconstruction.score(sounds.audio, run.decode(means), 8000)
    for name, which in (("train", train), ("test", test)):
        expected = reconstruction.summarise({key: values[which] for key, values in measured.items()})
        for key in RECONSTRUCTION:
            assert result[key][name] == pytest.approx(expected[key], rel=1e-3)
    levels = {
        "": lambda each: mfcc(each, 8000),
        "_peak_normalised": lambda each: mfcc(each / np.abs(each).max(), 8000),
        "_without_c0": lambda each: mfcc(each / np.abs(each).max(), 8000)[:, 1:],
    }
    for which, key in ((test, "mfcc_dtw_deviation"), (train, "mfcc_dtw_deviation_train_centres")):
        for label, name in enumerate(CLASSES):
            centre = run.decode(means[which & (sounds.labels == label)].mean(axis=0, keepdims=True))[0]
            for level, features_of in levels.items():
                of_test = [features_of(each) for each in sounds.audio[test & (sounds.labels == label)]]
                deviation = metrics.mfcc_dtw_deviation(features_of(centre), of_test)
                value = result[key + level]["classes"][name]
                assert value["mean"] == pytest.approx(deviation.mean(), rel=1e-3)
                assert value["std"] == pytest.approx(deviation.std(), rel=1e-3)
            if which is test:
                assert result["decoded_centre_peaks"][name] == pytest.approx(np.abs(centre).max(), rel=1e-4)


def test_figures_and_sounds_are_there(evaluated):
    folder = evaluated[0].path / "report"
    figures = sorted(path.name for path in (folder / "figures").iterdir())
    assert figures == ["centres.png", "latents.png", "reconstructions.png", "training.png"]
    for name in figures:
        content = (folder / "figures" / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5000
    files = sorted((folder / "sounds").iterdir())
    assert len(files) == 9
    for path in files:
        samples, rate_hz = soundfile.read(path)
        assert (rate_hz, samples.shape) == (8000, (512,))
        if path.name.endswith(("-centre.wav", "-original.wav")):
            assert np.abs(samples).max() == pytest.approx(1, abs=1e-3)


def test_other_sounds_and_another_folder(run, rng, tmp_path):
    result = evaluate(run, make_sounds(rng, n_train=2, n_test=4), tmp_path / "elsewhere")
    assert (result["n_train"], result["n_test"]) == (6, 12)
    assert (tmp_path / "elsewhere" / "report.json").is_file()
    assert not (run.path / "report").exists()


def test_the_same_model_gives_the_same_report(evaluated, tmp_path):
    run, result = evaluated
    assert evaluate(run, out=tmp_path / "again") == result
    for name in ("latents.png", "centres.png"):
        first, second = (folder / "figures" / name for folder in (run.path / "report", tmp_path / "again"))
        assert first.read_bytes() == second.read_bytes()


def test_run_without_history_has_no_curves(run):
    run.history_path.unlink()
    result = evaluate(run)
    assert result["epochs"] == 0
    assert not (run.path / "report" / "figures" / "training.png").exists()
    assert "the run has no training history, so there are no training curves" in result["warnings"]


@pytest.mark.parametrize(("is_test", "missing"), [(True, "training"), (False, "test")])
def test_both_sets_are_needed(run, is_test, missing):
    sounds = dataclasses.replace(run.sounds, is_test=np.full(len(run.sounds), is_test))
    with pytest.raises(UserError, match=f"there are no {missing} sounds to evaluate"):
        evaluate(run, sounds)
    assert not (run.path / "report").exists()


def test_sounds_of_another_length_are_refused(run, rng):
    with pytest.raises(UserError, match=r"the sounds have 256 samples at 8000 Hz, the model in .* takes 512 at 8000"):
        evaluate(run, make_sounds(rng, n_samples=256))


def test_model_that_gives_nan_is_refused(run):
    layer = run.model.encoder.layers[2]
    layer.set_weights([np.nan * weights for weights in layer.get_weights()])
    with pytest.raises(UserError, match=r"model.keras gives NaN or infinite values: copy an earlier file of"):
        evaluate(run)
    assert not (run.path / "report").exists()
    assert leftovers(run.path) == []


def test_run_without_model_leaves_nothing(run):
    run.model_path.unlink()
    with pytest.raises(UserError, match="has no trained model"):
        evaluate(Run(run.path, run.config))
    assert not (run.path / "report").exists()
    assert leftovers(run.path) == []


def test_folder_of_other_things_is_refused_and_kept(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(UserError, match=r"holds other files \(no report.json\)"):
        evaluate(run, out=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_current_folder(evaluated, run, tmp_path, monkeypatch):
    monkeypatch.chdir(shutil.copytree(evaluated[0].path / "report", tmp_path / "here"))
    Path("figures", "old.png").touch()
    evaluate(run, out=Path("."))
    assert not Path("figures", "old.png").exists()
    assert json.loads(Path("report.json").read_text())["n_test"]
    assert not any(each.name.startswith(".") for folder in (tmp_path, tmp_path / "here") for each in folder.iterdir())


@pytest.mark.parametrize("failing", ["waveforms.save_centres", "write_page", "write_json"])
def test_failure_midway_leaves_the_older_report(evaluated, run, monkeypatch, failing):
    shutil.copytree(evaluated[0].path / "report", run.path / "report")
    before = {path: path.read_bytes() for path in (run.path / "report").rglob("*") if path.is_file()}

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(f"audio_vae.evaluation.evaluate.{failing}", fail)
    with pytest.raises(UserError, match=r"report cannot be written \(no space left on device\): choose another folder"):
        evaluate(run)
    assert {path: path.read_bytes() for path in (run.path / "report").rglob("*") if path.is_file()} == before
    assert leftovers(run.path) == []
