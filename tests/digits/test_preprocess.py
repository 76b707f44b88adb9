"""Recordings by name: classes, split, speakers, bad input."""

import numpy as np
import pytest
import soundfile

from audio_vae.audio.decoding import tfio_works
from audio_vae.config import AudioConfig
from audio_vae.digits import config, download, preprocess
from audio_vae.utils.errors import UserError


def write_recording(path, rng, rate_hz=8000, n_channels=1):
    tone = np.sin(2 * np.pi * rng.uniform(200, 900) * np.arange(rate_hz // 4) / rate_hz)
    soundfile.write(path, np.repeat(0.4 * tone[:, None], n_channels, axis=1), rate_hz)


@pytest.fixture
def folder(tmp_path, rng):
    folder = tmp_path / "fsdd"
    folder.mkdir()
    for digit in range(10):
        for take in (0, 9, 10, 49):
            write_recording(folder / f"{digit}_jackson_{take}.wav", rng)
        write_recording(folder / f"{digit}_theo_10.wav", rng)
    return folder


def prepare(folder, **options):
    return preprocess.prepare(config.make(**options), folder)


def test_classes_and_split_come_from_the_names(folder):
    prepared = prepare(folder)
    sounds = prepared.sounds
    assert sounds.class_names == tuple("0123456789")
    assert len(sounds) == 40
    for name, label, is_test in zip(sounds.names, sounds.labels, sounds.is_test, strict=True):
        digit, speaker, take = name.removesuffix(".wav").split("_")
        assert (int(digit), speaker, int(take) < 10) == (label, "jackson", is_test)
    assert prepared.refusals == []
    assert prepared.decoder == ("tensorflow-io" if tfio_works() else "libsndfile")
    assert prepared.labels_report["source"] == "file names"
    assert prepared.labels_report["speakers"] == ["jackson"]
    assert prepared.labels_report["classes"]["7"] == {"size": 4, "train": 2, "test": 2}


def test_order_is_by_number_and_not_by_letter(folder, rng):
    write_recording(folder / "0_jackson_2.wav", rng)
    names = prepare(folder).sounds.names[:5]
    assert names == tuple(f"0_jackson_{take}.wav" for take in (0, 2, 9, 10, 49))


def test_several_speakers(folder):
    assert len(prepare(folder, speakers=("theo", "jackson")).sounds) == 50


@pytest.mark.parametrize("stored", ["Jos\u00e9", "Jose\u0301"], ids=["composed", "decomposed"])
@pytest.mark.parametrize("typed", ["Jos\u00e9", "Jose\u0301"], ids=["composed", "decomposed"])
def test_a_speaker_is_found_however_accents_are_stored(folder, stored, typed):
    for path in folder.glob("*_theo_*"):
        path.rename(path.with_name(path.name.replace("theo", stored)))
    sounds = prepare(folder, speakers=("jackson", typed)).sounds
    assert set(sounds.groups) == {"jackson", "Jos\u00e9"}
    assert "0_Jos\u00e9_10.wav" in sounds.names


def test_folder_that_holds_recordings(folder):
    (folder.parent / "data").mkdir()
    folder.rename(folder.parent / "data" / "recordings")
    assert len(prepare(folder.parent / "data").sounds) == 40


def test_other_files_are_passed_over(folder):
    for name in ("README.md", "._0_jackson_1.wav", "x_jackson_1.wav", "0_jackson.wav", "10_jackson_1.wav"):
        (folder / name).touch()
    (folder / "0_jackson_11.wav").mkdir()
    prepared = prepare(folder)
    assert (len(prepared.sounds), prepared.refusals) == (40, [])


def test_bad_recordings_are_refused_and_the_rest_go_on(folder, rng):
    (folder / "1_jackson_20.wav").write_bytes(b"RIFF and then nothing of use")
    (folder / "2_jackson_20.wav").write_bytes(b"")
    soundfile.write(folder / "3_jackson_20.wav", np.zeros(2000), 8000)
    soundfile.write(folder / "4_jackson_20.wav", np.zeros(0), 8000)
    write_recording(folder / "5_jackson_20.wav", rng, rate_hz=48000, n_channels=2)
    prepared = prepare(folder)
    reasons = {each.name: each.reason for each in prepared.refusals}
    assert sorted(reasons) == [f"{digit}_jackson_20.wav" for digit in (1, 2, 3, 4)]
    assert "not readable as sound" in reasons["1_jackson_20.wav"]
    assert "empty" in reasons["2_jackson_20.wav"]
    assert "silent" in reasons["3_jackson_20.wav"]
    assert "no samples" in reasons["4_jackson_20.wav"]
    resampled = prepared.sounds.names.index("5_jackson_20.wav")
    assert prepared.sounds.lengths[resampled] == 2000
    assert len(prepared.sounds) == 41


def test_no_test_sound_of_a_class_is_no_error(folder):
    for take in (0, 9):
        (folder / f"6_jackson_{take}.wav").unlink()
    assert prepare(folder).labels_report["classes"]["6"] == {"size": 2, "train": 2, "test": 0}


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match=r"nowhere does not exist: .*--data"):
        prepare(tmp_path / "nowhere")


def test_file_for_a_folder(folder):
    with pytest.raises(UserError, match=r"is a file, not a folder: .*--data"):
        prepare(folder / "0_jackson_0.wav")


@pytest.mark.parametrize("name", [None, "notes.txt"])
def test_folder_without_recordings(tmp_path, name):
    if name:
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"no recordings named \{digit\}_\{speaker\}_\{take\}\.wav in .*--data"):
        prepare(tmp_path)


def test_unknown_speaker_lists_those_there_are(folder):
    with pytest.raises(UserError, match=r"unknown speaker 'bob' in .*: choose from jackson, theo with --speaker"):
        prepare(folder, speakers=("bob", "theo"))


def test_class_without_training_sound(folder):
    (folder / "3_jackson_10.wav").unlink()
    (folder / "3_jackson_49.wav").write_text("broken")
    with pytest.raises(UserError, match=r"no usable training sound of 3 in .*1 left out, 3_jackson_49\.wav: not read"):
        prepare(folder)


def test_without_a_folder_the_download_is_used(folder, monkeypatch):
    monkeypatch.setattr(download, "fetch", lambda show_progress: folder)
    assert len(prepare(None).sounds) == 40


def test_all_of_jacksons_digits(shared_data):
    prepared = prepare(shared_data / "fsdd")
    sounds = prepared.sounds
    assert (len(sounds.train), len(sounds.test), prepared.refusals) == (400, 100, [])
    assert sounds.audio.shape == (500, 4096)
    np.testing.assert_array_equal(np.bincount(sounds.test.labels), [10] * 10)
    np.testing.assert_array_equal(np.abs(sounds.audio).max(axis=1), 1)
    assert np.mean(sounds.lengths == AudioConfig().n_samples) == pytest.approx(0.42, abs=0.01)
    assert sounds.peaks.mean() == pytest.approx(0.46, abs=0.01)
