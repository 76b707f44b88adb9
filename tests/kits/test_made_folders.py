"""A kit of folders that were made before."""

import json

import numpy as np
import pytest
import soundfile

from audio_vae.kits.made_folders import make_kit
from audio_vae.kits.write import KitOptions
from audio_vae.morphing.blend import blend
from audio_vae.morphing.morph import morph
from audio_vae.sampling.vary import vary
from audio_vae.utils.errors import UserError


@pytest.fixture(scope="module")
def made(tone_run, tmp_path_factory):
    """Two morph folders whose steps have the same names, and a blend folder."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("hihat-tom", "kick-tom"):
        morph(tone_run, "low", "it's high", folder / name, steps=2, kit=KitOptions(("sfz",), "velocity"))
    blend(tone_run, [("low", 1)], folder / "mixture")
    return folder


def test_a_morph_writes_its_kit_beside_its_steps(made):
    values = json.loads((made / "hihat-tom" / "morph.json").read_text())["kit"]
    assert [(zone["low_velocity"], zone["high_velocity"]) for zone in values["zones"]] == [(1, 64), (65, 127)]
    assert (made / "hihat-tom" / "kits" / values["files"][0]).is_file()


def test_folders_become_instruments(made, tmp_path):
    kit = make_kit([made / "hihat-tom", made / "kick-tom", made / "mixture"], tmp_path / "kit")
    assert [(zone["name"], zone["key"]) for zone in kit.sidecar["kit"]["zones"]] == [
        *(("hihat-tom-00", 42), ("hihat-tom-01", 42), ("kick-tom-00", 36), ("kick-tom-01", 36), ("mixture", 37))
    ]
    assert kit.remarks == ()
    assert json.loads((tmp_path / "kit" / "kit.json").read_text()) == json.loads(json.dumps(kit.sidecar))
    assert sorted(path.name for path in (tmp_path / "kit").iterdir()) == [
        *("decentsampler", "hydrogen", "kit.json", "sfz")
    ]


def test_different_rates_are_told_of(made, tmp_path):
    samples, _ = soundfile.read(made / "mixture" / "blend.wav")
    (tmp_path / "fast").mkdir()
    soundfile.write(tmp_path / "fast" / "blend.wav", samples, 44100)
    (tmp_path / "fast" / "blend.json").write_text("{}")
    kit = make_kit([made / "mixture", tmp_path / "fast"], tmp_path / "kit", KitOptions(("sfz",)))
    assert kit.remarks[0].startswith("the sounds have different rates (8000 Hz, 44100 Hz)")
    assert kit.sidecar["kit"]["rate_hz"] == 44100


def test_the_same_folder_twice_and_an_older_kit(made, tmp_path):
    for _ in range(2):
        kit = make_kit([made / "mixture", made / "mixture"], tmp_path / "kit", KitOptions(("sfz",)))
    assert [zone["name"] for zone in kit.sidecar["kit"]["zones"]] == ["mixture-1", "mixture-2"]


def instruments_of(kit):
    return [zone["instrument"] for zone in kit.sidecar["kit"]["zones"]]


def test_variations_of_two_groups_are_two_instruments(tone_run, tmp_path):
    folders = [vary(tone_run, f"{group}/low:0", tmp_path / group, amount=0, n=1).folder for group in ("ann", "bob")]
    kit = make_kit(folders, tmp_path / "kit", KitOptions(("sfz",), "round-robin"))
    assert instruments_of(kit) == ["ann_low_0", "bob_low_0"]


@pytest.mark.parametrize(
    ("kind", "name", "instrument"),
    [("class", "kick.2", "kick.2"), ("sound", "ann/low.wav", "ann_low.wav"), ("file", "sounds/kick.2.wav", "kick.2")],
)
def test_variations_are_named_after_their_sound(write_sounds, tmp_path, kind, name, instrument):
    folder = write_sounds("vary.json", 1, {"sound": {"name": name, "kind": kind}})
    assert instruments_of(make_kit([folder], tmp_path / "kit")) == [instrument]


@pytest.fixture
def write_sounds(tmp_path):
    """Write a folder of short sounds of class `kick`, as `sample` or `vary` writes them."""

    def write(marker, n_sounds, values):
        folder = tmp_path / "sounds"
        folder.mkdir()
        names = [f"kick-{number:03d}.wav" for number in range(n_sounds)]
        for name in names:
            soundfile.write(folder / name, np.full(10, 0.5), 8000)
        values = {**values, "sounds": [{"file": name, "class": "kick"} for name in names]}
        (folder / marker).write_text(json.dumps(values))
        return folder

    return write


class TestFormatsWithoutRoom:
    @pytest.mark.parametrize(
        ("n_sounds", "left_out"), [(16, {}), (17, {"hydrogen": 16}), (101, {"hydrogen": 16, "sfz": 100})]
    )
    def test_they_are_left_out_with_a_warning(self, write_sounds, run, tmp_path, n_sounds, left_out):
        folder = write_sounds("sample.json", n_sounds, {})
        code, _, err = run("kit", folder, "--out", tmp_path / "kit")
        assert code == 0, err
        assert sorted(err.splitlines()) == [
            f"Warning: {n_sounds} sounds of kick are too many for a kit of {name} (at most {most}): none is written"
            for name, most in left_out.items()
        ]
        values = json.loads((tmp_path / "kit" / "kit.json").read_text())
        assert values["kit"]["formats"] == [
            name for name in ("sfz", "decentsampler", "hydrogen") if name not in left_out
        ]
        assert len(values["remarks"]) == len(left_out)

    def test_they_are_refused_where_they_are_named(self, write_sounds, run, tmp_path):
        folder = write_sounds("sample.json", 17, {})
        code, _, err = run("kit", folder, "--out", tmp_path / "kit", "--kit", "sfz", "--kit", "hydrogen")
        assert (code, err) == (
            1,
            "Error: 17 sounds of kick are too many for a kit of hydrogen (at most 16): make fewer, choose another "
            "--map, or leave --kit hydrogen out\n",
        )
        assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("command", [["morph", "low", "it's high"], ["blend", "low=1"], ["sample"], ["vary", "low"]])
def test_a_map_without_a_kit_is_refused(tone_run, run, tmp_path, command):
    code, _, err = run("digits", *command, "--run", tone_run.path, "--out", tmp_path / "made", "--map", "keys")
    assert code == 2
    assert "--map is for --kit: name a format with --kit, or leave --map out." in err
    assert not (tmp_path / "made").exists()


def test_unusable_folders(made, tmp_path):
    with pytest.raises(UserError, match="is no folder of a morph, a blend, new sounds or variations"):
        make_kit([tmp_path], tmp_path / "kit")
    (tmp_path / "morph.json").write_text('{"steps": 2}')
    with pytest.raises(UserError, match=r"cannot be used \(.*00.wav.*\): make it again"):
        make_kit([tmp_path], tmp_path / "kit")
    (tmp_path / "morph.json").write_text("[]")
    with pytest.raises(UserError, match="cannot be used"):
        make_kit([tmp_path], tmp_path / "kit")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds other files \(no kit.json\)"):
        make_kit([made / "mixture"], tmp_path)
