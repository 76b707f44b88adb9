import dataclasses
import json
import os
import subprocess
import sys

import pytest

from audio_vae.config import Config, TrainingConfig
from audio_vae.runs.create import create_run
from audio_vae.runs.listing import list_runs, table_lines
from audio_vae.runs.lock import locked
from audio_vae.utils.errors import UserError
from audio_vae.utils.tables import UNKNOWN


@pytest.fixture
def make_run(tmp_path):
    def make(name, *, epochs=3, done=0, **settings):
        run = create_run(tmp_path / name, Config("digits", "cc", training=TrainingConfig(epochs=epochs), **settings))
        if done:
            run.history_path.parent.mkdir()
            rows = "".join(f"{epoch},1.5\n" for epoch in range(1, done + 1))
            run.history_path.write_text("epoch,kl\n" + rows)
        return run

    return make


def write_report(run, one_nn=0.925, deviation=1.25):
    values = {"one_nn_accuracy": one_nn, "mfcc_dtw_deviation": {"average": {"mean": deviation, "std": 0}}}
    (run.path / "report").mkdir()
    (run.path / "report" / "report.json").write_text(json.dumps(values))


def test_runs_at_any_depth_by_path(make_run, tmp_path):
    write_report(make_run("b", done=2))
    make_run("a/deep/one", epochs=117)
    one, two = list_runs(tmp_path)
    assert one.path == str(tmp_path / "a" / "deep" / "one")
    assert (one.dataset, one.preset, one.epochs_done, one.epochs) == ("digits", "cc", 0, 117)
    assert (one.one_nn_accuracy, one.mfcc_dtw_deviation, one.in_use_by, one.problem) == (None, None, None, None)
    assert (two.epochs_done, two.epochs, two.one_nn_accuracy, two.mfcc_dtw_deviation) == (2, 3, 0.925, 1.25)
    assert list_runs(tmp_path / "b") == [two]


def test_a_file_with_two_names_counts_once(make_run, tmp_path):
    run = make_run("run")
    before = list_runs(tmp_path)[0].size_bytes
    run.model_path.write_bytes(bytes(5000))
    (run.path / "checkpoints").mkdir()
    os.link(run.model_path, run.checkpoint_path(1))
    assert list_runs(tmp_path)[0].size_bytes == before + 5000


def test_a_run_in_use_names_the_process(make_run, tmp_path):
    with locked(make_run("run").path):
        (listed,) = list_runs(tmp_path)
        assert listed.in_use_by.startswith(f"process {os.getpid()} on ")
        assert "in use by process" in table_lines([listed])[1]
    assert list_runs(tmp_path)[0].in_use_by is None


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("config.json", "{", "config.json cannot be used"),
        ("logs/history.csv", "epoch,kl\n1\n", "history.csv cannot be read"),
        ("report/report.json", "[]", "report.json cannot be read"),
        ("report/report.json", '{"one_nn_accuracy": "good", "mfcc_dtw_deviation": {"average": {"mean": 1}}}', "float"),
    ],
)
def test_a_damaged_run_says_so_and_the_others_go_on(make_run, tmp_path, name, text, problem):
    file = make_run("a").path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    make_run("b", done=1)
    damaged, good = list_runs(tmp_path)
    assert problem in damaged.problem
    assert good.problem is None
    lines = table_lines([damaged, good])
    assert [line.split()[0] for line in lines] == ["run", damaged.path, damaged.problem.split()[0], good.path]


def test_an_unfinished_preparation(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "sounds.npz").touch()
    (listed,) = list_runs(tmp_path)
    assert listed.problem == "its preparation was not finished: prepare it again"
    assert "?/?" in table_lines([listed])[1]


def test_figures_that_are_not_finite(make_run, tmp_path):
    write_report(make_run("run"), None, None)
    (listed,) = list_runs(tmp_path)
    assert (listed.one_nn_accuracy, listed.mfcc_dtw_deviation, listed.problem) == (None, None, None)
    assert table_lines([listed])[1].count(f"  {UNKNOWN}  ") == 2


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match="nowhere does not exist: name the folder"):
        list_runs(tmp_path / "nowhere")


def test_the_command(make_run, run, tmp_path):
    write_report(make_run("a", done=3))
    code, out, _ = run("runs", tmp_path)
    assert code == 0
    assert [name for name in ("3/3", "92.5 %", "1.250", "KiB", "digits", "cc") if name not in out] == []
    code, out, _ = run("runs", tmp_path, "--json")
    assert json.loads(out) == [dataclasses.asdict(each) for each in list_runs(tmp_path)]


def test_the_command_where_there_are_none(run, tmp_path):
    code, out, _ = run("runs", tmp_path)
    assert code == 0
    assert "make one: audio-vae digits train --run" in out
    code, _, err = run("runs", tmp_path / "nowhere")
    assert (code, err.startswith("Error: ")) == (1, True)


def test_listing_imports_no_backend():
    code = "import sys, audio_vae.runs.listing; print(sorted({'tensorflow', 'keras', 'librosa'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
