"""Sounds with labels and a split: parts of them, the file, counts."""

import dataclasses

import numpy as np
import pytest

from audio_vae.data.sound_set import SoundSet, class_sizes, evenly_spaced
from audio_vae.utils.errors import UserError


@pytest.fixture
def sounds(rng):
    return SoundSet(
        names=("a", "b", "c", "d", "e"),
        audio=rng.normal(size=(5, 32)).astype(np.float32),
        labels=np.array([0, 1, 0, 1, 1], np.int32),
        is_test=np.array([False, False, True, False, True]),
        class_names=("x", "ÿ"),
        peaks=np.linspace(0.1, 0.5, 5, dtype=np.float32),
        lengths=np.arange(5, dtype=np.int32) + 20,
        rate_hz=8000,
    )


class TestSoundSet:
    def test_train_and_test_part_it(self, sounds):
        assert sounds.train.names == ("a", "b", "d")
        assert sounds.test.names == ("c", "e")
        np.testing.assert_array_equal(sounds.test.audio, sounds.audio[[2, 4]])
        np.testing.assert_array_equal(sounds.test.lengths, [22, 24])
        assert sounds.test.class_names == sounds.class_names

    def test_save_and_load(self, sounds, tmp_path):
        sounds.save(tmp_path / "sounds.npz")
        loaded = SoundSet.load(tmp_path / "sounds.npz")
        assert (loaded.names, loaded.class_names, loaded.rate_hz) == (sounds.names, sounds.class_names, 8000)
        for name in ("audio", "labels", "is_test", "peaks", "lengths"):
            stored, original = getattr(loaded, name), getattr(sounds, name)
            assert stored.dtype == original.dtype
            np.testing.assert_array_equal(stored, original)

    @pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a zip"])
    def test_damaged_file(self, tmp_path, content):
        path = tmp_path / "sounds.npz"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=r"sounds\.npz cannot be read .* train again"):
            SoundSet.load(path)

    def test_groups_are_kept(self, sounds, tmp_path):
        grouped = dataclasses.replace(sounds, groups=("ann", "bob", "ann", "ann", ""))
        grouped.save(tmp_path / "sounds.npz")
        assert SoundSet.load(tmp_path / "sounds.npz").groups == grouped.groups
        assert grouped.test.groups == ("ann", "")
        assert grouped.of_class(1, "ann").tolist() == [3]
        assert sounds.of_class(1, "ann").tolist() == []

    def test_file_from_before_there_were_groups(self, sounds, tmp_path):
        sounds.save(tmp_path / "sounds.npz")
        with np.load(tmp_path / "sounds.npz") as stored:
            np.savez(tmp_path / "old.npz", **{name: stored[name] for name in stored if name != "groups"})
        assert SoundSet.load(tmp_path / "old.npz").groups == ()

    def test_sounds_of_a_centre_are_the_training_sounds_or_else_all(self, sounds):
        assert sounds.centre_members(0).tolist() == [0]
        assert dataclasses.replace(sounds, is_test=np.ones(5, bool)).centre_members(0).tolist() == [0, 2]

    def test_class_sizes(self, sounds):
        assert class_sizes(sounds) == {
            "x": {"size": 2, "train": 1, "test": 1},
            "ÿ": {"size": 3, "train": 2, "test": 1},
        }


@pytest.mark.parametrize(("n_sounds", "most", "expected"), [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (1, 4, [0])])
def test_evenly_spaced(n_sounds, most, expected):
    assert evenly_spaced(n_sounds, most).tolist() == expected
