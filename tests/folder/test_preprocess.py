"""Your own sounds as a data set: choices from the data, labels, split, and from the command line to a morph."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import tiny_presets
from sound_files import write_sound

from audio_vae import config
from audio_vae.audio.decoding import tfio_works
from audio_vae.config import TrainingConfig
from audio_vae.data import shards
from audio_vae.folder import config as folder_config
from audio_vae.folder import preprocess as folder
from audio_vae.folder.check import check_folder
from audio_vae.folder.dataset import DATASET
from audio_vae.models import one_shot_start
from audio_vae.runs.prepare import prepare_run, sounds_of_run
from audio_vae.utils.errors import UserError


def write_class(place, names, frequency_hz, rng, duration_s=0.3, rate_hz=8000):
    place.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    for name in names:
        samples = np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-6 * time_s) + rng.normal(0, 0.01, len(time_s))
        soundfile.write(place / name, 0.5 * samples, rate_hz)


@pytest.fixture
def sounds(tmp_path, rng):
    """Three classes of ten sounds."""
    for number, name in enumerate(("cat", "cow", "dog")):
        write_class(tmp_path / "sounds" / name, [f"{n}.wav" for n in range(10)], 200 * 3**number, rng)
    return tmp_path / "sounds"


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    tiny_presets.shrink_until_undone(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return run


def prepare(sounds, **options):
    return folder.prepare(folder.choose(folder_config.make(**options), sounds), sounds)


class TestMake:
    @pytest.mark.parametrize("labels", ["kmeans", "kmeans:", "kmeans:x", "names", ""])
    def test_unknown_labels(self, labels):
        with pytest.raises(UserError, match=r"unknown labels .*kmeans:K"):
            folder_config.make(labels=labels)

    def test_one_cluster(self):
        with pytest.raises(UserError, match="too few classes"):
            folder_config.make(labels="kmeans:1")

    def test_two_sources_of_classes(self):
        with pytest.raises(UserError, match="--pattern and --labels kmeans:2 name two sources of classes"):
            folder_config.make(labels="kmeans:2", pattern="(.)")

    def test_options_are_kept(self):
        made = folder_config.make("dc", labels="kmeans:4", rate_hz=16000, latent_dim=7)
        assert (made.model.latent_dim, made.model.n_classes, made.audio.rate_hz) == (7, 4, 16000)
        assert config.Config.from_dict(made.to_dict()) == made


class TestChoose:
    def test_from_the_sounds(self, sounds):
        chosen = folder.choose(folder_config.make(), sounds)
        assert (chosen.audio.rate_hz, chosen.audio.n_samples) == (8000, 2400)
        assert (chosen.model.n_samples, chosen.model.n_classes) == (2400, 3)

    @pytest.mark.parametrize(("preset", "rate_hz"), [("studio", 48000), ("cc", 22050)])
    def test_commonest_rate_up_to_that_of_the_preset(self, tmp_path, rng, preset, rate_hz):
        write_class(tmp_path / "a", ["1.wav", "2.wav"], 300, rng, rate_hz=11025)
        write_class(tmp_path / "b", ["1.wav", "2.wav"], 300, rng, rate_hz=96000)
        write_class(tmp_path / "d", ["1.wav"], 300, rng, rate_hz=48000)
        write_class(tmp_path / "c", ["1.wav"], 300, rng, rate_hz=44100)
        assert folder.choose(folder_config.make(preset), tmp_path).audio.rate_hz == rate_hz

    def test_length_holds_nine_of_ten_and_has_an_end(self, tmp_path, rng):
        write_class(tmp_path / "a", [f"{n}.wav" for n in range(19)], 300, rng, duration_s=0.25)
        write_class(tmp_path / "b", ["long.wav"], 300, rng, duration_s=9)
        assert folder.choose(folder_config.make(), tmp_path).audio.n_samples == 2016
        write_class(tmp_path / "c", [f"{n}.wav" for n in range(9)], 300, rng, duration_s=9)
        assert folder.choose(folder_config.make(), tmp_path).audio.n_samples == 3 * 8000
        paper = folder.choose(folder_config.make("cc"), tmp_path)
        assert paper.audio.n_samples == 32768

    @pytest.mark.parametrize("tail_s", [0.0, 3.0, 70.0])
    def test_length_follows_where_sounds_end(self, tmp_path, tail_s):
        time_s = np.arange(1600) / 8000
        for name in ("a", "b"):
            for number in range(3):
                tone = np.sin(2 * np.pi * 200 * (number + 1) * time_s)
                path = tmp_path / name / f"{number}.wav"
                write_sound(path, np.concatenate([np.zeros(4000), 0.5 * tone, np.zeros(round(8000 * tail_s))]))
        chosen = folder.choose(folder_config.make(), tmp_path)
        # 0.2 s, and 10 ms after their end.
        assert chosen.audio.n_samples == (1600 if tail_s == 0 else 1696)
        kinds = {note.kind for each in check_folder(tmp_path, folder_config.make()).files for note in each.notes}
        assert kinds == ({"not read"} if tail_s > 60 else set())

    @pytest.mark.parametrize(("seconds", "n_samples"), [(0.01, 96), (0.2, 1600), (0.201, 1632)])
    def test_given_length_is_rounded_up_to_32(self, sounds, seconds, n_samples):
        assert folder.choose(folder_config.make(seconds=seconds), sounds).audio.n_samples == n_samples

    def test_nothing_readable(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x.wav").write_text("")
        chosen = folder.choose(folder_config.make(), tmp_path)
        assert (chosen.audio.rate_hz, chosen.audio.n_samples) == (44100, 32)

    def test_no_folder(self):
        with pytest.raises(UserError, match="--data"):
            folder.choose(folder_config.make(), None)


class TestPrepare:
    def test_folders_are_classes_with_a_split(self, sounds):
        prepared = prepare(sounds)
        assert prepared.labels_report["classes"] == {
            name: {"size": 10, "train": 8, "test": 2} for name in ("cat", "cow", "dog")
        }
        assert prepared.labels_report["source"] == "folder names"
        assert prepared.sounds.audio.shape == (30, 2400)

    def test_split_is_seeded(self, sounds):
        def split(seed):
            return prepare(sounds, training=TrainingConfig(seed=seed)).sounds.is_test

        np.testing.assert_array_equal(split(1), split(1))
        assert any((split(1) != split(seed)).any() for seed in (2, 3))

    def test_deeper_folders_belong_to_the_first(self, sounds):
        (sounds / "cat" / "loud").mkdir()
        (sounds / "cat" / "0.wav").rename(sounds / "cat" / "loud" / "0.wav")
        assert prepare(sounds).labels_report["classes"]["cat"]["size"] == 10

    def test_pattern(self, tmp_path, rng):
        write_class(tmp_path, [f"{n}_meow_x.wav" for n in range(4)], 300, rng)
        write_class(tmp_path, [f"{n}_moo_x.wav" for n in range(4)], 600, rng)
        write_class(tmp_path, ["odd.wav"], 900, rng)
        for pattern in (r"\d_(\w+)_", r"(\d)_(?P<label>\w+)_"):
            prepared = prepare(tmp_path, pattern=pattern)
            assert prepared.sounds.class_names == ("meow", "moo")
            assert [each.name for each in prepared.refusals] == ["odd.wav"]
            assert "--pattern" in prepared.refusals[0].reason

    def test_clusters_of_a_flat_folder(self, tmp_path, rng):
        write_class(tmp_path, [f"a{n}.wav" for n in range(5)], 300, rng)
        write_class(tmp_path, [f"b{n}.wav" for n in range(5)], 2000, rng)
        prepared = prepare(tmp_path, labels="kmeans:2")
        assert prepared.sounds.class_names == ("cluster-1", "cluster-2")
        assert len({prepared.sounds.labels[n] for n in range(5)}) == 1
        assert prepared.sounds.labels[0] != prepared.sounds.labels[9]

    def test_clusters_are_named_after_folders(self, sounds):
        assert set(prepare(sounds, labels="kmeans:3").sounds.class_names) == {"cat", "cow", "dog"}

    def test_flat_folder_needs_labels(self, tmp_path, rng):
        write_class(tmp_path, ["1.wav", "2.wav", "3.wav"], 300, rng)
        with pytest.raises(UserError, match=r"only one folder .*--labels kmeans:K"):
            prepare(tmp_path)

    def test_class_of_two_sounds(self, sounds, rng):
        write_class(sounds / "hen", ["1.wav", "2.wav"], 900, rng)
        with pytest.raises(UserError, match=r"too few usable sounds of a class .*hen has 2; 3 or more"):
            prepare(sounds)

    def test_without_a_classifier(self, sounds):
        chosen = folder.choose(folder_config.make("dc-nonclass"), sounds)
        assert chosen.model.n_classes == 0


class TestRun:
    def test_same_command_goes_on_without_data(self, sounds, tmp_path):
        run, _ = prepare_run(DATASET, tmp_path / "run", folder_config.make(), sounds)
        again, _ = prepare_run(DATASET, tmp_path / "run", folder_config.make())
        assert again.config == run.config
        with pytest.raises(UserError, match="other settings"):
            prepare_run(DATASET, tmp_path / "run", folder_config.make(rate_hz=16000))

    def test_number_of_classes_is_that_of_usable_ones(self, sounds, tmp_path):
        (sounds / "empty").mkdir()
        (sounds / "empty" / "x.wav").write_text("")
        run, found = prepare_run(DATASET, tmp_path / "run", folder_config.make(), sounds)
        assert run.config.model.n_classes == 3
        assert [each["name"] for each in found["refused"]] == ["empty/x.wav"]

    def test_other_sounds_are_read_as_the_model_needs_them(self, sounds, tmp_path, rng):
        run, _ = prepare_run(DATASET, tmp_path / "run", folder_config.make(), sounds)
        for name in ("cat", "cow", "dog"):
            write_class(tmp_path / "more" / name, ["1.wav", "2.wav", "3.wav"], 500, rng, 0.8, 44100)
        with sounds_of_run(DATASET, run, tmp_path / "more") as found:
            assert found.audio.shape == (9, 2400)

    def test_many_other_sounds_are_in_shards_for_a_while(self, sounds, tmp_path, monkeypatch):
        run, _ = prepare_run(DATASET, tmp_path / "run", folder_config.make(), sounds)
        monkeypatch.setattr(shards, "LARGE_BYTES", 30 * 2400 * 4 - 1)
        with sounds_of_run(DATASET, run, sounds) as found:
            assert found.is_stored
            assert found.audio.folder.is_dir()
            np.testing.assert_array_equal(found.audio[:], run.sounds.audio)
        assert not found.audio.folder.exists()
        monkeypatch.setattr(shards, "LARGE_BYTES", 30 * 2400 * 4)
        with sounds_of_run(DATASET, run, sounds) as found:
            assert not found.is_stored


def test_train_evaluate_morph(sounds, run, tmp_path, monkeypatch):
    monkeypatch.setattr(one_shot_start, "N_ANALYSED", 24)
    (sounds / "cat" / "broken.wav").write_text("no sound")
    code, out, err = run("folder", "train", "--data", sounds, "--epochs", 1, "--latent-dim", 6)
    assert code == 0, err
    assert "24 training and 6 test sounds (cat 10, cow 10, dog 10)" in out
    assert "model: 8000 Hz, 2400 samples (0.30 s)" in out
    assert f"decoded by {'tensorflow-io' if tfio_works() else 'libsndfile'}" in out
    assert "left out: cat/broken.wav: not readable" in err
    saved = json.loads((tmp_path / "runs" / "folder" / "config.json").read_text())["config"]
    assert (saved["model"]["latent_dim"], saved["model"]["n_classes"]) == (6, 3)

    code, _, err = run("folder", "evaluate")
    assert code == 0, err
    assert json.loads((tmp_path / "runs/folder/report/report.json").read_text())["n_test"] == 6

    code, _, err = run("folder", "morph", "cat", "dog:1", "--steps", 3, "--out", "m")
    assert code == 0, err
    assert soundfile.info(tmp_path / "m" / "01.wav").samplerate == 8000


def test_nothing_is_left_of_a_refused_training(sounds, run, tmp_path):
    code, _, err = run("folder", "train", "--data", sounds / "cat")
    assert code == 1
    assert "Error: only one folder with usable sounds in" in err
    assert not (tmp_path / "runs").exists()


def test_train_needs_a_folder(run):
    code, _, err = run("folder", "train")
    assert code == 1
    assert err.strip() == "Error: no folder of sounds is given: name it with --data"


def test_config_of_another_length_is_no_config(sounds):
    chosen = folder.choose(folder_config.make(), sounds)
    with pytest.raises(ValueError, match="same length"):
        replace(chosen, audio=replace(chosen.audio, n_samples=64))
