"""Training a model of spoken digits from Python and as a script, with a tiny network."""

import pytest
import tiny_presets
from scripts import run_script
from sound_files import decaying_tone, write_sound

from audio_vae.digits import config
from audio_vae.digits.train import train
from audio_vae.utils.errors import UserError


@pytest.fixture(autouse=True)
def small_presets(monkeypatch, tmp_path):
    tiny_presets.shrink_until_undone(monkeypatch, config)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sounds(tmp_path):
    """Three takes of each digit for the test and three for training."""
    for digit in range(10):
        for take in (0, 1, 2, 10, 11, 12):
            tone = decaying_tone(0.2 + 0.02 * digit, frequency_hz=200 + 60 * digit + take)
            write_sound(tmp_path / "sounds" / f"{digit}_theo_{take}.wav", tone)
    return tmp_path / "sounds"


def test_train_and_ask_again(sounds, tmp_path):
    lines = []
    run = train(sounds, preset="cc", epochs=1, speakers=("theo",), say=lines.append)
    assert run.path.resolve() == tmp_path / "runs" / "digits"
    assert (run.config.dataset, run.config.preset, run.epochs_done()) == ("digits", "cc", 1)
    assert run.config.data == {"speakers": ["theo"]}
    assert lines[0] == "30 training and 30 test sounds (0 6, 1 6, 2 6, 3 6, 4 6, 5 6, 6 6, 7 6, 8 6, 9 6)"
    assert run.model_path.is_file()
    with pytest.raises(UserError, match="preset is 'cc', not 'dc'"):
        train(preset="dc")
    # What is not given is as in the run.
    assert train(run_path=tmp_path / "runs" / "digits", quiet=True).config == run.config


def test_script(tmp_path):
    code, out, err = run_script("audio_vae.digits.train", "--help", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "audio-vae digits train" in out
    assert "--speaker" in out
