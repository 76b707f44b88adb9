"""Training, evaluating and collecting an experiment."""

import dataclasses
import signal

import pytest
from tiny_results import DATASET, TINY, rendered, row

from audio_vae.reproduction import bounds, results
from audio_vae.reproduction import reproduce as reproducing
from audio_vae.reproduction.reproduce import Folders, reproduce
from audio_vae.runs.environment import environment
from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Stopped

MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Where `TINY` was reproduced for one epoch; tests go on with it in their order."""
    out = tmp_path_factory.mktemp("reproduced")
    folders = Folders(out, out / "runs")
    lines = []
    reproduce(TINY, DATASET, folders, length="full", say=lines.append)
    assert lines[0].startswith("epoch 1/1")
    return folders


def test_a_result_is_complete_and_small(folders):
    folder = folders.results / "tiny"
    expected = ["config.json", "history.csv", "latents.png", "morph.png", "report.json", "result.json", "training.png"]
    assert sorted(path.name for path in folder.iterdir()) == expected
    assert all(path.stat().st_size < MOST_BYTES for path in folder.iterdir())
    result = results.load_result(folder)
    assert (result.epochs, result.epochs_done, result.config.training.seed) == (1, 1, 3)
    assert [part["epoch"] for part in result.times] == [1]
    assert result.report["morphs"]["n_pairs"] == 1
    assert result.morph["comparison"]
    assert len(result.history) == 1
    page = (folders.out / "RESULTS.md").read_text(encoding="utf-8")
    assert row(page, "`tiny`", "## What was tried")[:3] == ["`cc`", "`seed` 3", "1"]
    assert not list(folders.out.glob("**/.part-*"))


def test_a_second_time_nothing_is_evaluated_again(folders, monkeypatch):
    monkeypatch.setattr(reproducing, "_collect", None)
    # Nor if another command asks for it.
    monkeypatch.setattr(reproducing, "environment", lambda: {**environment(), "command": "audio-vae reproduce"})
    lines = []
    reproduce(TINY, DATASET, folders, length="full", say=lines.append)
    assert lines[-1] == "tiny: its result is there already"


def test_results_that_cannot_be_written_are_refused_before_the_training(folders, tmp_path):
    (tmp_path / "results").touch()
    elsewhere = dataclasses.replace(folders, out=tmp_path, runs=tmp_path / "runs")
    with pytest.raises(UserError, match=r"tiny cannot be written \(Not a directory\)"):
        reproduce(TINY, DATASET, elsewhere, length="full")
    assert not elsewhere.runs.exists()


def test_a_run_is_taken_in_as_it_stands(folders, monkeypatch):
    from audio_vae.training import train as training

    monkeypatch.setattr(training, "train", None)
    longer = dataclasses.replace(TINY, epochs=4, scores_morphs=False, morph=("low", "cymbal"))
    assert reproducing.why_not(longer, folders, as_is=True) is None
    reproduce(longer, DATASET, folders, length="full", as_is=True, say=lambda line: None)
    result = results.load_result(folders.results / "tiny")
    assert result.epochs_shown == "1 of 4"
    # What cannot be drawn is said, and all else is there.
    assert "cymbal" in result.morph["problem"]
    assert "morphs" not in result.report
    assert "1 of 4" in (folders.out / "RESULTS.md").read_text(encoding="utf-8")


def test_a_run_of_other_settings_is_refused(folders):
    other = dataclasses.replace(TINY, changes={"training": {"seed": 4}})
    with pytest.raises(UserError, match=r"training\.seed is 3, not 4"):
        reproduce(other, DATASET, folders, length="full", as_is=True, say=lambda line: None)


def test_a_run_goes_on(folders, monkeypatch):
    collected = []
    monkeypatch.setattr(reproducing, "_collect", lambda folders, run, *_: collected.append(run.epochs_done()))
    lines = []
    reproduce(dataclasses.replace(TINY, epochs=2), DATASET, folders, length="full", say=lines.append)
    assert lines[0] == "going on after epoch 1"
    assert collected == [2]


def test_a_stopped_training_collects_nothing(tmp_path, monkeypatch):
    from audio_vae.training import callbacks
    from audio_vae.training import train as training

    def stop(run, **_):
        raise callbacks.stopped(run, signal.SIGTERM, "at once")

    monkeypatch.setattr(training, "train", stop)
    folders = Folders(tmp_path, tmp_path / "runs")
    with pytest.raises(Stopped):
        reproduce(TINY, DATASET, folders, length="full", say=lambda line: None)
    assert not folders.results.exists()


def test_an_unknown_preset_and_an_untrained_run_are_left_out(tmp_path):
    folders = Folders(tmp_path, tmp_path)
    unknown = dataclasses.replace(TINY, preset="later")
    assert reproducing.why_not(unknown, folders) == "this version has no preset later"
    assert reproducing.why_not(TINY, folders) is None
    assert reproducing.why_not(TINY, folders, as_is=True) == f"nothing is trained in {tmp_path / 'tiny'}"


def test_sounds_lie_in_a_folder_for_each_data_set(tmp_path):
    (tmp_path / "fsdd").mkdir()
    assert Folders(tmp_path, tmp_path, tmp_path).sounds_of("fsdd") == tmp_path / "fsdd"
    assert Folders(tmp_path, tmp_path).sounds_of("fsdd") is None
    with pytest.raises(UserError, match="the folder that holds drums with --data, or leave --data out"):
        Folders(tmp_path, tmp_path, tmp_path).sounds_of("drums")


def test_an_experiment_with_sounds_of_its_own_needs_them(tmp_path):
    own = dataclasses.replace(TINY, folder="my-drums")
    folders = Folders(tmp_path, tmp_path)
    assert reproducing.why_not(own, folders) == "name the folder that holds my-drums with --data"
    assert reproducing.why_not(own, dataclasses.replace(folders, data=tmp_path)) is None
    with pytest.raises(UserError, match=r"the folder that holds my-drums with --data$"):
        dataclasses.replace(folders, data=tmp_path).sounds_of(own.data_folder)


def test_bounds_are_measured_and_shown(tmp_path, monkeypatch):

    measured = dict.fromkeys(bounds.DEVIATIONS, -0.5) | {bounds.ONE_NN: 0.98}
    monkeypatch.setattr(bounds, "bounds", lambda sounds: measured)
    folders = Folders(tmp_path, tmp_path)
    assert "*No result.* `audio-vae reproduce --only bounds`" in rendered(tmp_path)
    reproducing.measure_bounds(DATASET, folders, speakers=("ann", "bob"), say=lambda line: None)
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert row(page, "medoid of the test takes") == ["−0.50", "−0.50"]
    assert row(page, "1-NN by MFCC-DTW") == ["98 %", "98 %"]
