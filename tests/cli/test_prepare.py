"""`audio-vae digits prepare`."""

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
