import json

import numpy as np

from audio_vae import __version__
from audio_vae.runs import environment as module
from audio_vae.runs.environment import environment


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
