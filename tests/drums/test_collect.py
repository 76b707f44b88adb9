"""The sounds that a pretrained model of drums may be trained on."""

import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audio_vae.data.sources import credits_of
from audio_vae.drums import collect, synth
from audio_vae.drums.dataset import DATASET
from audio_vae.drums.preprocess import kit_items
from audio_vae.drums.sources import KITS, ONE_SHOTS, SOURCES
from audio_vae.utils.errors import UserError

FILES = {
    "kick/BJA_Pacific__BD_01.aiff": True,
    "tom/Audiophob__101450__menegass__tomh.wav": True,
    "hihat/Audiophob__hat.wav": True,
    "kick/ElectricEmpireKit__EE_Kick.wav": False,
    "snare/VariBreaks__BJA_Pacific__1.wav": False,
}


def write_tones(folder, names, lowest):
    """Write a tone for each name; `lowest` is the frequency of the first, in radians per sample."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * np.sin(np.arange(2000) * (lowest + 0.01 * number)), 22050)
    return folder


@pytest.fixture
def kits(tmp_path):
    write_tones(tmp_path / "kits", FILES, 0.05)
    (tmp_path / "kits" / "kick" / "BJA_Pacific__readme.txt").touch()
    return tmp_path / "kits"


SHOTS = {
    "clap/FluidR3__39-Clap.flac": "clap",
    "hihat-open/AVLRed_Zeppelin__46-Hat-1.flac": "hihat-open",
    "cuica/FluidR3__78-Cuica.flac": "percussion",
    "electronic/SonicPi__elec_blip.flac": "percussion",
    "kick/Unknown__kick.flac": None,
}


@pytest.fixture
def one_shots(tmp_path):
    return write_tones(tmp_path / "shots", SHOTS, 0.07)


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_which_files_are_free(name, expected):
    assert any(source.has(name) for source in KITS) is expected


def test_built_in_kit_is_a_source():
    credits = credits_of([item.name for item in kit_items()], SOURCES)
    assert [(credit.title, credit.n_sounds) for credit in credits] == [("Built-in kit", 160)]
    assert not any(source.has("kick/snare-00.wav") for source in SOURCES)


@pytest.mark.parametrize(("name", "class_name"), SHOTS.items())
def test_which_one_shots_are_free(name, class_name):
    assert any(source.has(name) for source in ONE_SHOTS) is (class_name is not None)


def test_folder_that_a_model_is_trained_on(kits, one_shots, tmp_path):
    counts = collect.collect(kits, one_shots, tmp_path / "sounds")
    built_in = 4 * collect.N_BUILT_IN
    free = {"Audiophob": 2, "BJA_Pacific": 1, "FluidR3": 2, "AVL Drumkits": 1, "Sonic Pi": 1}
    assert counts == {"Built-in kit": built_in, **free}
    assert json.loads((tmp_path / "sounds" / "sources.json").read_text()) == counts
    copied = {path.relative_to(tmp_path / "sounds").as_posix() for path in (tmp_path / "sounds").rglob("*__*")}
    # A hi-hat of no stated kind is a closed one if it is short.
    expected = {name.replace("hihat/", "hihat-closed/") for name, is_free in FILES.items() if is_free}
    expected |= {f"{kind}/{name.split('/')[1]}" for name, kind in SHOTS.items() if kind}
    assert copied == expected
    names = [path.relative_to(tmp_path / "sounds").as_posix() for path in (tmp_path / "sounds").rglob("*.*[fv]*")]
    assert sum(credit.n_sounds for credit in credits_of(names, DATASET.sources)) == sum(counts.values())
    kinds = {name.split("/")[0] for name in names}
    assert kinds == {*synth.KINDS} - {"hihat"} | {"hihat-closed", "hihat-open", "clap", "percussion"}


@pytest.mark.parametrize("missing", ["kits", "one_shots"])
def test_folder_without_a_free_source(kits, one_shots, tmp_path, missing):
    folders = {"kits": kits, "one_shots": one_shots, missing: tmp_path / "nowhere"}
    with pytest.raises(UserError, match=r"no file of \w+, .* in .*nowhere"):
        collect.collect(**folders, out=tmp_path / "sounds")
    assert not (tmp_path / "sounds").exists()


def test_folder_with_other_files_is_kept(kits, one_shots, tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "mine.wav").touch()
    with pytest.raises(UserError, match="holds other files"):
        collect.collect(kits, one_shots, tmp_path / "sounds")
    assert (tmp_path / "sounds" / "mine.wav").exists()


def test_a_hi_hat_that_cannot_be_read_is_named(kits, one_shots, tmp_path, run_main):
    bad = kits / "hihat" / "Audiophob__bad.wav"
    bad.write_bytes(b"")
    done = run_main(kits, one_shots, tmp_path / "sounds")
    assert done.exit_code == 1
    assert done.output == f"Error: {bad} cannot be used (the file is empty (0 bytes)): take it out\n"
    assert not (tmp_path / "sounds").exists()


def test_two_files_of_one_name_and_class_are_refused(kits, one_shots, tmp_path, run_main):
    write_tones(one_shots, ["electronic/FluidR3__78-Cuica.flac"], 0.09)
    done = run_main(kits, one_shots, tmp_path / "sounds")
    assert done.exit_code == 1
    second = one_shots / "electronic" / "FluidR3__78-Cuica.flac"
    assert done.output == f"Error: {second} is the second file of its name of the class percussion: rename it\n"
    assert not (tmp_path / "sounds").exists()


@pytest.fixture
def run_main():
    """Run the command of the module and return its exit code and output."""
    return lambda *arguments: CliRunner().invoke(collect.main, [str(each) for each in arguments])
