"""What a user is told if a model cannot be loaded."""

import json
import zipfile

import keras
import pytest
import tensorflow as tf

from audio_vae.runs.card import CARD_NAME
from audio_vae.utils.errors import UserError


def rewritten(path, *, without=None, **metadata):
    """Write a .keras file again with other metadata, or without one of its files."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != without}
    if "metadata.json" in members:
        members["metadata.json"] = json.dumps(json.loads(members["metadata.json"]) | metadata).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, contents in members.items():
            archive.writestr(name, contents)


def damage_middle(path):
    contents = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        weights = archive.getinfo("model.weights.h5")
    middle = weights.header_offset + weights.compress_size // 2
    contents[middle : middle + 8] = b"\xa5damaged"
    path.write_bytes(contents)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "head": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:3000]),
    "middle": damage_middle,
    "config": lambda path: rewritten(path, without="config.json"),
    "weights": lambda path: rewritten(path, without="model.weights.h5"),
}


def why(run):
    run.cache_model(None)
    with pytest.raises(UserError) as caught:
        _ = run.model
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def failing(small_run, monkeypatch):
    """Make loading an intact model raise an exception."""

    def fail(error):
        def load(*_, **__):
            raise error

        monkeypatch.setattr(keras.saving, "load_model", load)
        return why(small_run)

    return fail


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_of_a_run(small_run, damage):
    damage(small_run.model_path)
    assert why(small_run).startswith(f"{small_run.model_path} cannot be loaded (it is damaged; ")
    assert why(small_run).endswith(": train again into a new --run")


def test_a_damaged_file_is_made_anew_from_a_checkpoint(small_run):
    path = small_run.checkpoint_path(3)
    path.parent.mkdir()
    path.touch()
    DAMAGES["cut"](small_run.model_path)
    assert why(small_run).endswith(f"anew from its newest checkpoint ({small_run.train_command()})")


def test_a_damaged_pretrained_model_is_installed_again(small_run):
    (small_run.path / CARD_NAME).touch()
    DAMAGES["cut"](small_run.model_path)
    assert why(small_run).endswith("): install audio-vae again")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 9 GiB"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
    ],
    ids=["NumPy", "TensorFlow"],
)
def test_too_little_memory_is_not_blamed_on_the_file(failing, error):
    assert failing(error).startswith("there is not enough memory (")


def test_a_file_that_may_not_be_read_is_not_damaged(failing, small_run):
    assert failing(PermissionError(13, "Permission denied")) == (
        f"{small_run.model_path} cannot be read (Permission denied): check its permissions"
    )


@pytest.mark.parametrize("is_pretrained", [False, True])
def test_another_version_of_keras(failing, small_run, is_pretrained):
    if is_pretrained:
        (small_run.path / CARD_NAME).touch()
    rewritten(small_run.model_path, keras_version="4.0.0")
    said = failing(ValueError("Unknown layer"))
    assert f"was saved by Keras 4.0.0, and this is Keras {keras.__version__}; Unknown layer): " in said
    assert said.endswith("install audio-vae again, or keras==4.0.0" if is_pretrained else ": install keras==4.0.0")


def test_another_version_of_audio_vae(failing, small_run):
    file = small_run.path / "config.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    values["made_with"]["audio-vae"] = "9.1"
    file.write_text(json.dumps(values), encoding="utf-8")
    assert failing(ValueError("Unknown layer")).endswith("; Unknown layer): install audio-vae==9.1")


def test_an_intact_file_is_called_intact(failing, small_run):
    assert failing(TypeError("odd")) == (
        f"{small_run.model_path} cannot be loaded (the file is intact; odd): "
        "if it is what the training wrote, install audio-vae again in a new virtual environment"
    )
