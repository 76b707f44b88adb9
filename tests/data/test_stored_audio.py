import numpy as np
import pytest
from stored_sounds import stored

from audio_vae.data import stored_audio
from audio_vae.data.sound_set import SoundSet, shards_folder
from audio_vae.data.stored_audio import StoredAudio
from audio_vae.utils.errors import UserError
from audio_vae.utils.patience import Patience


@pytest.fixture
def sounds(rng):
    audio = rng.normal(size=(8, 40)).astype(np.float32)
    for row, length in enumerate((40, 0, 1, 39, 7, 40, 20, 3)):
        audio[row, length:] = 0
    # A zero with a sign is a sample like any other.
    audio[4, 6] = -0.0
    return SoundSet(
        names=tuple("abcdefgh"),
        audio=audio,
        labels=np.arange(8, dtype=np.int32) % 2,
        is_test=np.arange(8) % 4 == 3,
        class_names=("x", "y"),
        peaks=np.ones(8, np.float32),
        lengths=np.full(8, 40, np.int32),
        rate_hz=8000,
    )


@pytest.fixture
def on_disk(sounds, tmp_path):
    return stored(sounds, tmp_path / "sounds")


def bits(values):
    return np.asarray(values).view(np.uint32)


INDICES = {
    "one": 3,
    "last": -1,
    "slice": slice(2, 7, 2),
    "all": slice(None),
    "none": slice(3, 3),
    "positions": np.array([7, 0, 4, 4, 1]),
    "list": [5, 2],
    "mask": np.arange(8) % 3 == 0,
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_rows_are_those_of_the_array(sounds, on_disk, index):
    read = on_disk.audio[index]
    assert read.dtype == np.float32
    assert read.shape == sounds.audio[index].shape
    np.testing.assert_array_equal(bits(read), bits(sounds.audio[index]))


def test_it_has_the_shape_of_the_array_and_its_rows(sounds, on_disk):
    assert (on_disk.audio.shape, len(on_disk.audio), on_disk.audio.dtype) == ((8, 40), 8, np.float32)
    np.testing.assert_array_equal(list(on_disk.audio), sounds.audio)


def test_more_rows_than_are_read_at_once(sounds, on_disk, monkeypatch):
    monkeypatch.setattr(stored_audio, "_ROWS_AT_ONCE", 3)
    np.testing.assert_array_equal(list(on_disk.audio), sounds.audio)


def test_too_large_positions_are_refused(on_disk):
    with pytest.raises(IndexError, match="out of bounds"):
        on_disk.audio[8]


def test_numpy_does_not_read_all_of_it_unasked(on_disk):
    with pytest.raises(TypeError, match=r"index them, with \[:\] for all"):
        np.asarray(on_disk.audio)


def test_parts_of_a_set_stay_on_disk(sounds, on_disk):
    assert on_disk.is_stored
    assert not sounds.is_stored
    for part, expected in ((on_disk.train, sounds.train), (on_disk.test.take([1, 0]), sounds.test.take([1, 0]))):
        assert part.is_stored
        assert part.audio.patience is on_disk.audio.patience
        assert part.names == expected.names
        np.testing.assert_array_equal(part.in_memory().audio, expected.audio)
    assert sounds.in_memory() is sounds


def test_a_set_is_saved_without_its_samples_and_loaded(sounds, tmp_path):
    path = tmp_path / "run" / "sounds.npz"
    on_disk = stored(sounds, shards_folder(path))
    on_disk.save(path)
    loaded = SoundSet.load(path)
    assert loaded.is_stored
    assert loaded.names == sounds.names
    np.testing.assert_array_equal(loaded.audio[:], sounds.audio)
    np.testing.assert_array_equal(loaded.is_test, sounds.is_test)
    with np.load(path) as values:
        assert "audio" not in values


def test_any_program_reads_a_shard(on_disk, sounds):
    samples = np.load(on_disk.audio.folder / "00000.npy")
    np.testing.assert_array_equal(samples, np.concatenate([sounds.audio[0], sounds.audio[2, :1]]))


def test_a_shard_that_ends_too_early_is_named(on_disk):
    path = on_disk.audio.folder / "00001.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match=r"00001.npy is damaged \(it ends too early\)"):
        on_disk.audio[5]
    np.testing.assert_array_equal(on_disk.audio[3], on_disk.audio[3:4][0])


def test_a_shard_that_is_gone_is_waited_for(on_disk, sounds):
    path, away = on_disk.audio.folder / "00001.npy", on_disk.audio.folder / "away"
    path.rename(away)
    said = []
    audio = StoredAudio(
        on_disk.audio.folder,
        40,
        *(getattr(on_disk.audio, name) for name in ("shards", "starts", "stored")),
        Patience(5, said.append, sleep=lambda _: away.rename(path)),
    )
    np.testing.assert_array_equal(audio[[0, 4]], sounds.audio[[0, 4]])
    assert ["cannot be read (No such file or directory): trying again" in line for line in said] == [True, False]


def test_a_pipeline_ends_with_the_error_of_the_read(on_disk, sounds):
    (on_disk.audio.folder / "00000.npy").unlink()
    on_disk.audio.patience._patience_s = 0
    with pytest.raises(UserError, match="could not be read for 0 s") as raised:
        on_disk.audio[0]
    with pytest.raises(UserError, match="could not be read for 0 s") as of_pipeline, on_disk.reading_problems():
        raise RuntimeError("what a pipeline makes of it")
    assert of_pipeline.value is raised.value
    with pytest.raises(RuntimeError, match="another"), sounds.reading_problems():
        raise RuntimeError("another")
