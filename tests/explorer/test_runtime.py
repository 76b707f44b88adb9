"""onnxruntime-web, found or fetched."""

import io
import tarfile

import pytest

from audio_vae.explorer import runtime
from audio_vae.explorer.runtime import FILES, copy_runtime, fetch_runtime, find_runtime
from audio_vae.utils.errors import UserError


@pytest.fixture
def package(monkeypatch):
    """The archive of a package, in place of the network; counts how often it is downloaded."""
    downloads = []

    def download(url, sha256, folder, what, advice, *, show_progress):
        downloads.append(url)
        path = folder / "archive"
        with tarfile.open(path, "w:gz") as tar:
            for name in (*FILES, "../../evil"):
                info = tarfile.TarInfo(f"package/dist/{name}")
                info.size = len(name)
                tar.addfile(info, io.BytesIO(name.encode()))
        return path

    monkeypatch.setattr(runtime, "download", download)
    return downloads


def test_it_is_fetched_once_and_nothing_else_of_it_is_kept(package, tmp_path):
    for _ in range(2):
        folder = fetch_runtime("https://example.org/x.tgz", "a" * 64, tmp_path / "cache")
        assert {path.name: path.read_text() for path in folder.iterdir()} == {name: name for name in FILES}
    assert package == ["https://example.org/x.tgz"]
    assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] == ["cache", "onnxruntime-web-" + "a" * 12]


@pytest.mark.parametrize("below", ["", "dist", "package/dist"])
def test_a_given_folder_is_used_and_nothing_is_fetched(package, tmp_path, below):
    place = tmp_path / "given" / below
    place.mkdir(parents=True)
    for name in FILES:
        (place / name).write_text(name)
    copy_runtime(tmp_path, tmp_path / "given")
    assert all((tmp_path / name).read_text() == name for name in FILES)
    assert package == []


def test_a_folder_that_lacks_a_file_is_refused(tmp_path):
    (tmp_path / FILES[0]).write_text("")
    with pytest.raises(UserError, match=r"does not hold .*ort-wasm-simd-threaded\.wasm: give the folder of"):
        find_runtime(tmp_path)
