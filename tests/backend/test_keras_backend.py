import os
import re
import subprocess
import sys

import pytest

from audio_vae.backend import keras_backend as backend


@pytest.fixture
def installed(monkeypatch):
    def install(*names):
        monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: name if name in names else None)

    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    # What the function sets goes with the test.
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return install


@pytest.mark.parametrize(
    ("names", "chosen"),
    [(("tensorflow", "jax"), None), (("tensorflow",), None), (("jax",), "jax"), ((), None)],
)
def test_jax_only_where_tensorflow_is_not(installed, names, chosen):
    installed(*names)
    backend.choose_backend()
    assert os.environ.get("KERAS_BACKEND") == chosen


def test_a_choice_is_left_alone(installed):
    installed("jax")
    os.environ["KERAS_BACKEND"] = "torch"
    backend.choose_backend()
    assert os.environ["KERAS_BACKEND"] == "torch"


def test_the_machine_has_a_name():
    assert re.search(r"\S.*, \d+ cores?\b", backend.machine_name())


def test_importing_the_package_imports_no_backend():
    code = "import sys, audio_vae; print([each for each in ('keras', 'tensorflow', 'jax') if each in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
