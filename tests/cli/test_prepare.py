"""`audio-vae digits prepare`."""

import os

import numpy as np
import pytest
import soundfile
from error_lines import error_line


def test_prepare_then_train_quietly(digits_folder, run, tmp_path):
    code, out, _ = run("digits", "prepare", "--data", digits_folder, "--run", tmp_path / "run")
    assert code == 0
    assert "Prepared 60 sounds" in out
    code, out, err = run("digits", "train", "--run", tmp_path / "run", "--epochs", 1, "--quiet")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1


def test_sounds_stay_on_disk_where_that_is_asked_for(digits_folder, run, tmp_path):
    path = tmp_path / "run"
    code, out, _ = run("digits", "prepare", "--data", digits_folder, "--run", path, "--stream")
    assert code == 0
    assert f"the sounds are read from {path / 'sounds'} while the model is trained" in out
    code, out, err = run("digits", "train", "--run", path, "--epochs", 1, "--quiet")
    assert (code, err) == (0, "")
    code, _, err = run("digits", "train", "--run", path, "--no-stream")
    assert code == 1
    assert "other settings (its sounds are in shards)" in error_line(err)


def test_damaged_shards_are_mended(digits_folder, run, tmp_path):
    path = tmp_path / "run"
    options = ["digits", "prepare", "--run", path]
    assert run(*options, "--data", digits_folder, "--stream")[0] == 0
    shard = path / "sounds" / "00000.npy"
    whole, state = shard.read_bytes(), shard.stat()
    shard.write_bytes(bytes(len(whole)))
    os.utime(shard, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert run(*options)[0] == 0
    assert shard.read_bytes() == whole
    shard.unlink()
    digits_folder.rename(tmp_path / "moved")
    code, _, err = run(*options)
    assert code == 1
    assert "00000.npy is damaged, and cannot be written anew" in error_line(err)
    assert run(*options, "--data", tmp_path / "moved")[0] == 0
    assert shard.read_bytes() == whole


def test_an_interrupted_preparation_may_go_on_without_shards(digits_folder, run, tmp_path):
    options = ["digits", "prepare", "--data", digits_folder, "--run", tmp_path / "run"]
    assert run(*options, "--stream")[0] == 0
    for name in ("config.json", "sounds.npz"):
        (tmp_path / "run" / name).unlink()
    assert run(*options)[0] == 0
    assert not (tmp_path / "run" / "sounds").exists()


def test_a_folder_of_sounds_in_the_run_folder_is_left_alone(digits_folder, run, tmp_path):
    digits_folder.rename(tmp_path / "mine")
    mine = tmp_path / "run" / "sounds"
    mine.mkdir(parents=True)
    (mine / "mine.wav").touch()
    code, _, err = run("digits", "prepare", "--data", tmp_path / "mine", "--run", tmp_path / "run", "--stream")
    assert code == 1
    assert "holds files that are not of a run" in error_line(err)
    assert [path.name for path in mine.iterdir()] == ["mine.wav"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--speaker", "nobody"], "nobody"),
        (["--data", "nowhere"], "nowhere"),
    ],
)
def test_unusable_data_leaves_no_run(digits_folder, run, tmp_path, extra, message):
    code, _, err = run("digits", "train", "--data", digits_folder, "--run", tmp_path / "run", *extra)
    assert code == 1
    assert message in error_line(err)
    assert not (tmp_path / "run").exists()


def test_empty_data_folder(run, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("digits", "train", "--data", tmp_path / "empty")
    assert code == 1
    assert "empty" in error_line(err)


def test_bad_files_among_the_data_are_named_and_the_rest_go_on(digits_folder, run, tmp_path):
    (digits_folder / "1_jackson_20.wav").write_bytes(b"RIFF this is no sound")
    (digits_folder / "2_jackson_20.wav").write_bytes(b"")
    soundfile.write(digits_folder / "3_jackson_20.wav", np.zeros(4000), 8000)
    loud = np.sin(np.arange(48000) / 10)
    soundfile.write(digits_folder / "4_jackson_20.wav", np.stack([loud, 0.5 * loud], 1), 48000)
    code, out, err = run("digits", "prepare", "--data", digits_folder, "--run", tmp_path / "run")
    assert code == 0
    assert "Prepared 61 sounds" in out
    refused = {line.split(": ")[1]: line for line in err.splitlines() if line.startswith("left out")}
    assert set(refused) == {"1_jackson_20.wav", "2_jackson_20.wav", "3_jackson_20.wav"}
    assert "not readable" in refused["1_jackson_20.wav"]
    assert "empty" in refused["2_jackson_20.wav"]
    assert "silent" in refused["3_jackson_20.wav"]
