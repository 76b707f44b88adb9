"""Training a model of drum one-shots from Python and as a script, with a tiny network."""

import pytest
import tiny_presets
from scripts import run_script
from sound_files import write_sound

from audio_vae.drums import config, synth
from audio_vae.drums.train import train
from audio_vae.utils.errors import UserError


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    tiny_presets.shrink_until_undone(monkeypatch, config)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sounds(tmp_path):
    """Five sounds of each kind of drum of the built-in kit, in a folder each."""
    for name, _, samples in synth.kit(synth.MIN_RATE_HZ, n_each=5):
        write_sound(tmp_path / "sounds" / f"{name}.wav", samples, synth.MIN_RATE_HZ)
    return tmp_path / "sounds"


def test_train_and_ask_again(sounds, tmp_path):
    lines = []
    run = train(sounds, preset="cc", epochs=1, labels="folder", say=lines.append)
    assert run.path.resolve() == tmp_path / "runs" / "drums"
    assert (run.config.dataset, run.config.preset, run.epochs_done()) == ("drums", "cc", 1)
    assert run.config.data == {"labels": "folder"}
    assert lines[0] == "16 training and 4 test sounds (hihat 5, kick 5, snare 5, tom 5)"
    assert run.model_path.is_file()
    with pytest.raises(UserError, match="preset is 'cc', not 'dc'"):
        train(preset="dc")
    # What is not given is as in the run.
    assert train(run_path=tmp_path / "runs" / "drums", quiet=True).config == run.config


def test_script(tmp_path):
    code, out, err = run_script("audio_vae.drums.train", "--help", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "audio-vae drums train" in out
    assert "--clusters" in out
