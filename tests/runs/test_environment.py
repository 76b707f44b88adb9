import json
import sys

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


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        (None, None, "tensorflow"),
        (None, '{"backend": "jax"}', "jax"),
        ("torch", '{"backend": "jax"}', "torch"),
        (None, "[]", "tensorflow"),
        (None, "{", "tensorflow"),
    ],
)
def test_the_backend_is_the_one_that_keras_takes(monkeypatch, tmp_path, variable, file, expected):
    # As before Keras is loaded: a run's config is written then.
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if file:
        (tmp_path / "keras.json").write_text(file, encoding="utf-8")
    assert environment()["keras_backend"] == expected


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
