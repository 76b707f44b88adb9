"""The sounds that a pretrained model of drums may be trained on."""

import json

import numpy as np
import pytest
import soundfile

from audio_vae.data.sources import credits_of
from audio_vae.drums import collect, config, synth
from audio_vae.drums.dataset import DATASET
from audio_vae.drums.preprocess import kit_items
from audio_vae.drums.sources import KITS, SOURCES
from audio_vae.utils.errors import UserError

FILES = {
    "kick/BJA_Pacific__BD_01.aiff": True,
    "tom/Audiophob__101450__menegass__tomh.wav": True,
    "hihat/Audiophob__hat.wav": True,
    "kick/ElectricEmpireKit__EE_Kick.wav": False,
    "snare/VariBreaks__BJA_Pacific__1.wav": False,
}


@pytest.fixture
def kits(tmp_path):
    for number, name in enumerate(FILES):
        path = tmp_path / "kits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * np.sin(np.arange(2000) * (0.05 + 0.01 * number)), 22050)
    (tmp_path / "kits" / "kick" / "BJA_Pacific__readme.txt").touch()
    return tmp_path / "kits"


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_which_files_are_free(name, expected):
    assert any(source.has(name) for source in KITS) is expected


def test_built_in_kit_is_a_source():
    credits = credits_of([item.name for item in kit_items()], SOURCES)
    assert [(credit.title, credit.n_sounds) for credit in credits] == [("Built-in kit", 160)]
    assert not any(source.has("kick/snare-00.wav") for source in SOURCES)


def test_folder_that_a_model_is_trained_on(kits, tmp_path):
    counts = collect.collect(kits, tmp_path / "sounds")
    assert counts == {"Built-in kit": 160, "Audiophob": 2, "BJA_Pacific": 1}
    assert json.loads((tmp_path / "sounds" / "sources.json").read_text()) == counts
    copied = {path.relative_to(tmp_path / "sounds").as_posix() for path in (tmp_path / "sounds").rglob("*__*")}
    assert copied == {name for name, is_free in FILES.items() if is_free}
    prepared = DATASET.prepare(config.make(labels="folder"), tmp_path / "sounds")
    assert sorted(prepared.sounds.class_names) == sorted(synth.KINDS)
    assert prepared.refusals == []
    assert len(prepared.sounds) == 163
    assert sum(credit.n_sounds for credit in credits_of(prepared.sounds.names, DATASET.sources)) == 163


def test_folder_without_a_free_kit(kits, tmp_path):
    with pytest.raises(UserError, match=r"no file of Audiophob, BJA_Pacific in .*KIND/Audiophob__FILE"):
        collect.collect(tmp_path / "nowhere", tmp_path / "sounds")
    assert not (tmp_path / "sounds").exists()


def test_folder_with_other_files_is_kept(kits, tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "mine.wav").touch()
    with pytest.raises(UserError, match="holds other files"):
        collect.collect(kits, tmp_path / "sounds")
    assert (tmp_path / "sounds" / "mine.wav").exists()
