"""A kit of folders that were made before."""

import json

import pytest
import soundfile

from audio_vae.kits.made_folders import make_kit
from audio_vae.kits.write import KitOptions
from audio_vae.morphing.blend import blend
from audio_vae.morphing.morph import morph
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
