"""A verdict per file, totals, the choice of rate and length, and what a training would refuse."""

import json
import re
import threading

import numpy as np
import pytest
import soundfile

from audio_vae.audio.waveform import AudioError
from audio_vae.config import AudioConfig
from audio_vae.data import reading
from audio_vae.data import validation as verdict
from audio_vae.data.reading import Item, Refusal, judge_items
from audio_vae.data.validation import Judged
from audio_vae.folder import check
from audio_vae.folder import config as folder_config
from audio_vae.folder import preprocess as folder
from audio_vae.utils.errors import UserError

CONFIG = AudioConfig(8000, 4096)


def tone(duration_s=0.3, rate_hz=8000, level=0.5, frequency_hz=440.0):
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return level * np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-3 * time_s)


def write(path, samples, rate_hz=8000, subtype="FLOAT"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


@pytest.fixture
def sounds(tmp_path):
    """Two classes of five different sounds each."""
    for label, name in enumerate(("high", "low")):
        for number in range(5):
            frequency_hz = 300 + 50 * number + 1000 * label
            write(tmp_path / "sounds" / name / f"{number}.wav", tone(0.2 + 0.05 * number, frequency_hz=frequency_hz))
    return tmp_path / "sounds"


class TestJudge:
    def notes(self, path, config=CONFIG):
        return {note.kind: note.text for note in verdict.judge(path, config).notes}

    def test_clean_sound_has_no_notes(self, tmp_path):
        assert self.notes(write(tmp_path / "a.wav", tone())) == {}

    @pytest.mark.parametrize(
        ("kind", "samples", "rate_hz", "text"),
        [
            ("clipped", np.clip(5 * tone(), -1, 1), 8000, r"clipped \(\d+ samples at full scale\)"),
            ("dc offset", 0.5 * tone() + 0.2, 8000, r"DC offset \(\+0\.2\d\d of full scale\)"),
            ("too long", tone(1.012), 8000, r"0\.50 s longer than the model's 0\.51 s"),
            ("mixed down", np.stack([tone(), 0.2 * tone()], axis=1), 8000, "stereo mixed down to mono"),
            ("mixed down", np.stack([tone()] * 6, axis=1), 8000, "6 channels mixed down to mono"),
            ("resampled", tone(rate_hz=44100), 44100, "resampled from 44100 Hz"),
        ],
    )
    def test_notes(self, tmp_path, kind, samples, rate_hz, text):
        notes = self.notes(write(tmp_path / "a.wav", samples, rate_hz))
        assert list(notes) == [kind]
        assert re.fullmatch(text, notes[kind])

    def test_notes_add_up(self, tmp_path):
        samples = np.stack([np.clip(9 * tone(2, 16000), -1, 1)] * 2, axis=1)
        assert list(self.notes(write(tmp_path / "a.wav", samples, 16000))) == [
            "clipped",
            "too long",
            "mixed down",
            "resampled",
        ]

    def test_loud_and_low_is_not_clipped(self, tmp_path):
        samples = np.sin(2 * np.pi * 50 * np.arange(22050) / 44100) * 32767 / 32768
        assert "clipped" not in self.notes(write(tmp_path / "a.wav", samples, 44100, "PCM_16"))

    @pytest.mark.parametrize(
        ("samples", "reason"),
        [
            (tone(0.005), r"too short \(5\.0 ms, 10 ms is the least\)"),
            (np.full(4000, 0.3), "constant level and no sound"),
            (np.zeros(4000), "silent"),
            (np.full(4000, np.inf), "infinite"),
        ],
    )
    def test_refusals(self, tmp_path, samples, reason):
        with pytest.raises(AudioError, match=reason):
            verdict.judge(write(tmp_path / "a.wav", samples), CONFIG)

    def test_digest_tells_copies_in_any_lossless_format(self, tmp_path):
        pcm = np.round(tone() * 32767).astype(np.int16)
        digests = {
            verdict.judge(write(tmp_path / name, samples, rate_hz, "PCM_16"), CONFIG).digest
            for name, samples, rate_hz in [("a.wav", pcm, 8000), ("b.flac", pcm, 8000), ("c.aiff", pcm, 8000)]
        }
        assert len(digests) == 1
        other_rate = verdict.judge(write(tmp_path / "d.wav", pcm, 16000, "PCM_16"), CONFIG).digest
        assert other_rate not in digests

    def test_clipped_samples(self, rng):
        samples = rng.uniform(-0.9, 0.9, 1000)
        samples[100:105] = 1
        samples[300:307] = -1
        samples[500:503] = 1
        assert verdict.clipped_samples(samples) == 12


class TestJudgeItems:
    def test_copies_name_the_first(self, tmp_path):
        for name in ("a", "b", "c"):
            write(tmp_path / f"{name}.wav", tone(level=0.5 if name != "b" else 0.4))
        items = [Item(tmp_path / f"{name}.wav", name) for name in ("a", "b", "c")]
        outcomes = [got for _, got in judge_items(items, CONFIG, without_copies=True)]
        assert outcomes[2] == Refusal("c", "exact duplicate of a")
        assert all(isinstance(got, Judged) for got in outcomes[:2])
        assert all(isinstance(got, Judged) for _, got in judge_items(items, CONFIG))

    def test_order_is_kept(self, tmp_path):
        items = [Item(None, str(n), samples=tone(0.3 / (n % 7 + 1)), rate_hz=8000) for n in range(100)]
        assert [item.name for item, _ in judge_items(items, CONFIG)] == [str(n) for n in range(100)]

    def test_reads_only_so_far_ahead(self, monkeypatch):
        """What is judged and not yet taken is bounded, or memory would grow with the number of files."""
        judged, lock = [], threading.Lock()

        def count(item, config):
            with lock:
                judged.append(item.name)
            return Refusal(item.name, "")

        monkeypatch.setattr(reading, "_judge_item", count)
        items = [Item(None, str(n)) for n in range(1000)]
        for taken, _ in enumerate(judge_items(items, CONFIG), start=1):
            with lock:
                assert len(judged) <= taken + 8 * reading._N_READERS

    def test_training_and_check_judge_alike(self, sounds):
        write(sounds / "low" / "silent.wav", np.zeros(4000))
        write(sounds / "low" / "copy.wav", tone(0.2, frequency_hz=300))
        (sounds / "high" / "text.wav").write_text("no sound")
        config = folder.choose(folder_config.make(), sounds)
        prepared = folder.prepare(config, sounds)
        found = check.check_folder(sounds, folder_config.make())
        assert {(each.name, each.reason) for each in prepared.refusals} == {
            (each.name, each.reason) for each in found.verdicts if each.reason
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
            ({"labels": "kmeans:6"}, "5 usable sounds .* fewer than 6 clusters: use a smaller K"),
            ({"pattern": r"(\d)"}, r"too few usable sounds of a class in .*0 has 1"),
            ({"pattern": "(z)"}, "no usable sound"),
            ({"labels": "kmeans:5"}, None),
            ({"pattern": r"\d"}, "too few usable"),
        ],
    )
    def test_would_be_refused_as_training_would(self, sounds, options, problem):
        import shutil

        shutil.rmtree(sounds / "low")
        found = check.check_folder(sounds, folder_config.make(**options))
        if problem is None:
            assert found.problem is None
            check.require_trainable(found)
            return
        assert re.search(problem, found.problem)
        with pytest.raises(UserError, match="training would be refused"):
            check.require_trainable(found)
        with pytest.raises(UserError, match=problem):
            folder.prepare(folder.choose(folder_config.make(**options), sounds), sounds)

    def test_real_drums(self, shared_data):
        found = check.check_folder(shared_data / "drums", folder_config.make())
        assert found.n_usable == 154
        assert (found.audio.rate_hz, found.problem) == (22050, None)


class TestCommand:
    def test_usable_folder(self, sounds, run):
        write(sounds / "low" / "silent.wav", np.zeros(4000))
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
            write(sounds / "low" / f"loud {number}.wav", np.clip((5 + number) * tone(), -1, 1))
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
