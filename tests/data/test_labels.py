"""Labels from folders, file names or k-means, the seeded split, and what errors tell users to do."""

import dataclasses
import re
from collections import Counter

import click
import pytest
from sound_files import decaying_tone, write_sound

from audio_vae.cli.main import cli
from audio_vae.data import labels
from audio_vae.data.labels import LabelRules, why_refused
from audio_vae.data.nesting import INNERMOST
from audio_vae.data.reading import Item
from audio_vae.drums import config as drums_config
from audio_vae.drums import preprocess as drums
from audio_vae.folder import config as folder_config
from audio_vae.folder import preprocess as folder
from audio_vae.folder.check import check_folder, report_lines
from audio_vae.utils.errors import UserError

RULES = LabelRules(lambda name: None, "--ask-for-kmeans", "--number-of-clusters", without_data="sing", least_sounds=2)


class TestFindItems:
    def test_names_are_paths_in_the_folder(self, tmp_path):
        for name in ("b/2.wav", "b/deep/1.flac", "a.aiff"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        assert [item.name for item in labels.find_items(tmp_path, RULES)] == ["a.aiff", "b/2.wav", "b/deep/1.flac"]

    def test_other_files_are_counted(self, tmp_path):
        for name in ("a.wav", "notes.txt", "more.txt", "README"):
            (tmp_path / name).touch()
        others = Counter()
        labels.find_items(tmp_path, RULES, others)
        assert others == {".txt": 2, "no extension": 1}

    def test_nothing_found(self, tmp_path):
        with pytest.raises(UserError, match=r"no sound files in .*: give a folder of sound files as --data, or sing"):
            labels.find_items(tmp_path, RULES)


@pytest.mark.parametrize("name", ["Caisse \u00e9", "Caisse e\u0301"], ids=["composed", "decomposed"])
def test_names_are_composed(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}.wav").touch()
    items = labels.find_items(tmp_path, RULES)
    assert [item.name for item in items] == ["Caisse \u00e9/Caisse \u00e9.wav"]
    assert items[0].path.is_file()
    for options in ({}, {"pattern": f"({name})"}):
        (kept,), _ = labels.labelled(items, folder_config.make(**options))
        assert kept.class_name == "Caisse \u00e9"


@pytest.mark.parametrize(("name", "expected"), [("cat/1.wav", "cat"), ("cat/loud/1.wav", "cat"), ("1.wav", None)])
def test_folder_of(name, expected):
    assert labels.folder_of(name) == expected


class TestLabelled:
    items = (Item(None, "cat/1_meow.wav"), Item(None, "dog/2_woof.wav"), Item(None, "3_moo.wav"))

    def labelled(self, items=items, **options):
        kept, refused = labels.labelled(items, folder_config.make(**options))
        return {item.name: item.class_name for item in kept}, {each.name: each.reason for each in refused}

    def test_folders(self):
        assert self.labelled() == (
            {"cat/1_meow.wav": "cat", "dog/2_woof.wav": "dog"},
            {"3_moo.wav": "not in a class folder"},
        )

    def test_folder_without_folders_is_one_class(self):
        assert self.labelled(self.items[2:]) == ({"3_moo.wav": labels.FLAT}, {})

    def test_kmeans_refuses_nothing(self):
        assert self.labelled(labels="kmeans:2") == (dict.fromkeys([item.name for item in self.items]), {})

    @pytest.mark.parametrize("pattern", ["_(m.*)[.]", "(.)_(?P<label>m.*)[.]"])
    def test_pattern(self, pattern):
        kept, refused = self.labelled(pattern=pattern)
        assert kept == {"cat/1_meow.wav": "meow", "3_moo.wav": "moo"}
        assert refused == {"dog/2_woof.wav": f"its name does not fit --pattern {pattern}"}

    def test_pattern_with_a_slash_is_for_the_path(self):
        items = [Item(None, "a/kick/1.wav"), Item(None, "b/snare/2.wav"), Item(None, "3.wav")]
        kept, refused = self.labelled(items, pattern=INNERMOST)
        assert kept == {"a/kick/1.wav": "kick", "b/snare/2.wav": "snare"}
        assert list(refused) == ["3.wav"]

    def test_pattern_that_is_none(self):
        with pytest.raises(UserError, match=r"--pattern \( is no regular expression"):
            self.labelled(pattern="(")


class TestWhyRefused:
    @pytest.mark.parametrize(
        ("sizes", "options", "expected"),
        [
            ({}, {}, "no usable sound in here: add sounds, or choose another --data"),
            (
                {None: 9},
                {"labels": "kmeans:5"},
                "9 usable sounds in here are too few for 5 .*smaller --number-of",
            ),
            (
                {"low (a.wav, …)": 9, "cluster-2 (b.wav, …)": 1},
                {"labels": "kmeans:2"},
                r"k-means finds too few sounds .*here \(cluster-2 \(b\.wav, …\) has 1; 2 or more .*--number-of",
            ),
            ({"cat": 9}, {}, "only one folder .*a folder for each class, or use --ask-for-kmeans"),
            ({"cat": 9}, {"pattern": "."}, "only one class .*another --pattern, or in its place --ask-for-kmeans"),
            ({"cat": 9, "dog": 1}, {}, r"too few .*\(dog has 1; 2 or more"),
            ({"cat": 2, "dog": 2}, {}, "no class in here has 3 usable sounds, so that none would be in the test set"),
            ({"a": 2, "b": 2}, {"labels": "kmeans:2"}, "no class in here has 3 usable sounds"),
        ],
    )
    def test_words_are_the_data_sets(self, sizes, options, expected):
        assert re.match(expected, why_refused(sizes, folder_config.make(**options), RULES, "here"))

    @pytest.mark.parametrize(
        ("sizes", "options"), [({None: 10}, {"labels": "kmeans:5"}), ({"cat": 2, "dog": 3}, {}), ({"a": 2, "b": 9}, {})]
    )
    def test_what_can_be_trained(self, sizes, options):
        assert why_refused(sizes, folder_config.make(**options), RULES, "here") is None

    def test_a_class_needs_as_many_sounds_as_the_rules_say(self):
        sizes = {"cat": 1, "dog": 3}
        assert why_refused(sizes, folder_config.make(), RULES, "here")
        assert why_refused(sizes, folder_config.make(), dataclasses.replace(RULES, least_sounds=1), "here") is None


def options_of(name):
    """All options of a data set's commands."""
    commands = cli.commands[name].commands.values()
    return {
        text for command in commands for each in command.params if isinstance(each, click.Option) for text in each.opts
    }


def nothing(place):
    pass


def one_class(place):
    for number in range(4):
        write_sound(place / "cat" / f"{number}.wav", decaying_tone(frequency_hz=300 + 50 * number))


def two_small_classes(place):
    write_sound(place / "cat" / "1.wav", decaying_tone())
    write_sound(place / "dog" / "1.wav", decaying_tone(frequency_hz=900))


def broken(place):
    (place / "cat").mkdir()
    (place / "cat" / "1.wav").write_text("no sound")


def copies(place):
    """Sounds that differ in their ends alone, so that all have the same attack."""
    for number in range(4):
        samples = decaying_tone(0.5)
        samples[2000 + number :] = 0
        write_sound(place / "cat" / f"{number}.wav", samples)


def prepare_folder(place, options):
    return folder.prepare(folder.choose(folder_config.make(**options), place), place)


def prepare_drums(place, options):
    return drums.prepare(drums_config.make(**options), place)


FILLS = (nothing, one_class, two_small_classes, broken, copies)
REFUSED = [
    *(("folder", {}, fill) for fill in FILLS),
    *(("folder", {"labels": "kmeans:4"}, fill) for fill in FILLS if fill is not one_class),
    *(("folder", {"pattern": "(.)"}, fill) for fill in FILLS),
    *(("drums", {"labels": "folder"}, fill) for fill in FILLS),
    *(("drums", {"n_clusters": 4}, fill) for fill in FILLS if fill is not one_class),
]


@pytest.mark.parametrize(
    ("name", "options", "fill"), REFUSED, ids=[f"{name}-{options}-{fill.__name__}" for name, options, fill in REFUSED]
)
def test_errors_name_no_option_that_the_data_set_lacks(tmp_path, name, options, fill):
    fill(tmp_path)
    prepare = {"folder": prepare_folder, "drums": prepare_drums}[name]
    with pytest.raises(UserError, match="sound") as caught:
        prepare(tmp_path, options)
    error = str(caught.value)
    assert set(re.findall(r"--[a-z-]+", error)) <= options_of(name)
    if "clusters:" in error:
        assert ("use a smaller K in --labels kmeans:K" if name == "folder" else "use a smaller --clusters") in error


def test_cluster_sizes_name_the_first_sound():
    sizes = labels.cluster_sizes(["low", "high", "low"], ["a.wav", "b.wav", "c.wav"])
    assert sizes == {"low (a.wav, …)": 2, "high (b.wav, …)": 1}


@pytest.mark.parametrize("options", [{}, {"pattern": r"^([ab])"}, {"labels": "kmeans:2"}])
def test_least_number_of_sounds_holds_for_every_way_of_labelling(tmp_path, rng, options):
    """Of what is trained each class has a test sound, and two sounds of a class are never trained."""
    for name, frequency_hz in (("a", 200), ("b", 2000)):
        for number in range(3):
            tone = decaying_tone(frequency_hz=frequency_hz * rng.uniform(0.98, 1.02))
            write_sound(tmp_path / name / f"{name}{number}.wav", tone)
    sounds = prepare_folder(tmp_path, options).sounds
    assert sorted(sounds.labels[sounds.is_test]) == [0, 1]
    assert check_folder(tmp_path, folder_config.make(**options)).problem is None
    (tmp_path / "b" / "b0.wav").rename(tmp_path / "a" / "a3.wav")
    write_sound(tmp_path / "a" / "a3.wav", decaying_tone(frequency_hz=210))
    with pytest.raises(UserError, match=r"too few .* has 2; 3 or more are needed, one of them for the test"):
        prepare_folder(tmp_path, options)
    assert "has 2; 3 or more" in check_folder(tmp_path, folder_config.make(**options)).problem


class TestNested:
    """Packs of sounds, sorted into folders within folders."""

    def fill(self, place, packs):
        for pack in packs:
            for frequency_hz, kind in ((200, "kick"), (900, "snare")):
                for number in range(3):
                    tone = decaying_tone(frequency_hz=frequency_hz + 10 * number + len(pack))
                    write_sound(place / pack / kind / f"{number}.wav", tone)

    def test_better_folder(self, tmp_path):
        self.fill(tmp_path, ["pack"])
        better = rf"2 or more are needed: give {tmp_path}/pack \(with kick, snare\) as"
        with pytest.raises(UserError, match=f"{better} --data, or use --labels kmeans:K"):
            prepare_folder(tmp_path, {})
        with pytest.raises(UserError, match=f"{better} --data, or use --labels kmeans"):
            prepare_drums(tmp_path, {"labels": "folder"})
        assert re.search(f"{better} FOLDER", check_folder(tmp_path, folder_config.make()).problem)
        assert prepare_folder(tmp_path / "pack", {}).sounds.class_names == ("kick", "snare")

    def test_pattern(self, tmp_path):
        self.fill(tmp_path, ["one", "second"])
        hint = f"use --pattern '{INNERMOST}' to make classes of the deeper folders (kick, snare)"
        prepared = prepare_folder(tmp_path, {})
        assert prepared.sounds.class_names == ("one", "second")
        assert prepared.labels_report["hint"] == hint
        found = check_folder(tmp_path, folder_config.make())
        assert (found.hint, found.problem) == (hint, None)
        assert f"The classes are the folders in {tmp_path}; {hint}" in report_lines(found)
        assert "hint" not in prepare_drums(tmp_path, {"labels": "folder"}).labels_report
        assert prepare_folder(tmp_path, {"pattern": INNERMOST}).sounds.class_names == ("kick", "snare")

    def test_folders_as_they_should_be(self, tmp_path):
        self.fill(tmp_path, ["."])
        assert "hint" not in prepare_folder(tmp_path, {}).labels_report
