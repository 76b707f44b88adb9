import json

import numpy as np
import pytest

from audio_vae import __version__
from audio_vae.runs import environment as module
from audio_vae.runs.environment import environment, recorded


def test_environment_names_the_versions():
    made_with = environment()
    assert made_with["packages"]["numpy"] == np.__version__
    assert json.loads(json.dumps(made_with)) == made_with


def test_the_version_is_this_packages_and_missing_packages_are_null(monkeypatch):
    monkeypatch.setattr(module, "_PACKAGES", ("numpy", "not-a-package"))
    assert environment()["audio-vae"] == __version__
    assert environment()["packages"] == {"numpy": np.__version__, "not-a-package": None}


def test_no_commit_outside_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "audio_vae" / "runs" / "environment.py"))
    assert environment()["git_commit"] is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits", "train", "--data", "/home/jane/my sounds"], "digits train --data 'my sounds'"),
        (["--out=/srv/out", "runs/a", "kick:1"], "--out=out runs/a kick:1"),
        (["blend", "/home/jane/a.wav=0.7", "tom=0.3"], "blend a.wav=0.7 tom=0.3"),
        (["--data=", "/", "-n", "3"], "--data= '' -n 3"),
    ],
)
def test_a_recorded_command_names_no_folder_of_this_machine(words, expected):
    assert recorded(words) == expected
