import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_vae.backend import keras_backend
from audio_vae.backend.keras_backend import standard_settings
from audio_vae.utils.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(monkeypatch):
    def install(*names):
        monkeypatch.setattr(keras_backend.importlib.util, "find_spec", lambda name: name if name in names else None)

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
    keras_backend.choose_backend()
    assert os.environ.get("KERAS_BACKEND") == chosen


def test_a_choice_is_left_alone(installed):
    installed("jax")
    os.environ["KERAS_BACKEND"] = "torch"
    keras_backend.choose_backend()
    assert os.environ["KERAS_BACKEND"] == "torch"


def test_the_machine_has_a_name():
    assert re.search(r"\S.*, \d+ cores?\b", keras_backend.machine_name())


def test_importing_the_package_imports_no_backend():
    code = "import sys, audio_vae; print([each for each in ('keras', 'tensorflow', 'jax') if each in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_keras_is_loaded_without_what_no_command_uses_and_that_can_be_imported_afterwards():
    code = (
        "import sys, gc; from audio_vae.backend.keras_backend import load_keras; load_keras();"
        "optional = ('sklearn', 'pandas', 'matplotlib', 'IPython');"
        "print('keras' in sys.modules, [each for each in optional if each in sys.modules], gc.isenabled());"
        "import sklearn.neighbors, matplotlib.pyplot"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True [] True"


def test_loading_keras_leaves_alone_what_is_loaded(monkeypatch):
    before = {name: sys.modules.get(name) for name in ("keras", "sklearn", "pandas")}
    keras_backend.load_keras()
    assert {name: sys.modules.get(name) for name in before} == before


FOREIGN = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.01, "backend": "tensorflow"}


def test_a_users_keras_file_changes_no_sound(tmp_path):
    code = (
        "import sys, numpy as np; from audio_vae.backend.keras_backend import load_keras; load_keras();"
        "from audio_vae.pretrained.catalog import open_trained;"
        "run = open_trained('drums', model='drums'); sounds = run.sounds.audio[:2];"
        "np.save(sys.argv[1], np.concatenate([run.decode(run.encode(sounds)[0]), run.decode(run.encode(sounds)[0])]));"
        "import keras; print(keras.config.image_data_format(), keras.config.floatx(), keras.config.epsilon())"
    )
    made = {}
    for name, settings in (("standard", {}), ("foreign", FOREIGN)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "keras.json").write_text(json.dumps(settings))
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / f"{name}.npy")],
            cwd=ROOT,
            env={**os.environ, "KERAS_HOME": str(tmp_path / name)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        made[name] = np.load(tmp_path / f"{name}.npy")
    np.testing.assert_array_equal(made["foreign"], made["standard"])
    # The user's program goes on with its own settings.
    assert done.stdout.split() == ["channels_first", "float16", "0.01"]


def test_settings_come_back_after_an_error():
    import keras

    before = keras.config.image_data_format(), keras.config.epsilon()
    with pytest.raises(ValueError, match="as it was"), standard_settings():
        raise ValueError("as it was")
    assert (keras.config.image_data_format(), keras.config.epsilon()) == before


def test_what_needs_tensorflow_says_so(installed, monkeypatch):
    installed("tensorflow", "jax")
    monkeypatch.setattr(keras_backend, "on_tensorflow", lambda: True)
    keras_backend.require_tensorflow("an export")
    monkeypatch.setattr(keras_backend, "on_tensorflow", lambda: False)
    with pytest.raises(UserError, match="an export needs TensorFlow: install it, and set KERAS_BACKEND=tensorflow"):
        keras_backend.require_tensorflow("an export")
    installed("jax")
    with pytest.raises(UserError, match="--static needs TensorFlow"):
        keras_backend.require_tensorflow("--static")
