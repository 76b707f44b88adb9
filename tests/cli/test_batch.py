"""`audio-vae batch`."""

from error_lines import error_line


def test_batch(trained, run, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("start,end,steps,out\n3,7,2,made\n3,12,2,\n3,,,\n")
    code, out, err = run("batch", path, "--run", trained)
    assert code == 1
    assert out.splitlines() == ["line 2: made", "Batch: 1 of 3 morphs made"]
    assert (tmp_path / "made" / "morph.json").is_file()
    line = error_line(err)
    assert line.startswith("Error: 2 of 3 lines failed: line 3: unknown class '12'")
    assert "line 4: no end" in line
    path.write_text("start,end,steps,out\n3,7,2,made\n")
    code, out, err = run("batch", path, "--run", trained, "--quiet")
    assert (code, out) == (0, "Batch: 1 of 1 morphs made\n")


def test_two_models_and_no_list(trained, run, tmp_path):
    code, _, err = run("batch", "list.csv", "--run", trained, "--model", "drums")
    assert code == 2
    assert "--run and --model name two models" in err
    code, _, err = run("batch", "list.csv", "--run", trained)
    assert code == 1
    assert "list.csv cannot be read as a list of morphs (No such file or directory)" in error_line(err)
