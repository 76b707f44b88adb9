"""Sounds with labels and a split, the order of an epoch, batches."""

import dataclasses

import numpy as np
import pytest
import soundfile

from audio_vae.config import AudioConfig
from audio_vae.data.batches import epoch_order, steps_per_epoch, training_batches
from audio_vae.data.labels import stratified_split
from audio_vae.data.reading import Item, Refusal, read_sounds
from audio_vae.data.sound_set import SoundSet, class_sizes, evenly_spaced
from audio_vae.utils.errors import UserError

CONFIG = AudioConfig(8000, 256)


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


def write_tone(path, level=0.5, rate_hz=8000):
    soundfile.write(path, level * np.sin(np.arange(200) * 0.3), rate_hz, subtype="FLOAT")
    return path


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


class TestReadSounds:
    def test_refuses_with_a_reason_and_goes_on(self, tmp_path):
        write_tone(tmp_path / "1.wav")
        (tmp_path / "2.wav").write_text("no sound")
        write_tone(tmp_path / "3.wav", level=0.25)
        items = [Item(tmp_path / f"{n}.wav", f"{n}.wav", "class", n == 3) for n in (1, 2, 3, 4)]
        kept, sounds, refusals = read_sounds(items, CONFIG)
        assert [item.name for item in kept] == list(sounds.names) == ["1.wav", "3.wav"]
        assert [each.name for each in refusals] == ["2.wav", "4.wav"]
        assert "not readable" in refusals[0].reason
        np.testing.assert_array_equal(sounds.is_test, [False, True])
        np.testing.assert_allclose(sounds.peaks, [0.5, 0.25], rtol=1e-2)
        np.testing.assert_array_equal(sounds.lengths, [200, 200])
        assert sounds.audio.shape == (2, 256)

    def test_classes_in_order_of_appearance(self, tmp_path):
        path = write_tone(tmp_path / "1.wav")
        items = [Item(path, str(i), name) for i, name in enumerate(["b", "a", "b", None])]
        _, sounds, _ = read_sounds(items, CONFIG)
        assert sounds.class_names == ("b", "a")
        np.testing.assert_array_equal(sounds.labels, [0, 1, 0, -1])

    @pytest.mark.parametrize(("groups", "expected"), [(["ann", ""], ("ann", "")), (["", ""], ())])
    def test_groups(self, tmp_path, groups, expected):
        path = write_tone(tmp_path / "1.wav")
        items = [Item(path, str(i), "class", group=group) for i, group in enumerate(groups)]
        assert read_sounds(items, CONFIG)[1].groups == expected

    def test_nothing_usable(self, tmp_path):
        kept, sounds, refusals = read_sounds([Item(tmp_path / "none.wav", "none.wav")], CONFIG)
        assert (kept, len(sounds), len(refusals)) == ([], 0, 1)
        assert sounds.audio.shape == (0, 256)

    def test_samples_in_memory_go_the_same_way_as_a_file(self, tmp_path, rng):
        samples = rng.normal(0, 0.1, 2000).astype(np.float32)
        soundfile.write(tmp_path / "a.wav", samples, 44100, subtype="FLOAT")
        items = [Item(tmp_path / "a.wav", "file"), Item(None, "memory", samples=samples, rate_hz=44100)]
        _, sounds, _ = read_sounds(items, CONFIG)
        np.testing.assert_array_equal(sounds.audio[0], sounds.audio[1])

    def test_silence_in_memory_is_refused(self):
        _, _, refusals = read_sounds([Item(None, "quiet", samples=np.zeros(99, np.float32), rate_hz=8000)], CONFIG)
        assert refusals == [Refusal("quiet", "silent for the first 0.03 s")]


class TestStratifiedSplit:
    names = tuple(f"n{i:02d}" for i in range(36))
    labels = np.array([0] * 10 + [1] * 20 + [2] * 1 + [3] * 2 + [4] * 3)

    def test_share_of_each_class(self):
        is_test = stratified_split(self.names, self.labels, 0, 0.2)
        assert [int(is_test[self.labels == label].sum()) for label in range(5)] == [2, 4, 0, 0, 1]

    def test_at_least_one_stays_for_training(self):
        is_test = stratified_split(self.names, self.labels, 0, 1.0)
        assert [int((~is_test[self.labels == label]).sum()) for label in range(5)] == [1] * 5

    def test_depends_on_the_seed(self):
        draws = {tuple(stratified_split(self.names, self.labels, seed, 0.2)) for seed in range(5)}
        assert len(draws) > 1
        assert tuple(stratified_split(self.names, self.labels, 3, 0.2)) in draws

    def test_does_not_depend_on_the_order(self, rng):
        order = rng.permutation(len(self.names))
        shuffled = stratified_split([self.names[i] for i in order], self.labels[order], 0, 0.2)
        np.testing.assert_array_equal(shuffled, stratified_split(self.names, self.labels, 0, 0.2)[order])


class TestEpochs:
    @pytest.mark.parametrize("n_sounds", [0, 1, 7, 400])
    def test_order_is_a_permutation(self, n_sounds):
        np.testing.assert_array_equal(np.sort(epoch_order(n_sounds, 3, 5)), np.arange(n_sounds))

    def test_order_depends_on_seed_and_epoch_alone(self):
        order = epoch_order(50, 1, 2)
        np.testing.assert_array_equal(order, epoch_order(50, 1, 2))
        assert (order != epoch_order(50, 1, 3)).any()
        assert (order != epoch_order(50, 2, 2)).any()

    @pytest.mark.parametrize(("n_sounds", "batch_size", "steps"), [(8, 4, 2), (9, 4, 3), (1, 4, 1), (0, 4, 0)])
    def test_steps(self, n_sounds, batch_size, steps):
        assert steps_per_epoch(n_sounds, batch_size) == steps

    @pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8])
    def test_batches_drop_nothing_and_follow_the_order(self, sounds, batch_size):
        batches = list(training_batches(sounds, batch_size, seed=4, epochs=range(2, 5)))
        steps = steps_per_epoch(5, batch_size)
        assert len(batches) == 3 * steps
        for number, epoch in enumerate(range(2, 5)):
            mine = batches[number * steps : (number + 1) * steps]
            order = epoch_order(5, 4, epoch)
            np.testing.assert_array_equal(np.concatenate([audio for audio, _ in mine]), sounds.audio[order])
            np.testing.assert_array_equal(np.concatenate([labels for _, labels in mine]), sounds.labels[order])


@pytest.mark.parametrize(("n_sounds", "most", "expected"), [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (1, 4, [0])])
def test_evenly_spaced(n_sounds, most, expected):
    assert evenly_spaced(n_sounds, most).tolist() == expected
