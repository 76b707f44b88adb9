"""New sounds of classes, in memory and as a folder."""

import dataclasses
import json
import unicodedata

import numpy as np
import pytest
import soundfile

from audio_vae.audio.fidelity import cell_distances_db
from audio_vae.kits.write import FORMATS, KitOptions
from audio_vae.sampling.made_sample import labels_of, make_sample
from audio_vae.sampling.novelty import COPY_DB, decoded_cells_db, training_sounds
from audio_vae.sampling.sample import sample
from audio_vae.utils.errors import UserError


class TestMake:
    def test_new_sounds_are_no_copies_and_lie_in_their_class(self, toy_run):
        made = make_sample(toy_run, ["low"], 6, seed=7)
        assert [each.name for each in made.sounds] == [f"low-seed7-{number:03d}" for number in range(6)]
        known = training_sounds(toy_run)
        latents = np.stack([each.latent for each in made.sounds])
        found = known.nearest(latents, decoded_cells_db(toy_run.decode(latents), 8000))
        assert [each.nearest_distance_db for each in made.sounds] == [each.distance_db for each in found]
        assert [each.nearest for each in made.sounds] == [known.names[each.index] for each in found]
        assert all(each.distance_db >= COPY_DB and known.labels[each.index] == 0 for each in found)

    def test_they_are_apart_from_one_another(self, toy_run):
        latents = np.stack([each.latent for each in make_sample(toy_run, ["low"], 6).sounds])
        cells = decoded_cells_db(toy_run.decode(latents), 8000)
        distances = cell_distances_db(cells, cells) + 99 * np.eye(6)
        assert distances.min() >= COPY_DB

    def test_the_same_seed_gives_the_same_sounds_and_another_gives_others(self, toy_run):
        first, again, other = (make_sample(toy_run, ["low"], 3, seed=seed) for seed in (7, 7, 8))
        for one, two in zip(first.sounds, again.sounds, strict=True):
            np.testing.assert_array_equal(one.given.samples, two.given.samples)
        assert not np.array_equal(first.sounds[0].latent, other.sounds[0].latent)

    def test_a_class_does_not_depend_on_the_others_asked_for(self, toy_run):
        alone = make_sample(toy_run, ["it's high"], 2)
        both = make_sample(toy_run, (), 2)
        assert both.classes == ("low", "it's high")
        np.testing.assert_array_equal(alone.sounds[0].latent, both.sounds[2].latent)

    def test_levels(self, toy_run):
        assert make_sample(toy_run, ["low"], 1, level="peak").level == "peak"
        kept, loud = (make_sample(toy_run, ["low"], 2, level=level) for level in ("keep", "peak"))
        assert [np.abs(each.given.samples).max() for each in kept.sounds] == pytest.approx([0.5, 0.5], rel=1e-4)
        assert all(np.abs(each.given.samples).max() > 0.85 for each in loud.sounds)

    def test_temperature_goes_farther_out(self, toy_run):
        centre = training_sounds(toy_run).latents[:12].mean(axis=0)
        away = [
            np.mean([np.linalg.norm(each.latent - centre) for each in made.sounds])
            for made in (make_sample(toy_run, ["low"], 4, temperature=each) for each in (0.6, 1.5))
        ]
        assert away[1] > 1.5 * away[0]

    def test_more_than_the_class_can_give(self, toy_run):
        with pytest.raises(UserError, match=r"class 'low' gives [01] new sounds at temperature 0, not 2: the others"):
            make_sample(toy_run, ["low"], 2, temperature=0)
        with pytest.raises(UserError, match=r"copies \(less than 1 dB from a training sound or a new one\) or no low"):
            make_sample(toy_run, ["low"], 40, temperature=0.05)

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"classes": ["kick"]}, "unknown class 'kick' in .*: give one of low, it's high, empty"),
            ({"classes": ["empty"]}, "class 'empty' has 0 training sounds"),
            ({"n_each": 0}, "0 sounds of a class cannot be made: give a number from 1 to 1000"),
            ({"temperature": -1}, "the temperature -1 cannot be used: give 0 to 4"),
            ({"temperature": float("nan")}, "the temperature nan cannot be used"),
            ({"seed": -1}, "the seed -1 cannot be used"),
        ],
    )
    def test_what_cannot_be_drawn(self, toy_run, arguments, match):
        with pytest.raises(UserError, match=match):
            make_sample(toy_run, **arguments)

    def test_no_class_with_two_training_sounds(self, toy_run, monkeypatch, tmp_path):
        known = training_sounds(toy_run)
        monkeypatch.setattr(known, "labels", np.zeros(0, np.int32))
        message = r"^no class in .* has two training sounds, which a spread takes: train on more sounds$"
        with pytest.raises(UserError, match=message):
            make_sample(toy_run)
        with pytest.raises(UserError, match=message):
            sample(toy_run, out=tmp_path / "s")
        assert not (tmp_path / "s").exists()

    def test_it_does_not_matter_how_accents_are_typed(self, toy_run, monkeypatch):
        name = unicodedata.normalize("NFC", "Käfer")
        sounds = dataclasses.replace(toy_run.sounds, class_names=(name, "it's high", "empty"))
        monkeypatch.setitem(vars(toy_run), "sounds", sounds)
        assert labels_of(toy_run, [unicodedata.normalize("NFD", name), name]) == [0]


class TestFolder:
    def test_files_are_named_after_class_and_seed(self, toy_run, tmp_path):
        kit = KitOptions(("sfz", "hydrogen"), "round-robin")
        made = sample(toy_run, ["low"], tmp_path / "s", n_each=2, seed=7, subtype="FLOAT", kit=kit)
        assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [
            *("kits", "low-seed7-000.wav", "low-seed7-001.wav", "sample.json", "sample.png")
        ]
        stored = json.loads((tmp_path / "s" / "sample.json").read_text(encoding="utf-8"))
        assert stored == json.loads(json.dumps(made.sidecar))
        drawn = make_sample(toy_run, ["low"], 2, seed=7)
        for each, sound in zip(drawn.sounds, stored["sounds"], strict=True):
            samples, _ = soundfile.read(tmp_path / "s" / sound["file"], dtype="float32", always_2d=True)
            np.testing.assert_array_equal(samples, each.given.samples)
            np.testing.assert_array_equal(np.float32(sound["latent"]), each.latent)
        assert stored["kit"]["files"] == ["sfz/low-seed7.sfz", "hydrogen/low-seed7.h2drumkit"]

    def test_the_same_command_gives_the_same_bytes_and_replaces_the_older_folder(self, toy_run, tmp_path):
        before = None
        for _ in range(2):
            kit = KitOptions(FORMATS, "round-robin")
            folder = sample(toy_run, ["low"], tmp_path / "s", n_each=1, kit=kit).folder
            files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            assert before in (None, files)
            before = files

    @pytest.mark.usefixtures("no_pictures")
    def test_default_folder_and_another_one(self, toy_run, tmp_path):
        assert sample(toy_run, ["low"], n_each=1, seed=2).folder == toy_run.path / "samples" / "low-seed2"
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(UserError, match=r"holds other files \(no sample.json\)"):
            sample(toy_run, ["low"], tmp_path, n_each=1)

    def test_a_kit_without_room_is_refused_before_anything_is_drawn(self, toy_run, tmp_path, monkeypatch):
        monkeypatch.setattr("audio_vae.sampling.sample.make_sample", None)
        with pytest.raises(UserError, match="200 sounds are too many for the 128 keys of a kit"):
            sample(toy_run, ["low"], tmp_path / "s", n_each=200, kit=KitOptions(("sfz",), "keys"))
        with pytest.raises(UserError, match="160 sounds are too many for the 128 keys of a kit"):
            sample(toy_run, (), tmp_path / "s", n_each=80, kit=KitOptions(("sfz",), "keys"))
        with pytest.raises(UserError, match="17 sounds of low are too many for a kit of hydrogen"):
            sample(toy_run, (), tmp_path / "s", n_each=17, kit=KitOptions(("hydrogen",), "velocity"))
        assert not (tmp_path / "s").exists()

    @pytest.mark.usefixtures("no_pictures")
    def test_a_class_that_is_named_twice_takes_its_keys_once(self, toy_run, tmp_path):
        made = sample(toy_run, ["low"] * 129, tmp_path / "s", n_each=1, kit=KitOptions(("sfz",), "keys"))
        assert len(made.sidecar["kit"]["zones"]) == 1

    def test_a_number_out_of_range_is_refused_before_the_kit(self, toy_run, tmp_path):
        with pytest.raises(UserError, match="2000 sounds of a class cannot be made: give a number from 1 to 1000"):
            sample(toy_run, (), tmp_path / "s", n_each=2000, kit=KitOptions(("sfz",), "keys"))
