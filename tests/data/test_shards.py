"""Shards hold the samples that are read into memory, bit for bit; what is whole is kept, what is damaged is mended."""

import json
import os

import numpy as np
import pytest
import soundfile

from audio_vae.config import AudioConfig
from audio_vae.data import shard_worker, shards, worker_pool
from audio_vae.data.reading import Item, Refusal, read_sounds
from audio_vae.data.shard_worker import ShardTask, header, make_shard
from audio_vae.data.shards import ShardStore, is_large
from audio_vae.utils.errors import UserError

CONFIG = AudioConfig(8000, 2048, onset_db=40.0)


@pytest.fixture
def items(tmp_path, rng):
    """Nine files: of several formats, longer and shorter than T, the fifth no sound, the last a copy of the second."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number, name in enumerate(("0.wav", "1.flac", "2.aiff", "3.wav", "4.wav", "5.ogg", "6.wav", "7.wav", "8.wav")):
        n_samples = 300 + 900 * (number % 5)
        samples = rng.normal(0, 0.2, n_samples) * np.exp(-np.arange(n_samples) / 100)
        soundfile.write(folder / name, samples.clip(-1, 1), 8000 if number % 2 else 11025)
    (folder / "4.wav").write_bytes(b"no sound")
    samples, rate_hz = soundfile.read(folder / "1.flac")
    soundfile.write(folder / "8.wav", samples, rate_hz)
    return [Item(path, path.name, "ab"[int(path.stem) % 2]) for path in sorted(folder.iterdir())]


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(shards, "MOST_SOUNDS", 2)


@pytest.fixture
def store(tmp_path):
    return ShardStore(tmp_path / "run" / "sounds")


@pytest.fixture
def written(monkeypatch):
    """The shards that are written in this process, in place of worker processes."""
    names = []

    def make(task):
        before = task.path.stat().st_mtime_ns if task.path.exists() else None
        found = make_shard(task)
        if task.path.stat().st_mtime_ns != before:
            names.append(task.path.name)
        return found

    monkeypatch.setattr(worker_pool, "n_cores", lambda: 1)
    monkeypatch.setattr(worker_pool, "make_shard", make)
    return names


def assert_same(found, expected):
    (kept, sounds, refusals), (kept_too, other, other_refusals) = found, expected
    assert kept == kept_too
    assert refusals == other_refusals
    assert sounds.is_stored
    assert not other.is_stored
    assert (sounds.names, sounds.class_names, sounds.rate_hz) == (other.names, other.class_names, other.rate_hz)
    np.testing.assert_array_equal(sounds.audio[:].view(np.uint32), other.audio.view(np.uint32))
    for name in ("labels", "is_test", "peaks", "lengths"):
        np.testing.assert_array_equal(getattr(sounds, name), getattr(other, name))


@pytest.mark.parametrize("n_cores", [1, 2])
def test_sounds_are_those_in_memory(items, store, small_shards, monkeypatch, n_cores):
    monkeypatch.setattr(worker_pool, "n_cores", lambda: n_cores)
    expected = read_sounds(items, CONFIG, without_copies=True)
    assert [each.name for each in expected[2]] == ["4.wav", "8.wav"]
    assert_same(read_sounds(items, CONFIG, without_copies=True, store=store), expected)
    assert sorted(path.name for path in store.folder.glob("*.npy")) == [f"0000{number}.npy" for number in range(5)]
    assert store.damaged(every=True) == []


def test_samples_in_memory_are_stored_too(store, rng, small_shards):
    items = [
        Item(None, str(number), "a", samples=rng.uniform(-1, 1, 3000).astype(np.float32), rate_hz=16000)
        for number in range(3)
    ]
    assert_same(read_sounds(items, CONFIG, store=store), read_sounds(items, CONFIG))


def test_nothing_usable(store, tmp_path):
    (tmp_path / "none.wav").touch()
    kept, sounds, refusals = read_sounds([Item(tmp_path / "none.wav", "none.wav")], CONFIG, store=store)
    assert (kept, sounds.audio.shape) == ([], (0, 2048))
    assert refusals == [Refusal("none.wav", "the file is empty (0 bytes)")]


def test_an_interrupted_preparation_goes_on(items, store, small_shards, written):
    outcomes = store.write(items, CONFIG)
    for _ in range(5):
        next(outcomes)
    outcomes.close()
    assert written == ["00000.npy", "00001.npy", "00002.npy"]
    assert not store.manifest_path.exists()
    found = read_sounds(items, CONFIG, store=store)
    assert written == [f"0000{number}.npy" for number in range(5)]
    assert_same(found, read_sounds(items, CONFIG))


def cut(path, items):
    path.write_bytes(path.read_bytes()[:-4])


def flip(path, items):
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


def lose(path, items):
    path.unlink()


def lose_the_file_beside(path, items):
    path.with_suffix(".json").unlink()


def change_a_source(path, items):
    samples, rate_hz = soundfile.read(items[2].path)
    soundfile.write(items[2].path, 0.5 * samples[::-1], rate_hz)


CHANGES = [cut, flip, lose, lose_the_file_beside, change_a_source]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_whole_is_written_anew(items, store, small_shards, written, change):
    list(store.write(items, CONFIG))
    written.clear()
    change(store.folder / "00001.npy", items)
    assert_same(read_sounds(items, CONFIG, store=store), read_sounds(items, CONFIG))
    assert set(written) <= {"00001.npy"}
    assert written or change is lose_the_file_beside


def test_other_settings_make_other_shards(items, store, small_shards, written):
    list(store.write(items, CONFIG))
    shorter = AudioConfig(8000, 1024, onset_db=40.0)
    assert_same(read_sounds(items[:4], shorter, store=store), read_sounds(items[:4], shorter))
    # Those of the larger set are gone.
    assert sorted(path.stem for path in store.folder.iterdir()) == ["00000", "00000", "00001", "00001", "manifest"]


@pytest.mark.parametrize("change", [cut, flip, lose])
def test_damage_is_found_and_mended(items, store, small_shards, change):
    _, sounds, _ = read_sounds(items, CONFIG, store=store)
    before = sounds.audio[:]
    path = store.folder / "00003.npy"
    change(path, items)
    assert store.damaged(every=False) == ["00003.npy"]
    store.mend(["00003.npy"], lambda: items, CONFIG, show_progress=False)
    assert store.damaged(every=False) == store.damaged(every=True) == []
    np.testing.assert_array_equal(sounds.audio[:], before)


def test_damage_that_leaves_size_and_time_is_found_by_the_hash(items, store, small_shards):
    list(store.write(items, CONFIG))
    path = store.folder / "00000.npy"
    state = path.stat()
    flip(path, items)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert store.damaged(every=False) == []
    assert store.damaged(every=True) == ["00000.npy"]


def test_a_copy_of_the_folder_is_intact(items, store, small_shards):
    list(store.write(items, CONFIG))
    for path in store.folder.glob("*.npy"):
        os.utime(path, ns=(0, 0))
    assert store.damaged(every=False) == []


def test_intact_shards_need_no_data_folder(store):
    store.mend([], lambda: pytest.fail("the data folder was looked at"), CONFIG, show_progress=False)


def test_what_cannot_be_mended_is_told(items, store, small_shards):
    list(store.write(items, CONFIG))
    with pytest.raises(UserError, match=r"00001.npy is damaged, .*'2.aiff' is not there"):
        store.mend(["00001.npy"], lambda: items[:2], CONFIG, show_progress=False)
    change_a_source(None, items)
    with pytest.raises(UserError, match=r"00001.npy is damaged, .*they give other samples now"):
        store.mend(["00001.npy"], lambda: items, CONFIG, show_progress=False)


def test_a_damaged_manifest_is_told(items, store):
    list(store.write(items, CONFIG))
    store.manifest_path.write_text("{}")
    with pytest.raises(UserError, match=r"manifest.json cannot be read .*another --run"):
        store.damaged(every=False)


def test_fingerprints_are_those_of_the_files(items, store, small_shards):
    list(store.write(items, CONFIG))
    found = store.fingerprints()
    assert list(found) == [item.name for item in items]
    assert found["4.wav"]["bytes"] == 8


def test_only_what_is_of_shards_is_removed(items, store):
    list(store.write(items, CONFIG))
    assert store.holds_nothing_else()
    (store.folder / "mine.wav").touch()
    assert not store.holds_nothing_else()
    store.remove()
    assert [path.name for path in store.folder.iterdir()] == ["mine.wav"]


@pytest.mark.parametrize("n_samples", [0, 1, 16_777_216])
def test_the_header_is_numpys(n_samples, tmp_path):
    assert len(header(n_samples)) == 128
    (tmp_path / "empty.npy").write_bytes(header(n_samples))
    with (tmp_path / "empty.npy").open("rb") as file:
        assert np.lib.format.read_magic(file) == (1, 0)
        assert np.lib.format.read_array_header_1_0(file) == ((n_samples,), False, np.dtype("<f4"))
        assert file.tell() == 128


def test_large_is_what_takes_more_than_a_gibibyte():
    assert not is_large(4096, 65536)
    assert is_large(4097, 65536)


class TestWorkers:
    def tasks(self, items, store):
        store.folder.mkdir(parents=True)
        return [ShardTask(store.folder / f"0000{number}.npy", [item], CONFIG) for number, item in enumerate(items)]

    def test_an_error_of_a_worker_is_raised(self, items, store, monkeypatch):
        monkeypatch.setattr(worker_pool, "n_cores", lambda: 2)
        tasks = self.tasks(items, store)
        store.folder.rmdir()
        store.folder.write_text("a file in place of the folder")
        with pytest.raises(OSError, match=r"Not a directory|exists"):
            list(worker_pool.map_in_processes(tasks))

    def test_a_worker_that_ends_is_told(self, items, store, monkeypatch):
        monkeypatch.setattr(worker_pool, "n_cores", lambda: 2)
        monkeypatch.setattr(worker_pool, "_PROGRAM", "raise SystemExit(0)  # {path}")
        with pytest.raises(UserError, match="a process that reads sounds ended"):
            list(worker_pool.map_in_processes(self.tasks(items, store)))

    def test_workers_end_with_the_iteration(self, items, store, monkeypatch):
        monkeypatch.setattr(worker_pool, "n_cores", lambda: 2)
        started = []
        start = worker_pool._start
        monkeypatch.setattr(worker_pool, "_start", lambda: started.append(start()) or started[-1])
        outcomes = worker_pool.map_in_processes(self.tasks(items, store))
        next(outcomes)
        outcomes.close()
        assert len(started) == 2
        assert all(each.returncode is not None for each in started)


def test_what_lies_beside_a_shard_says_what_it_is_made_of(items, store):
    list(store.write(items, CONFIG))
    found = json.loads((store.folder / "00000.json").read_text())
    assert found["settings"]["n_samples"] == 2048
    assert found["settings"]["decoder"].startswith("decode_")
    assert found["sha256"] == shard_worker.hash_of(store.folder / "00000.npy")
    assert [("reason" in each) for each in found["files"]] == [number == 4 for number in range(9)]
