"""The command line from end to end, on synthetic digits and a small model."""

import json
import os
import re
import signal
import subprocess
import sys
import wave

import numpy as np
import pytest
import soundfile
import tiny_presets

from audio_vae import presets
from audio_vae.cli import main as cli
from audio_vae.digits import config as digits
from audio_vae.runs.lock import locked


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    monkeypatch.setattr(presets, "PRESETS", dict(presets.PRESETS))
    monkeypatch.setattr(digits, "NEEDS", {})
    tiny_presets.shrink(presets.PRESETS)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def digits_folder(tmp_path, rng):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for digit in range(10):
        for take in (0, 1, 2, 10, 11, 12):
            time_s = np.arange(3000 + 300 * digit) / 8000
            tone = np.sin(2 * np.pi * (200 + 60 * digit) * time_s) * np.exp(-6 * time_s)
            noise = rng.normal(0, 0.01, tone.shape)
            soundfile.write(folder / f"{digit}_jackson_{take}.wav", 0.5 * tone + noise, 8000)
    return folder


@pytest.fixture
def trained(digits_folder, run, tmp_path):
    code, _, err = run("digits", "train", "--data", digits_folder, "--epochs", 1, "--run", tmp_path / "run")
    assert code == 0, err
    return tmp_path / "run"


def error_line(err: str) -> str:
    """The one line of an error, checked to be the only one."""
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


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

    code, out, err = run("digits", "morph", 3, 7, "--run", folder, "--steps", 4, "--out", tmp_path / "m")
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
    assert [line.split(":")[0].strip() for line in lines[1:6]] == [
        "smoothness",
        "intermediateness",
        "validity",
        "validity",
        "not a mix",
    ]
    assert lines[6].startswith("Morph: ")


def test_quiet_morph_says_one_line(trained, run, tmp_path):
    code, out, _ = run("digits", "morph", 3, 7, "--run", trained, "--out", tmp_path / "m", "--steps", 2, "--quiet")
    assert code == 0
    assert len(out.splitlines()) == 1


def test_blend(trained, run, tmp_path):
    code, out, err = run("digits", "blend", "3=1", "7:0=0.5", "--run", trained, "--out", tmp_path / "b")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "the weights add up to 1.5 and are divided by that: 3 0.667, 7:0 0.333"
    assert lines[1].split() == ["blend", "mix", "better"]
    assert lines[-1].startswith("Blend: ")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
        "blend.json",
        "blend.png",
        "blend.wav",
        "mix.wav",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["blend", "3"], "'3' has no weight: give NAME=WEIGHT"),
        (["blend", "3=-1", "7=2"], "the weight -1 of '3' cannot be used"),
        (["blend", "nobody/3=1"], "GROUP/CLASS with a group of jackson"),
        (["morph", "3", "7", "--range", "1", "0"], "cannot go from position 1 to 0"),
        (["morph", "3", "7", "--via", "12"], "unknown class '12'"),
    ],
)
def test_unusable_blend_or_path(trained, run, tmp_path, arguments, message):
    code, _, err = run("digits", *arguments, "--run", trained, "--out", tmp_path / "m")
    assert code == 1
    assert message in error_line(err)
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_evaluate_with_morphs(trained, run):
    code, out, err = run("digits", "evaluate", "--run", trained, "--morphs")
    assert code == 0, err
    assert "Morphs of all 45 pairs of classes, 9 steps, against plain cross-fades:" in out
    report = json.loads((trained / "report" / "report.json").read_text())
    assert (report["morphs"]["n_pairs"], report["morphs"]["length"]) == (45, "full")
    assert "Morphs of all 45 pairs" in (trained / "report" / "report.html").read_text(encoding="utf-8")


def test_morph_between_speakers(digits_folder, run, tmp_path):
    for path in list(digits_folder.iterdir()):
        samples, rate_hz = soundfile.read(path)
        soundfile.write(path.with_name(path.name.replace("jackson", "theo")), samples[::-1] ** 2, rate_hz)
    folder = tmp_path / "both"
    speakers = ["--speaker", "jackson", "--speaker", "theo"]
    code, _, err = run("digits", "train", "--data", digits_folder, "--run", folder, "--epochs", 1, *speakers)
    assert code == 0, err
    code, _, err = run("digits", "morph", "jackson/3", "theo/3:1", "--run", folder, "--steps", 2)
    assert code == 0, err
    sidecar = json.loads((folder / "morphs" / "jackson_3-theo_3_1" / "morph.json").read_text())
    assert re.fullmatch(r"3_jackson_1[0-2]\.wav", sidecar["start"]["source"])
    assert sidecar["end"]["source"] == "3_theo_1.wav"
    code, _, err = run("digits", "morph", "lucas/3", "theo/3", "--run", folder)
    assert code == 1
    assert "GROUP/CLASS with a group of jackson, theo" in error_line(err)


def test_help_imports_no_backend():
    code = (
        "import sys, audio_vae.cli.main; print(sorted({'tensorflow', 'keras', 'librosa', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("group", ["digits", "drums", "folder"])
@pytest.mark.parametrize("command", ["prepare", "train", "evaluate", "morph", "blend"])
def test_every_command_teaches_by_example(run, group, command):
    code, out, _ = run(group, command, "--help")
    assert code == 0
    assert f"audio-vae {group} {command}" in " ".join(out.split("Example")[1].split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits", "train", "--preset", "nope"], "'nope' is not one of"),
        (["digits", "train", "--epochs", "0"], "x>=1"),
        (["digits", "morph", "3"], "Missing argument 'B'"),
        (["digits", "morph", "3", "7", "--steps", "1"], "x>=2"),
        (["digits", "morph", "3", "7", "--path", "curved"], "'curved' is not one of"),
        (["digits", "morph", "3", "7", "--range", "0"], "--range"),
        (["digits", "blend"], "Missing argument 'NAME=WEIGHT...'"),
        (["digits", "sing"], "No such command"),
        (["digits", "train", "--colour"], "No such option"),
    ],
)
def test_wrong_command_line_exits_2(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


def test_prepare_then_train(digits_folder, run, tmp_path):
    code, out, _ = run("digits", "prepare", "--data", digits_folder, "--run", tmp_path / "run")
    assert code == 0
    assert "Prepared 60 sounds" in out
    code, _, err = run("digits", "train", "--run", tmp_path / "run", "--epochs", 1)
    assert code == 0, err


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


@pytest.mark.parametrize(
    ("ends", "message"),
    [(["3", "12"], "12"), (["3:99", "7"], "99"), (["nothing.wav", "7"], "nothing.wav")],
)
def test_unknown_end_of_a_morph(trained, run, tmp_path, ends, message):
    code, _, err = run("digits", "morph", *ends, "--run", trained, "--out", tmp_path / "m")
    assert code == 1
    assert message in error_line(err)
    assert not (tmp_path / "m").exists()


def test_other_settings_for_an_old_run(trained, run):
    code, _, err = run("digits", "train", "--run", trained, "--preset", "dc")
    assert code == 1
    assert "other settings" in error_line(err)


def test_other_data_for_an_old_run(trained, run, tmp_path):
    code, _, err = run("digits", "train", "--run", trained, "--data", tmp_path / "elsewhere")
    assert code == 1
    assert "was made from the sounds in" in error_line(err)


def test_more_epochs_extend_a_finished_run(trained, run):
    code, out, _ = run("digits", "train", "--run", trained, "--epochs", 2)
    assert code == 0
    assert "going on after epoch 1" in out
    assert "Trained 2 epochs" in out


def test_quiet_says_one_line(digits_folder, run, tmp_path):
    code, out, err = run(
        "digits", "train", "--data", digits_folder, "--epochs", 1, "--run", tmp_path / "run", "--quiet"
    )
    assert code == 0
    assert len(out.splitlines()) == 1
    assert err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_training_is_saved_and_says_how_to_go_on(digits_folder, run, tmp_path, monkeypatch, number):
    from audio_vae.training import checkpoints

    save = checkpoints.RunWriter.save

    def save_after_a_second_signal(writer):
        os.kill(os.getpid(), number)
        return save(writer)

    def ask(writer, batch, logs=None):
        on_batch_end(writer, batch, logs)
        if writer.step == 2:
            os.kill(os.getpid(), number)

    on_batch_end = checkpoints.RunWriter.on_train_batch_end
    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.RunWriter, "on_train_batch_end", ask)
        patched.setattr(checkpoints.RunWriter, "save", save_after_a_second_signal)
        code, _, err = run(
            "digits", "train", "--data", digits_folder, "--run", tmp_path / "run", "--epochs", 2, "--batch-size", 8
        )
    assert code == 128 + number
    (line,) = err.splitlines()
    assert line == (
        f"Stopped by {signal.Signals(number).name} after epoch 0 and 2 steps of the next, saved; "
        f"to go on: audio-vae digits train --run {tmp_path / 'run'}"
    )
    code, out, err = run("digits", "train", "--run", tmp_path / "run")
    assert code == 0, err
    assert "going on after epoch 0 and 2 steps of the next" in out
    assert "Trained 2 epochs" in out


def test_termination_before_the_training_begins(digits_folder, run, tmp_path, monkeypatch):
    from audio_vae.digits import preprocess

    monkeypatch.setattr(preprocess.download, "fetch", lambda **settings: os.kill(os.getpid(), signal.SIGTERM))
    code, _, err = run("digits", "train", "--run", tmp_path / "run")
    assert (code, err) == (143, "Stopped.\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "dc"], "preset is 'studio', not 'dc'"),
        (["--seed", 1], "seed is 0, not 1"),
        (["--batch-size", 3], "batch_size is 16, not 3"),
        (["--speaker", "theo"], r"speakers is \['jackson'\], not \('theo',\)"),
    ],
)
def test_given_options_must_be_the_runs(trained, run, options, message):
    code, _, err = run("digits", "train", "--run", trained, *options)
    assert code == 1
    assert re.search(message, error_line(err))


def test_a_run_goes_on_with_its_own_settings(digits_folder, run, tmp_path):
    folder = tmp_path / "run"
    options = ["--preset", "dc", "--seed", 3, "--batch-size", 16, "--epochs", 1]
    code, _, err = run("digits", "prepare", "--data", digits_folder, "--run", folder, *options)
    assert code == 0, err
    before = json.loads((folder / "config.json").read_text())["config"]
    code, out, err = run("digits", "train", "--run", folder)
    assert code == 0, err
    assert "Trained 1 epochs" in out
    assert json.loads((folder / "config.json").read_text())["config"] == before
    code, _, err = run("digits", "train", "--run", folder, "--preset", "dc", "--seed", 3)
    assert code == 0, err


def test_a_run_in_use_is_refused(trained, run):
    with locked(trained):
        for command in ("prepare", "train"):
            code, _, err = run("digits", command, "--run", trained)
            assert code == 1
            assert f"is in use by process {os.getpid()} on" in error_line(err)
        code, _, err = run("digits", "morph", 3, 7, "--run", trained)
        assert code == 0, err


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(Exception, match="no run folder"):
        cli.main(["digits", "evaluate", "--run", str(tmp_path / "none"), "--debug"])
