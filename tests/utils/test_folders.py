"""Folders of results that are complete or not there, and stay the folders that they are."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from audio_vae.utils.errors import UserError
from audio_vae.utils.folders import atomic_folder, new_folders, require_writable_folder, temporary_folder
from audio_vae.utils.signals import replaced


def write_new(path):
    with atomic_folder(path, "mark.json") as part:
        (part / "sounds").mkdir()
        (part / "sounds" / "new.wav").touch()
        (part / "mark.json").write_text("new")


def write_old(path):
    path.mkdir(parents=True, exist_ok=True)
    (path / "mark.json").write_text("old")
    (path / "sounds").mkdir()
    (path / "sounds" / "old.wav").touch()
    return path


def contents(path):
    return sorted(each.relative_to(path).as_posix() for each in path.rglob("*"))


OLD = ["mark.json", "sounds", "sounds/old.wav"]
NEW = ["mark.json", "sounds", "sounds/new.wav"]


def make_read_only(path):
    path.chmod(0o555)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write everywhere")


@contextlib.contextmanager
def small_disk(path, size="256k"):
    """Mount a small disk on a folder."""
    path.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


class TestTemporaryFolder:
    def test_is_removed_when_the_block_ends(self, tmp_path):
        with temporary_folder(tmp_path) as part:
            (part / "a").touch()
            assert part.parent == tmp_path
            assert part.name.startswith(".part-")
        assert list(tmp_path.iterdir()) == []

    def test_is_kept_where_the_block_has_renamed_it(self, tmp_path):
        with temporary_folder(tmp_path) as part:
            part.rename(tmp_path / "kept")
        assert [path.name for path in tmp_path.iterdir()] == ["kept"]

    def test_is_as_readable_as_other_folders(self, tmp_path):
        (tmp_path / "other").mkdir()
        with temporary_folder(tmp_path) as part:
            assert stat.S_IMODE(part.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


class TestAtomicFolder:
    def test_appears_when_the_block_ends(self, tmp_path):
        path = tmp_path / "deep" / "out"
        with atomic_folder(path, "mark.json") as part:
            (part / "mark.json").touch()
            assert not path.exists()
        assert [each.name for each in path.iterdir()] == ["mark.json"]
        assert list(path.parent.iterdir()) == [path]

    def test_replaces_an_older_one_of_its_kind(self, tmp_path):
        path = tmp_path / "out"
        path.mkdir()
        (path / "mark.json").touch()
        (path / "old.wav").touch()
        with atomic_folder(path, "mark.json") as part:
            (part / "mark.json").write_text("new")
        assert [each.name for each in path.iterdir()] == ["mark.json"]
        assert list(tmp_path.iterdir()) == [path]

    def test_takes_an_empty_folder(self, tmp_path):
        path = tmp_path / "out"
        path.mkdir()
        with atomic_folder(path, "mark.json") as part:
            (part / "mark.json").touch()
        assert (path / "mark.json").is_file()

    def test_other_files_are_left_alone(self, tmp_path):
        path = tmp_path / "out"
        path.mkdir()
        (path / "thesis.txt").touch()
        with pytest.raises(UserError, match="holds other files"), atomic_folder(path, "mark.json"):
            pass
        assert (path / "thesis.txt").is_file()
        assert list(tmp_path.iterdir()) == [path]

    def test_a_file_is_left_alone(self, tmp_path):
        path = tmp_path / "out"
        path.touch()
        with pytest.raises(UserError, match="is a file"), atomic_folder(path, "mark.json"):
            pass

    def test_failure_keeps_the_old_folder(self, tmp_path):
        path = tmp_path / "out"
        path.mkdir()
        (path / "mark.json").write_text("old")

        def fail():
            with atomic_folder(path, "mark.json") as part:
                (part / "mark.json").write_text("half")
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            fail()
        assert (path / "mark.json").read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_folder_that_exists_stays_the_folder_that_it_is(self, tmp_path):
        path = write_old(tmp_path / "out")
        path.chmod(0o700)
        before = path.stat()
        write_new(path)
        assert contents(path) == NEW
        assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)

    @pytest.mark.parametrize("name", [".", "$PWD", "../out", "./"])
    def test_the_current_folder(self, tmp_path, monkeypatch, name):
        monkeypatch.chdir(write_old(tmp_path / "out"))
        write_new(Path(name.replace("$PWD", str(tmp_path / "out"))))
        assert os.getcwd() == str(tmp_path / "out")
        assert contents(Path()) == NEW
        assert contents(tmp_path) == ["out", *(f"out/{each}" for each in NEW)]

    @pytest.mark.parametrize("exists", [True, False], ids=["existing", "dangling"])
    @pytest.mark.parametrize("below", ["", "deep/er"])
    def test_a_link_is_followed(self, tmp_path, exists, below):
        (tmp_path / "link").symlink_to("elsewhere")
        if exists:
            write_old(tmp_path / "elsewhere" / below)
        write_new(tmp_path / "link" / below)
        assert os.readlink(tmp_path / "link") == "elsewhere"
        assert contents(tmp_path / "elsewhere" / below) == NEW

    def test_a_link_to_itself(self, tmp_path):
        (tmp_path / "link").symlink_to("link")
        with pytest.raises(UserError, match=r"link cannot be written \(.+\): choose another folder"):
            write_new(tmp_path / "link")

    def test_a_mount_point(self, tmp_path):
        """Renaming the folder itself fails on a mount, and moving files into it from beside it as well."""
        with small_disk(tmp_path / "volume") as volume:
            write_new(volume)
            write_new(volume)
            assert contents(volume) == NEW
        assert contents(tmp_path) == ["volume"]

    def test_like_a_mount_point(self, tmp_path, monkeypatch):
        path = write_old(tmp_path / "out")
        rename = os.rename

        def rename_within(source, target):
            if path in (Path(source), Path(target)):
                raise OSError(errno.EBUSY, "Device or resource busy")
            if (path in Path(source).parents) != (path in Path(target).parents):
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            rename(source, target)

        monkeypatch.setattr(os, "rename", rename_within)
        monkeypatch.setattr(os, "replace", rename_within)
        write_new(path)
        assert contents(path) == NEW

    def test_the_parent_is_read_only(self, tmp_path):
        path = write_old(tmp_path / "parent" / "out")
        make_read_only(tmp_path / "parent")
        try:
            write_new(path)
        finally:
            (tmp_path / "parent").chmod(0o755)
        assert contents(path) == NEW

    def test_nothing_is_written_beside_a_folder_that_exists(self, tmp_path):
        path = write_old(tmp_path / "out")
        with atomic_folder(path, "mark.json") as part:
            (part / "mark.json").touch()
            assert [each.name for each in tmp_path.iterdir()] == ["out"]

    @pytest.mark.parametrize("n_renames", range(4))
    def test_a_failure_while_contents_move_brings_the_old_ones_back(self, tmp_path, monkeypatch, n_renames):
        path = write_old(tmp_path / "out")
        rename = os.rename
        renamed = []

        def rename_some(source, target):
            renamed.append(source)
            if len(renamed) == n_renames + 1:
                raise OSError(errno.EIO, "Input/output error")
            rename(source, target)

        monkeypatch.setattr(os, "rename", rename_some)
        with pytest.raises(UserError, match=r"out cannot be written \(Input/output error\)"):
            write_new(path)
        assert contents(path) == OLD
        assert (path / "mark.json").read_text() == "old"

    @pytest.mark.parametrize("n_renames", range(5))
    def test_killed_while_contents_move(self, tmp_path, n_renames):
        path = write_old(tmp_path / "out")
        code = f"""if True:
            import os, pathlib
            from audio_vae.utils.folders import atomic_folder
            rename, renamed = os.rename, []
            def rename_some(source, target):
                if len(renamed) == {n_renames}:
                    os._exit(9)
                renamed.append(source)
                rename(source, target)
            os.rename = rename_some
            with atomic_folder(pathlib.Path({str(path)!r}), "mark.json") as part:
                (part / "sounds").mkdir()
                (part / "mark.json").write_text("new")
            os._exit(9)
        """
        assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 9
        names = {each.name for each in path.iterdir() if not each.name.startswith(".")}
        if (path / "mark.json").is_file():
            # Complete, with the old contents or the new ones.
            assert names == {"mark.json", "sounds"}
            assert (path / "sounds" / "old.wav").exists() == ((path / "mark.json").read_text() == "old")
        write_new(path)
        assert contents(path) == NEW

    def test_another_process_writes_the_same_folder(self, tmp_path):
        path = write_old(tmp_path / "out")
        with atomic_folder(path, "mark.json") as part:
            write_new(path)
            (part / "mark.json").write_text("later")
        assert contents(path) == ["mark.json"]
        assert (path / "mark.json").read_text() == "later"

    def test_another_process_has_made_the_folder(self, tmp_path):
        path = tmp_path / "out"
        with atomic_folder(path, "mark.json") as part:
            write_old(path)
            (part / "mark.json").write_text("later")
        assert contents(path) == ["mark.json"]

    def test_files_that_came_meanwhile_are_left_alone(self, tmp_path):
        path = tmp_path / "out"
        path.mkdir()

        def work():
            with atomic_folder(path, "mark.json") as part:
                (part / "mark.json").touch()
                (path / "thesis.txt").touch()

        with pytest.raises(UserError, match="holds other files"):
            work()
        assert contents(path) == ["thesis.txt"]

    def test_a_signal_waits_until_the_contents_have_moved(self, tmp_path, monkeypatch):
        path = write_old(tmp_path / "out")
        rename = os.rename

        def stop(source, target):
            signal.raise_signal(signal.SIGINT)
            rename(source, target)

        monkeypatch.setattr(os, "rename", stop)
        # Also where the tests themselves run with SIGINT ignored, as in the background of a shell.
        with replaced((signal.SIGINT,), signal.default_int_handler), pytest.raises(KeyboardInterrupt):
            write_new(path)
        assert contents(path) == NEW

    def test_folders_made_for_it_go_with_it(self, tmp_path):
        def fail():
            with atomic_folder(tmp_path / "a" / "b" / "out", "mark.json"):
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            fail()
        assert contents(tmp_path) == []

    def test_an_error_of_the_system_asks_for_another_folder(self, tmp_path):
        match = r"a cannot be written \(no room\): choose another folder with --out"
        with pytest.raises(UserError, match=match), atomic_folder(tmp_path / "a", "a.json"):
            raise OSError("no room")
        assert contents(tmp_path) == []

    def test_an_error_of_other_files_stays_what_it_is(self, tmp_path):
        def fail():
            with atomic_folder(tmp_path / "out", "mark.json"):
                (tmp_path / "missing").read_text()

        with pytest.raises(FileNotFoundError, match="missing"):
            fail()

    @pytest.mark.parametrize("error", [RuntimeError("System error."), OSError("4096 requested and 0 written")])
    def test_a_full_disk_is_told_whatever_a_library_says(self, tmp_path, error):
        def fill(part):
            with contextlib.suppress(OSError), (part / "a").open("wb", buffering=0) as file:
                while file.write(bytes(1 << 14)):
                    pass
            raise error

        def fail():
            with small_disk(tmp_path / "disk") as disk, atomic_folder(disk / "out", "mark.json") as part:
                fill(part)

        with pytest.raises(UserError, match=r"out cannot be written \(No space left on device\): make room"):
            fail()


class TestRequireWritableFolder:
    @pytest.mark.parametrize("name", ["new", "new/deep", "old", "empty", "link", "link/deep"])
    def test_leaves_nothing(self, tmp_path, name):
        write_old(tmp_path / "old")
        (tmp_path / "empty").mkdir()
        (tmp_path / "link").symlink_to("elsewhere")
        before = contents(tmp_path)
        require_writable_folder(tmp_path / name, "mark.json")
        assert contents(tmp_path) == before

    @pytest.mark.parametrize(
        ("name", "match"),
        [
            ("file", r"file cannot be written \(it is a file\)"),
            ("file/below", r"below cannot be written \(Not a directory\)"),
            ("pipe", r"pipe cannot be written \(it is no folder\)"),
            ("full", r"full holds other files \(no mark.json\)"),
            ("x" * 300, r"cannot be written \(File name too long\)"),
            ("loop", r"loop cannot be written"),
        ],
    )
    def test_refuses(self, tmp_path, name, match):
        (tmp_path / "file").touch()
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "thesis.txt").touch()
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(UserError, match=match + ".*: choose another folder with --out"):
            require_writable_folder(tmp_path / name, "mark.json")

    def test_other_files_are_allowed_without_a_marker(self, tmp_path):
        (tmp_path / "thesis.txt").touch()
        require_writable_folder(tmp_path)

    @pytest.mark.parametrize("name", ["locked", "locked/new"])
    def test_refuses_a_read_only_folder(self, tmp_path, name):
        (tmp_path / "locked").mkdir()
        make_read_only(tmp_path / "locked")
        with pytest.raises(UserError, match=r"cannot be written \(Permission denied\): choose another folder"):
            require_writable_folder(tmp_path / name)

    def test_refuses_a_full_disk(self, tmp_path):
        with small_disk(tmp_path / "disk", "64k") as disk:
            (disk / "most").write_bytes(bytes(40_000))
            with pytest.raises(UserError, match=r"cannot be written \(No space left on device\): make room"):
                require_writable_folder(disk / "out", "mark.json")
            assert contents(disk) == ["most"]


class TestNewFolders:
    def test_what_is_still_empty_is_removed(self, tmp_path):
        with new_folders(tmp_path / "a" / "b") as folder:
            assert folder.is_dir()
        assert contents(tmp_path) == []

    def test_what_holds_something_is_kept(self, tmp_path):
        with new_folders(tmp_path / "a" / "b") as folder:
            (folder.parent / "file").touch()
        assert contents(tmp_path) == ["a", "a/file"]
