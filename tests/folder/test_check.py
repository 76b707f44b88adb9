"""What was found in each file, totals, the choice of rate and length, and what a training would refuse."""

import json
import re

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.audio.formats import EXTENSIONS
from audio_vae.folder import check
from audio_vae.folder import config as folder_config
from audio_vae.folder import preprocess as folder
from audio_vae.utils.errors import UserError


@pytest.fixture
def sounds(tmp_path):
    """Two classes of five different sounds each."""
    for label, name in enumerate(("high", "low")):
        for number in range(5):
            frequency_hz = 300 + 50 * number + 1000 * label
            write_sound(
                tmp_path / "sounds" / name / f"{number}.wav",
                decaying_tone(0.2 + 0.05 * number, frequency_hz=frequency_hz),
            )
    return tmp_path / "sounds"


def test_training_and_check_validate_alike(sounds):
    write_sound(sounds / "low" / "silent.wav", np.zeros(4000))
    write_sound(sounds / "low" / "copy.wav", decaying_tone(0.2, frequency_hz=300))
    (sounds / "high" / "text.wav").write_text("no sound")
    config = folder.choose(folder_config.make(), sounds)
    prepared = folder.prepare(config, sounds)
    found = check.check_folder(sounds, folder_config.make())
    assert {(each.name, each.reason) for each in prepared.refusals} == {
        (each.name, each.reason) for each in found.files if each.reason
    }
    assert len(prepared.refusals) == 3
    assert found.n_usable == len(prepared.sounds)
    assert found.audio == config.audio


class TestCheckFolder:
    def test_totals_per_class(self, sounds):
        (sounds / "low" / "broken.wav").write_text("")
        (sounds / "broken" / "x.wav").parent.mkdir()
        (sounds / "broken" / "x.wav").write_text("")
        (sounds / "notes.txt").write_text("")
        found = check.check_folder(sounds, folder_config.make())
        assert found.classes() == {
            "broken": {"usable": 0, "refused": 1},
            "high": {"usable": 5, "refused": 0},
            "low": {"usable": 5, "refused": 1},
        }
        assert found.others == {".txt": 1}
        assert found.problem is None

    def test_to_dict_is_json(self, sounds):
        values = json.loads(json.dumps(check.check_folder(sounds, folder_config.make()).to_dict()))
        assert values["would_train"] is True
        assert values["model"] == {"rate_hz": 8000, "n_samples": 3200, "seconds": 0.4}
        assert values["files"][0] == {
            "name": "high/0.wav",
            "class": "high",
            "usable": True,
            "reason": None,
            "notes": [],
        }

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({}, "only one folder"),
            ({"labels": "kmeans:2"}, "5 usable sounds .* are too few for 2 clusters .*: use a smaller K"),
            ({"pattern": r"(\d)"}, r"too few usable sounds of a class in .*0 has 1"),
            ({"pattern": "(z)"}, "no usable sound"),
            ({"pattern": r"\d"}, "too few usable"),
        ],
    )
    def test_would_be_refused_as_training_would(self, sounds, options, problem):
        import shutil

        shutil.rmtree(sounds / "low")
        found = check.check_folder(sounds, folder_config.make(**options))
        assert re.search(problem, found.problem)
        with pytest.raises(UserError, match="training would be refused"):
            check.require_trainable(found)
        with pytest.raises(UserError, match=problem):
            folder.prepare(folder.choose(folder_config.make(**options), sounds), sounds)

    def test_real_drums(self, shared_data):
        found = check.check_folder(shared_data / "drums", folder_config.make())
        assert found.n_usable == 154
        assert (found.audio.rate_hz, found.problem) == (44100, None)


@pytest.mark.skipif(".opus" not in EXTENSIONS, reason="libsndfile was built without Opus")
def test_opus_is_looked_at(sounds):
    tone = decaying_tone(0.2, rate_hz=48000, frequency_hz=333)
    soundfile.write(sounds / "low" / "a.opus", tone, 48000, format="OGG", subtype="OPUS")
    assert check.check_folder(sounds, folder_config.make()).n_usable == 11


def test_files_to_convert_are_refused_with_the_way(sounds):
    (sounds / "low" / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    found = check.check_folder(sounds, folder_config.make())
    (refused,) = (each for each in found.files if each.reason)
    assert (refused.name, refused.class_name) == ("low/a.m4a", "low")
    assert refused.reason == "libsndfile does not read M4A: convert it, ffmpeg -i a.m4a a.wav"
    assert found.others == {}
    prepared = folder.prepare(folder.choose(folder_config.make(), sounds), sounds)
    assert [each.reason for each in prepared.refusals] == [refused.reason]


class TestCommand:
    def test_usable_folder(self, sounds, run):
        write_sound(sounds / "low" / "silent.wav", np.zeros(4000))
        code, out, err = run("check", sounds)
        assert (code, err) == (0, "")
        assert "low/silent.wav  no   the file is silent" in out
        assert re.search(r"^low +5 +1$", out, re.MULTILINE)
        assert re.search(r"^all +10 +1$", out, re.MULTILINE)
        assert "8000 Hz, 3200 samples (0.40 s)" in out
        assert "audio-vae folder train --data" in out

    def test_all_shows_a_line_for_each_file(self, sounds, run):
        _, out, _ = run("check", sounds, "--all")
        assert len(re.findall(r"^\w+/\d\.wav +yes$", out, re.MULTILINE)) == 10

    def test_notes_are_counted_with_examples_and_advice(self, sounds, run):
        for number in range(5):
            write_sound(sounds / "low" / f"loud {number}.wav", np.clip((5 + number) * decaying_tone(), -1, 1))
        _, out, _ = run("check", sounds)
        assert "5 files clipped: record" in out
        assert "low/loud 0.wav: clipped (" in out
        assert "and 2 more" in out

    def test_json(self, sounds, run):
        code, out, _ = run("check", sounds, "--json")
        assert code == 0
        assert json.loads(out)["usable"] == 10

    def test_refused_training_exits_1(self, sounds, run):
        code, out, err = run("check", sounds / "low", "--json")
        assert code == 1
        assert json.loads(out)["would_train"] is False
        assert err.startswith("Error: training would be refused: only one folder")
        assert len(err.splitlines()) == 1

    def test_the_next_command_has_the_options_that_were_given(self, sounds, run):
        _, out, _ = run("check", sounds, "--labels", "kmeans:2", "--rate", 8000)
        assert (
            out.splitlines()[-1] == f"Ready; next: audio-vae folder train --data {sounds} --labels kmeans:2 --rate 8000"
        )

    @pytest.mark.parametrize("place", ["nowhere", "sounds/low/0.wav"])
    def test_no_folder(self, sounds, run, place):
        code, _, err = run("check", sounds.parent / place)
        assert code == 1
        assert len(err.splitlines()) == 1
        assert err.startswith("Error: the data folder")

    @pytest.mark.parametrize(
        "option", [("--labels", "kmeans"), ("--labels", "kmeans:1"), ("--pattern", "("), ("--rate", 0)]
    )
    def test_wrong_options_exit_2(self, sounds, run, option):
        assert run("check", sounds, *option)[0] == 2

    def test_folder_named_like_an_option(self, sounds, run, monkeypatch):
        sounds.rename(sounds.parent / "--json")
        monkeypatch.chdir(sounds.parent)
        code, out, _ = run("check", "--", "--json")
        assert code == 0
        assert "Ready" in out
