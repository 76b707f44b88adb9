import os

import pytest

from audio_vae.export import versions
from audio_vae.export.export import export
from audio_vae.export.versions import new_version
from audio_vae.utils.errors import UserError


def test_a_new_export_takes_the_next_number(trained, tmp_path, no_process):
    for number in (1, 9):
        (tmp_path / "digits-cc-keras" / str(number)).mkdir(parents=True)
    (tmp_path / "digits-cc-keras" / "notes.txt").write_text("kept")
    made = export(trained, "keras", tmp_path)
    assert made.folder.name == "10"
    assert sorted(os.listdir(made.folder.parent)) == ["1", "10", "9", "notes.txt"]


def test_a_number_taken_meanwhile_is_passed_over(trained, tmp_path, monkeypatch, no_process):
    rename = os.rename

    def late(part, target):
        if not (tmp_path / "digits-cc-keras" / "1").exists():
            (tmp_path / "digits-cc-keras" / "1").mkdir()
            (tmp_path / "digits-cc-keras" / "1" / "other").touch()
        return rename(part, target)

    monkeypatch.setattr(versions.os, "rename", late)
    assert export(trained, "keras", tmp_path).folder.name == "2"


def test_a_version_has_no_number_before_it_is_complete(tmp_path):
    folder = tmp_path / "models" / "digits-cc"
    with new_version(folder) as version:
        (version.part / "model").touch()
        assert version.path is None
        assert version.part.parent == folder
        assert not (folder / "1").exists()
    assert version.path == folder / "1"
    assert os.listdir(folder) == ["1"]
    assert os.listdir(folder / "1") == ["model"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError], ids=["Ctrl-C", "disk full"])
def test_a_failure_leaves_what_was_there(tmp_path, stop):
    (tmp_path / "models").mkdir()

    def fail():
        with new_version(tmp_path / "models" / "digits-cc") as version:
            (version.part / "model").touch()
            raise stop("stop")

    with pytest.raises((KeyboardInterrupt, UserError), match="stop"):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["models"]


def test_a_folder_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    version = new_version(tmp_path / "file" / "digits-cc")
    with pytest.raises(UserError, match=r"cannot be written .*choose another folder with --out"), version:
        pass


def test_a_link_to_a_folder_that_does_not_exist_yet(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere")
    with new_version(tmp_path / "link" / "digits-cc") as version:
        (version.part / "model").touch()
    assert version.path == tmp_path / "link" / "digits-cc" / "1"
    assert os.listdir(tmp_path / "elsewhere" / "digits-cc" / "1") == ["model"]
