"""Opening a model from Python."""

import subprocess
import sys
from pathlib import Path

import pytest

import audio_vae
from audio_vae.api.open import open_model
from audio_vae.pretrained import catalog
from audio_vae.utils.errors import UserError


def test_importing_the_package_loads_nothing_large():
    code = (
        "import sys, audio_vae; from audio_vae import open_model; "
        "print([name for name in ('keras', 'tensorflow', 'jax', 'matplotlib', 'sklearn', 'IPython') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_package_offers_it():
    assert audio_vae.open_model is open_model
    with pytest.raises(AttributeError, match="no attribute 'open_modle'"):
        _ = audio_vae.open_modle


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_run_folder(tone_run, kind, capfd):
    model = open_model(kind(tone_run.path))
    assert (model.path, model.run.config) == (tone_run.path, tone_run.config)
    assert capfd.readouterr() == ("", "")


def test_a_pretrained_model_comes_before_a_folder_of_its_name(tone_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drums").symlink_to(tone_run.path)
    assert open_model("./drums").run.config == tone_run.config
    assert open_model(Path("drums")).run.config == tone_run.config
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    (tmp_path / "drums" / "card.json").write_text("{}")
    try:
        assert open_model("drums").path == tmp_path / "drums"
    finally:
        (tmp_path / "drums" / "card.json").unlink()


@pytest.mark.parametrize("name", ["trums", "", "no/such/run"])
def test_what_is_neither(name):
    with pytest.raises(UserError, match=r"is neither a pretrained model \(digits, drums\) nor a run folder"):
        open_model(name)


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"is no run folder \(no config.json\)"):
        open_model(tmp_path)


def test_a_run_without_a_model(make_tone_run, tmp_path):
    run = make_tone_run(tmp_path / "run")
    run.model_path.unlink()
    with pytest.raises(UserError, match="has no trained model: train it first"):
        open_model(run.path)
