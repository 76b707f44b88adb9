"""Many files read into a set of sounds, in order, with a bound on memory."""

import threading

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.audio import decoding
from audio_vae.config import AudioConfig
from audio_vae.data import reading
from audio_vae.data.reading import Item, Refusal, decoder_of, read_sounds, validate_items
from audio_vae.data.validation import ValidSound

CONFIG = AudioConfig(8000, 256)


def write_tone(path, level=0.5, rate_hz=8000):
    soundfile.write(path, level * np.sin(np.arange(200) * 0.3), rate_hz, subtype="FLOAT")
    return path


class TestValidateItems:
    def test_copies_name_the_first(self, tmp_path):
        for name in ("a", "b", "c"):
            write_sound(tmp_path / f"{name}.wav", decaying_tone(level=0.5 if name != "b" else 0.4))
        items = [Item(tmp_path / f"{name}.wav", name) for name in ("a", "b", "c")]
        outcomes = [outcome for _, outcome in validate_items(items, CONFIG, without_copies=True)]
        assert outcomes[2] == Refusal("c", "exact duplicate of a")
        assert all(isinstance(outcome, ValidSound) for outcome in outcomes[:2])
        assert all(isinstance(outcome, ValidSound) for _, outcome in validate_items(items, CONFIG))

    def test_order_is_kept(self, tmp_path):
        items = [Item(None, str(n), samples=decaying_tone(0.3 / (n % 7 + 1)), rate_hz=8000) for n in range(100)]
        assert [item.name for item, _ in validate_items(items, CONFIG)] == [str(n) for n in range(100)]

    def test_reads_only_so_far_ahead(self, monkeypatch):
        """How much is validated and not yet taken is bounded, or memory would grow with the number of files."""
        validated, lock = [], threading.Lock()

        def count(item, config, decode):
            with lock:
                validated.append(item.name)
            return Refusal(item.name, "")

        monkeypatch.setattr(reading, "_validate_item", count)
        items = [Item(None, str(n)) for n in range(1000)]
        for taken, _ in enumerate(validate_items(items, CONFIG), start=1):
            with lock:
                assert len(validated) <= taken + 8 * reading._N_THREADS


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


class TestDecoderOf:
    def test_sounds_in_memory_need_none(self):
        assert decoder_of([Item(None, "memory", samples=np.ones(99, np.float32), rate_hz=8000)]) is None

    @pytest.mark.parametrize(("works", "name"), [(False, "libsndfile"), (True, "tensorflow-io")])
    def test_files_are_read_by_the_best_decoder(self, tmp_path, monkeypatch, works, name):
        paths = []

        def decode(path):
            paths.append(path)
            return decode_soundfile(path)

        decode_soundfile = decoding.decode_soundfile
        monkeypatch.setattr(decoding, "tfio_works", lambda: works)
        monkeypatch.setattr(decoding, "decode_tfio" if works else "decode_soundfile", decode)
        items = [Item(write_tone(tmp_path / f"{number}.wav"), str(number)) for number in range(3)]
        assert decoder_of(items) == name
        read_sounds(items, CONFIG)
        assert sorted(paths) == [item.path for item in items]
