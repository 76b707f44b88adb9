"""Files that appear only when they are complete."""

import errno
import json
import os
import stat

import numpy as np
import pytest

from audio_vae.utils.errors import UserError
from audio_vae.utils.files import (
    atomic_file,
    folder_name,
    remove_unfinished,
    safe_name,
    step_names,
    write_json,
)


class TestAtomicFile:
    def test_appears_when_the_block_ends(self, tmp_path):
        path = tmp_path / "new" / "a.json"
        with atomic_file(path) as part:
            part.write_text("whole")
            assert part.suffix == ".json"
            assert not path.exists()
        assert path.read_text() == "whole"
        assert list(path.parent.iterdir()) == [path]

    def test_failure_keeps_the_old_file_and_leaves_nothing(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")

        def fail():
            with atomic_file(path) as part:
                part.write_text("half")
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            fail()
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_is_as_readable_as_other_files(self, tmp_path):
        (tmp_path / "other").touch()
        with atomic_file(tmp_path / "a"):
            pass
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
    def test_no_room_keeps_the_old_file_and_says_so(self, tmp_path, number):
        path = tmp_path / "a.txt"
        path.write_text("old")

        def fill():
            with atomic_file(path) as part:
                part.write_text("half")
                raise OSError(number, os.strerror(number))

        with pytest.raises(UserError, match=r"a.txt cannot be written \(.+\): make room"):
            fill()
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_other_failures_of_the_system_stay_what_they_are(self, tmp_path):
        with pytest.raises(PermissionError), atomic_file(tmp_path / "a"):
            raise PermissionError(errno.EACCES, "Permission denied")


def test_unfinished_files_are_removed_and_nothing_else(tmp_path):
    (tmp_path / ".part-folder").mkdir()
    for name in (".part-1.npz", "a.npz", ".lock"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", ".part-folder", "a.npz"]


class TestWriteJson:
    def test_nan_becomes_null(self, tmp_path):
        write_json(tmp_path / "a.json", {"a": [1.5, float("nan"), (2,)], 3: {"b": np.float64("nan")}})
        assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5, None, [2]], "3": {"b": None}}

    def test_failure_leaves_nothing(self, tmp_path):
        with pytest.raises(TypeError, match="not JSON serializable"):
            write_json(tmp_path / "a.json", {"a": object()})
        assert list(tmp_path.iterdir()) == []


class TestSafeName:
    @pytest.mark.parametrize(("text", "expected"), [("kick", "kick"), ("kick:12", "kick_12"), ("été", "été")])
    def test_plain_name(self, text, expected):
        assert safe_name(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "../x",
            "/etc/x",
            "..",
            ".",
            "/",
            "",
            r"..\x",
            "a b",
            "it's",
            'a"b',
            "a\nb",
            "\udcff.wav",
            "音" * 200,
            "x" * 999,
        ],
    )
    def test_odd_name(self, text):
        name = safe_name(text)
        assert name not in (".", "..")
        assert not name.startswith(".")
        assert not set(name) & set("/\\:'\"\n ")
        assert 0 < len(name.encode()) <= 100

    def test_files_of_one_name_stay_apart(self):
        assert safe_name("a/x.wav") != safe_name("b/x.wav")
        assert safe_name("a b") != safe_name("a'b")


class TestFolderName:
    def test_names_are_joined(self):
        assert folder_name(["kick", "tom_2"]) == "kick-tom_2"

    def test_many_names_are_shortened_and_stay_apart(self):
        one, other = (folder_name([*["kick"] * 99, last]) for last in ("tom", "hat"))
        assert one != other
        assert len(one.encode()) <= 100


@pytest.mark.parametrize(("steps", "expected"), [(2, ["00", "01"]), (101, ["000", "100"])])
def test_names_of_steps_sort_as_the_steps_do(steps, expected):
    names = step_names(steps)
    assert (len(names), sorted(names)) == (steps, names)
    assert [names[0], names[-1]] == expected
