import base64
import dataclasses
import functools
import json
import re
import shutil
import threading

import numpy as np
import pytest
import soundfile

from audio_vae.audio import features, waveform
from audio_vae.config import AudioConfig, Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import evaluate as report
from audio_vae.evaluation import metrics, paper, reconstruction
from audio_vae.model_config import ModelConfig, PlainConfig
from audio_vae.models.vae import build_vae
from audio_vae.plots import latent_map
from audio_vae.plots import waveforms as plots
from audio_vae.runs.create import create_run
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

RECONSTRUCTION = (
    "signal_to_noise_db",
    "log_spectral_distance_db",
    "attack_time_error_ms",
    "attack_time_error_relative",
    "strongest_frequency_error_octaves",
    "peak_level_error_db",
)
CLASSES = ("0", "1", "Hi/Hat $x^$ <b>")
DEVIATIONS = [
    f"mfcc_dtw_deviation{centres}{level}"
    for centres in ("", "_train_centres")
    for level in ("", "_peak_normalised", "_without_c0")
]


def make_sounds(rng, n_samples=512, n_train=4, n_test=3):
    """Noisy tones, a pitch a class."""
    labels = np.repeat(np.arange(3), n_train + n_test)
    tones = np.sin(np.arange(n_samples) * (0.2 + 0.3 * labels[:, None])) + rng.normal(0, 0.2, (len(labels), n_samples))
    return SoundSet(
        names=tuple(f"{number}.wav" for number in range(len(labels))),
        audio=(tones / np.abs(tones).max(axis=1, keepdims=True)).astype(np.float32),
        labels=labels.astype(np.int32),
        is_test=np.tile(np.arange(n_train + n_test) < n_test, 3),
        class_names=CLASSES,
        peaks=np.ones(len(labels), np.float32),
        lengths=np.full(len(labels), n_samples, np.int32),
        rate_hz=8000,
    )


def build_run(folder, sounds, preset="cc", n_classes=3):
    model = ModelConfig("cc", sounds.audio.shape[1], 3, n_classes, (4,), cc=PlainConfig(filters=(4, 4, 6, 6, 8)))
    config = Config(
        "digits", preset, audio=AudioConfig(n_samples=model.n_samples), model=model, data={"speakers": ["jackson"]}
    )
    run = create_run(folder, config)
    sounds.save(run.sounds_path)
    vae = build_vae(config.model, config.loss, config.training)
    # An untrained decoder is all but silent.
    last = vae.decoder.layers[-2]
    last.set_weights([3e3 * weights for weights in last.get_weights()])
    vae.save(run.model_path)
    run.history_path.parent.mkdir()
    run.history_path.write_text("epoch,likelihood,kl,cross_entropy\n1,40,2,1.1\n2,30,3,0.9\n", encoding="utf-8")
    return run


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """Build a run whose report has a plain map: t-SNE takes half of a tiny report's time."""
    monkeypatch.setattr(latent_map, "project", lambda latents, seed: (latents[:, :2], "not t-SNE"))
    return functools.partial(build_run, tmp_path / "run")


@pytest.fixture
def run(make_run, rng):
    return make_run(make_sounds(rng))


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A run with its report, and what `evaluate` returned; tests only read it."""
    run = build_run(tmp_path_factory.mktemp("judged") / "run", make_sounds(np.random.default_rng(0)))
    return run, report.evaluate(run)


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_report_holds_what_the_contract_names(judged):
    run, result = judged
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


def test_figures_are_those_of_the_pure_functions(judged):
    """Every figure again, step by step, from the model alone."""
    run, result = judged
    sounds = run.sounds
    means, _ = run.encode(sounds.audio)
    test, train = sounds.is_test, ~sounds.is_test
    accuracy = metrics.one_nn_accuracy(means[train], sounds.labels[train], means[test], sounds.labels[test])
    assert result["one_nn_accuracy"] == accuracy
    measured = reconstruction.measure(sounds.audio, run.decode(means), 8000)
    for name, which in (("train", train), ("test", test)):
        expected = reconstruction.summary({key: values[which] for key, values in measured.items()})
        for key in RECONSTRUCTION:
            assert result[key][name] == pytest.approx(expected[key], rel=1e-3)
    levels = {
        "": lambda each: features.mfcc(each, 8000),
        "_peak_normalised": lambda each: features.mfcc(each / np.abs(each).max(), 8000),
        "_without_c0": lambda each: features.mfcc(each / np.abs(each).max(), 8000)[:, 1:],
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


@pytest.mark.parametrize("key", DEVIATIONS)
def test_average_is_the_mean_over_classes_of_both_figures(judged, key):
    table = judged[1][key]
    for figure in ("mean", "std"):
        expected = np.mean([value[figure] for value in table["classes"].values()])
        assert table["average"][figure] == pytest.approx(expected)


@pytest.mark.parametrize("preset", sorted(paper.PAPER_TABLE_3))
def test_the_papers_averages_are_the_means_of_its_columns(preset):
    """The reading of Table 3's last row that `average` follows."""
    *classes, average = paper.PAPER_TABLE_3[preset]
    np.testing.assert_allclose(np.mean(classes, axis=0), average, atol=0.0101)


def test_figures_and_sounds_are_there(judged):
    folder = judged[0].path / "report"
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


def test_page_needs_nothing_else(judged):
    page = (judged[0].path / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|url\(|<link|<script|@import", re.sub(r"base64,[^\"]+", "", page))
    sources = re.findall(r'src="([^"]+)"', page)
    assert len(sources) == 4 + 9
    for source in sources:
        kind, content = re.fullmatch(r"data:(image/png|audio/wav);base64,(.+)", source).groups()
        assert base64.b64decode(content).startswith(b"\x89PNG" if kind == "image/png" else b"RIFF")
    assert "Hi/Hat $x^$ &lt;b&gt;" in page
    assert "0.79 ± 1.65" in page
    assert "<tr><td>Reconstruction, log-spectral distance</td><td>" in page


def test_summary_is_the_table_as_text(judged):
    result = judged[1]
    lines = report.summary_lines(result)
    text = "\n".join(lines)
    assert f"1-NN accuracy in the latent space: {100 * result['one_nn_accuracy']:.1f} % (paper: 94 %)" in lines
    ratio_db, distance_db = result["signal_to_noise_db"], result["log_spectral_distance_db"]
    error_ms, share = result["attack_time_error_ms"], result["attack_time_error_relative"]
    level_db, pitch = result["peak_level_error_db"], result["strongest_frequency_error_octaves"]
    for figure, text_of in {
        "signal to noise": lambda key: f"{ratio_db[key]:.1f} dB",
        "log-spectral distance": lambda key: "{mean:.2f} ± {std:.2f} dB".format(**distance_db[key]),
        "mean error of the attack time": lambda key: f"{error_ms[key]:.1f} ms ({100 * share[key]:.0f} %)",
        "median error of the peak level": lambda key: f"{level_db[key]['median']:+.1f} dB",
        "median error of the strongest frequency": lambda key: f"{pitch[key]:.2f} octaves",
    }.items():
        assert f"Reconstruction, {figure}: {text_of('train')} training, {text_of('test')} test" in lines
    value = result["mfcc_dtw_deviation"]["classes"]["1"]
    cell = re.escape("{mean:.2f} ± {std:.2f}".format(**value))
    assert re.search(rf"^  1 +{cell} .* 0\.79 ± 1\.72$", text, re.M)
    assert re.search(r"^  average .* 0\.20 ± 1\.26$", text, re.M)


def test_other_data_sets_have_no_paper_column(judged):
    result = judged[1] | {"dataset": "drums"}
    assert "paper" not in "\n".join(report.summary_lines(result))


def test_model_without_classifier(make_run, rng):
    result = report.evaluate(make_run(make_sounds(rng), "dc-nonclass", 0))
    assert "3.39 ± 2.23" in "\n".join(report.summary_lines(result))


def test_other_sounds_and_another_folder(run, rng, tmp_path):
    result = report.evaluate(run, make_sounds(rng, n_train=2, n_test=4), tmp_path / "elsewhere")
    assert (result["n_train"], result["n_test"]) == (6, 12)
    assert (tmp_path / "elsewhere" / "report.json").is_file()
    assert not (run.path / "report").exists()


def test_the_same_model_gives_the_same_report(judged, tmp_path):
    run, result = judged
    assert report.evaluate(run, out=tmp_path / "again") == result
    for name in ("latents.png", "centres.png"):
        first, second = (folder / "figures" / name for folder in (run.path / "report", tmp_path / "again"))
        assert first.read_bytes() == second.read_bytes()


def test_classes_with_few_test_sounds_are_left_out_and_said(make_run, rng):
    sounds = make_sounds(rng)
    # One test sound is left of class 0, none of class 1; class 2 has no training sounds.
    keep = np.ones(len(sounds), bool)
    keep[np.flatnonzero(sounds.is_test & (sounds.labels == 0))[1:]] = False
    keep[sounds.is_test & (sounds.labels == 1)] = False
    keep[~sounds.is_test & (sounds.labels == 2)] = False
    result = report.evaluate(make_run(sounds.take(np.flatnonzero(keep))))
    assert result["warnings"] == [
        "class 0 has 1 test sounds: left out of the deviation, which takes 3",
        "class 1 has 0 test sounds: left out of the deviation, which takes 3",
        f"class {CLASSES[2]} has no training sounds: no deviation from their centre",
    ]
    assert list(result["mfcc_dtw_deviation"]["classes"]) == [CLASSES[2]]
    assert result["mfcc_dtw_deviation_train_centres"] == {"classes": {}, "average": {"mean": None, "std": None}}
    assert list(result["decoded_centre_peaks"]) == ["0", CLASSES[2]]
    assert report.summary_lines(result)[-1].startswith("Warning: class ")


def test_silent_centres_are_said_and_not_blown_up(run):
    model = run.model
    model.decoder.layers[-2].set_weights([0 * weights for weights in model.decoder.layers[-2].get_weights()])
    assert waveform.peak(run.decode(np.ones((1, 3)))) == 0
    result = report.evaluate(run)
    assert f"class {CLASSES[2]}: the decoded centre of its test sounds is silent" in result["warnings"]
    assert "class 0: the decoded centre of its training sounds is silent" in result["warnings"]
    assert result["mfcc_dtw_deviation_peak_normalised"] == result["mfcc_dtw_deviation"]
    assert set(result["decoded_centre_peaks"].values()) == {0.0}
    for number, called in ((12, "training"), (9, "test")):
        said = f"{number} {called} sounds are silent or decoded as silence: left out of the attack time"
        assert said in result["warnings"]
    assert result["attack_time_error_ms"] == result["attack_time_error_relative"] == {"train": None, "test": None}
    lines = report.summary_lines(result)
    assert "Reconstruction, mean error of the attack time: – training, – test" in lines
    assert json.loads((run.path / "report" / "report.json").read_text(encoding="utf-8")) == result


def test_alike_test_sounds_have_no_deviation(make_run, rng):
    sounds = make_sounds(rng)
    alike = sounds.is_test & (sounds.labels == 1)
    sounds.audio[alike] = sounds.audio[alike][0]
    result = report.evaluate(make_run(sounds))
    assert "1" not in result["mfcc_dtw_deviation"]["classes"]
    assert any("class 1: 3 test sounds are equally far from all others" in each for each in result["warnings"])


def test_run_without_history_has_no_curves(run):
    run.history_path.unlink()
    result = report.evaluate(run)
    assert result["epochs"] == 0
    assert not (run.path / "report" / "figures" / "training.png").exists()
    assert "the run has no training history, so there are no training curves" in result["warnings"]


@pytest.mark.parametrize(("is_test", "missing"), [(True, "training"), (False, "test")])
def test_both_sets_are_needed(run, is_test, missing):
    sounds = dataclasses.replace(run.sounds, is_test=np.full(len(run.sounds), is_test))
    with pytest.raises(UserError, match=f"there are no {missing} sounds to judge"):
        report.evaluate(run, sounds)
    assert not (run.path / "report").exists()


def test_sounds_of_another_length_are_refused(run, rng):
    with pytest.raises(UserError, match=r"the sounds have 256 samples at 8000 Hz, the model in .* takes 512 at 8000"):
        report.evaluate(run, make_sounds(rng, n_samples=256))


def test_model_that_gives_nan_is_refused(run):
    layer = run.model.encoder.layers[2]
    layer.set_weights([np.nan * weights for weights in layer.get_weights()])
    with pytest.raises(UserError, match=r"model.keras gives NaN or infinite values: copy an earlier file of"):
        report.evaluate(run)
    assert not (run.path / "report").exists()
    assert leftovers(run.path) == []


def test_run_without_model_leaves_nothing(run):
    run.model_path.unlink()
    with pytest.raises(UserError, match="has no trained model"):
        report.evaluate(Run(run.path, run.config))
    assert not (run.path / "report").exists()
    assert leftovers(run.path) == []


def test_folder_of_other_things_is_refused_and_kept(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(UserError, match=r"holds other files \(no report.json\)"):
        report.evaluate(run, out=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("failing", ["plots.save_centres", "write_page", "write_json"])
def test_failure_midway_leaves_the_older_report(judged, run, monkeypatch, failing):
    shutil.copytree(judged[0].path / "report", run.path / "report")
    before = {path: path.read_bytes() for path in (run.path / "report").rglob("*") if path.is_file()}

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(f"audio_vae.evaluation.evaluate.{failing}", fail)
    with pytest.raises(OSError, match="no space left"):
        report.evaluate(run)
    assert {path: path.read_bytes() for path in (run.path / "report").rglob("*") if path.is_file()} == before
    assert leftovers(run.path) == []


def test_progress_is_shown_on_request_alone(run, capsys):
    report.evaluate(run, show_progress=False)
    assert capsys.readouterr().err == ""
    report.evaluate(run, show_progress=True)
    assert "evaluating: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(("n_sounds", "n_dimensions"), [(1, 3), (3, 1), (4, 1), (5, 3), (40, 20)])
def test_projection_of_few_sounds(rng, n_sounds, n_dimensions):
    points, _ = latent_map.project(rng.normal(size=(n_sounds, n_dimensions)), seed=0)
    assert points.shape == (n_sounds, 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("direction", [0.0, 1.0], ids=["one point", "one line"])
def test_projection_of_collapsed_latents(direction):
    latents = direction * np.arange(8.0)[:, None] * np.ones(4)
    assert np.isfinite(latent_map.project(latents, seed=0)[0]).all()


def test_projection_keeps_classes_apart(rng):
    latents = np.concatenate([rng.normal(centre, 0.1, (20, 5)) for centre in (0, 10)])
    points, method = latent_map.project(latents, seed=0)
    assert method == "t-SNE, perplexity 13"
    labels = np.repeat([0, 1], 20)
    assert metrics.one_nn_accuracy(points[::2], labels[::2], points[1::2], labels[1::2]) == 1


def test_figures_need_no_main_thread(tmp_path, rng):
    """No pyplot, whose state and windows belong to one thread."""
    path = tmp_path / "map.png"
    task = threading.Thread(
        target=latent_map.save_latent_map,
        args=(path, rng.normal(size=(3, 2)), np.arange(3), CLASSES),
        kwargs={"seed": 0},
    )
    task.start()
    task.join()
    assert path.stat().st_size > 0


def test_many_classes_are_drawn_up_to_a_limit(tmp_path, rng):
    sounds = {f"class_{number}": rng.normal(size=64) for number in range(plots.MOST_PANELS + 5)}
    plots.save_centres(tmp_path / "centres.png", sounds, 8000)
    labels = np.arange(len(sounds))
    latent_map.save_latent_map(tmp_path / "map.png", rng.normal(size=(len(sounds), 3)), labels, list(sounds), seed=0)
    assert (tmp_path / "centres.png").stat().st_size > 0
    assert (tmp_path / "map.png").stat().st_size > 0
