"""`audio-vae digits morph`."""

import json
import re
import wave

import numpy as np
import pytest
import soundfile
from error_lines import error_line


@pytest.mark.parametrize("preset", ["cc", pytest.param("dc", marks=pytest.mark.slow), "dc-nonclass"])
def test_train_evaluate_morph(preset, digits_folder, run, tmp_path):
    folder = tmp_path / "run"
    code, out, err = run(
        "digits", "train", "--data", digits_folder, "--preset", preset, "--epochs", 2, "--run", folder, "--seed", 3
    )
    assert code == 0, err
    assert "30 training and 30 test sounds" in out
    assert re.search(r"epoch 2/2: .*likelihood.*sounds/s.*left", out)
    assert json.loads((folder / "config.json").read_text())["config"]["training"]["seed"] == 3

    code, out, err = run("digits", "evaluate", "--run", folder)
    assert code == 0, err
    report = json.loads((folder / "report" / "report.json").read_text())
    assert (report["dataset"], report["preset"], report["epochs"], report["seed"]) == ("digits", preset, 2, 3)
    assert report["speakers"] == ["jackson"]
    assert "average" in out

    code, out, err = run(
        "digits",
        "morph",
        3,
        7,
        "--run",
        folder,
        "--steps",
        4,
        "--out",
        tmp_path / "m",
        "--render",
        "model",
        "--subtype",
        "PCM_16",
    )
    assert code == 0, err
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == ["00.wav", "01.wav", "02.wav", "03.wav", "crossfade", "morph.json", "morph.png", "morph.wav"]
    for step in range(4):
        with wave.open(str(tmp_path / "m" / f"{step:02d}.wav")) as file:
            assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 4096, 1)
            samples = np.frombuffer(file.readframes(4096), np.int16)
        assert 1000 < np.abs(samples.astype(int)).max() < 32767


def test_morph_options(trained, run, tmp_path):
    arguments = ["--via", "jackson/5", "--path", "spherical", "--spacing", "even", "--range", "-0.25", "1.25"]
    code, out, err = run(
        "digits", "morph", 3, "7:0", "--run", trained, "--out", tmp_path / "m", "--steps", 5, *arguments
    )
    assert code == 0, err
    sidecar = json.loads((tmp_path / "m" / "morph.json").read_text())
    assert [point["name"] for point in sidecar["via"]] == ["jackson/5"]
    assert (sidecar["shape"], sidecar["spacing"], sidecar["between"]) == ("spherical", "even", [-0.25, 1.25])
    lines = out.splitlines()
    assert lines[0].split() == ["morph", "cross-fade", "better"]
    assert [line.split(":")[0].strip() for line in lines[1:12]] == [
        "smoothness",
        "intermediateness",
        "validity",
        "validity",
        "not a mix",
        *["between"] * 4,
        "detour",
        "ends",
    ]
    assert lines[12].startswith("Morph: ")


def test_quiet_morph_says_one_line(trained, run, tmp_path):
    code, out, _ = run("digits", "morph", 3, 7, "--run", trained, "--out", tmp_path / "m", "--steps", 2, "--quiet")
    assert code == 0
    assert len(out.splitlines()) == 1


def test_morph_between_speakers(digits_folder, run, tmp_path):
    for path in list(digits_folder.iterdir()):
        samples, rate_hz = soundfile.read(path)
        soundfile.write(path.with_name(path.name.replace("jackson", "theo")), samples[::-1] ** 2, rate_hz)
    folder = tmp_path / "both"
    options = ["--speaker", "jackson", "--speaker", "theo", "--preset", "cc"]
    code, _, err = run("digits", "train", "--data", digits_folder, "--run", folder, "--epochs", 1, *options)
    assert code == 0, err
    code, _, err = run("digits", "morph", "jackson/3", "theo/3:1", "--run", folder, "--steps", 2)
    assert code == 0, err
    sidecar = json.loads((folder / "morphs" / "jackson_3-theo_3_1" / "morph.json").read_text())
    assert re.fullmatch(r"3_jackson_1[0-2]\.wav", sidecar["start"]["source"])
    assert sidecar["end"]["source"] == "3_theo_1.wav"
    code, _, err = run("digits", "morph", "lucas/3", "theo/3", "--run", folder)
    assert code == 1
    assert "GROUP/CLASS with a group of jackson, theo" in error_line(err)


@pytest.mark.parametrize(
    ("ends", "message"),
    [(["3", "12"], "12"), (["3:99", "7"], "99"), (["nothing.wav", "7"], "nothing.wav")],
)
def test_unknown_end_of_a_morph(trained, run, tmp_path, ends, message):
    code, _, err = run("digits", "morph", *ends, "--run", trained, "--out", tmp_path / "m")
    assert code == 1
    assert message in error_line(err)
    assert not (tmp_path / "m").exists()
