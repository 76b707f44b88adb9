"""`audio-vae digits evaluate`."""

import json

import pytest
from error_lines import error_line


@pytest.mark.slow
def test_evaluate_with_morphs(trained, run):
    code, out, err = run("digits", "evaluate", "--run", trained, "--morphs")
    assert code == 0, err
    assert "Morphs of all 45 pairs of classes, 9 steps, against plain cross-fades:" in out
    report = json.loads((trained / "report" / "report.json").read_text())
    assert (report["morphs"]["n_pairs"], report["morphs"]["length"]) == (45, "full")
    assert "Morphs of all 45 pairs" in (trained / "report" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["evaluate"], ["morph", "3", "7"]])
def test_missing_run_folder(run, tmp_path, command):
    code, _, err = run("digits", *command, "--run", tmp_path / "none")
    assert code == 1
    assert "no run folder" in error_line(err)


@pytest.mark.parametrize("command", [["evaluate"], ["morph", "hihat", "tom"]])
def test_run_of_another_dataset(trained, run, command):
    code, _, err = run("drums", *command, "--run", trained)
    assert code == 1
    assert "is a run of digits, not of drums" in error_line(err)
