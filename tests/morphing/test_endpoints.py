"""What a user may name as a point of the latent space."""

import dataclasses

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.data.sound_set import SoundSet
from audio_vae.data.validation import validate_file
from audio_vae.morphing.endpoints import file_warnings, known_sound, parse_endpoint
from audio_vae.utils.errors import UserError

T = 512
TONE = decaying_tone(0.05)
NOTEWORTHY = {
    "clipped": np.clip(9 * TONE, -1, 1),
    "constant level": TONE + 0.3,
    "10 s": decaying_tone(10),
    "cancelling": np.stack([TONE, -TONE], axis=1),
    "stereo": np.stack([TONE, TONE], axis=1),
}
"""Usable files with one note each; that of the last is no warning."""
RATE_HZ = 8000


@pytest.fixture
def run(tone_run):
    return tone_run


class TestEndpoints:
    def test_class_centre_is_the_mean_of_its_training_sounds(self, run):
        endpoint = parse_endpoint("low", run, run.sounds)
        means, _ = run.encode(run.sounds.audio[:3])
        np.testing.assert_allclose(endpoint.latent, means.mean(axis=0), rtol=1e-5)
        assert endpoint.kind == "class"
        assert endpoint.peak == pytest.approx(0.2)
        assert endpoint.length_samples == 240

    def test_class_crossfades_its_sound_nearest_to_the_centre(self, run):
        endpoint = parse_endpoint("low", run, run.sounds)
        means, _ = run.encode(run.sounds.audio[:3])
        nearest = np.argmin(((means - means.mean(axis=0)) ** 2).sum(axis=1))
        assert endpoint.source == f"take{nearest}.wav"
        np.testing.assert_array_equal(endpoint.audio, run.sounds.audio[nearest])

    @pytest.mark.parametrize("text", ["low", "low:1"])
    def test_the_first_part_of_a_name_stands_for_the_first_of_these_classes(self, run, text):
        hyphened = dataclasses.replace(run.sounds, class_names=("low-a", "low-b"))
        expected = parse_endpoint(text.replace("low", "low-a"), run, hyphened)
        np.testing.assert_array_equal(parse_endpoint(text, run, hyphened).latent, expected.latent)
        with pytest.raises(UserError, match="unknown class 'lo'"):
            parse_endpoint(text.replace("low", "lo"), run, hyphened)

    def test_class_of_test_sounds_alone(self, run):
        sounds = dataclasses.replace(run.sounds, is_test=np.ones(8, bool))
        endpoint = parse_endpoint("low", run, sounds)
        means, _ = run.encode(sounds.audio[:4])
        np.testing.assert_allclose(endpoint.latent, means.mean(axis=0), rtol=1e-5)

    @pytest.mark.parametrize(("text", "row"), [("low:0", 0), ("low:3", 3), ("it's high:1", 5), ("low:01", 1)])
    def test_numbered_sound(self, run, text, row):
        endpoint = parse_endpoint(text, run, run.sounds)
        means, _ = run.encode(run.sounds.audio[row : row + 1])
        np.testing.assert_array_equal(endpoint.latent, means[0])
        assert (endpoint.kind, endpoint.source) == ("sound", f"take{row}.wav")
        assert endpoint.peak == pytest.approx(run.sounds.peaks[row])
        assert endpoint.length_samples == run.sounds.lengths[row]

    def test_numbers_follow_the_order_of_the_run(self, run):
        sounds = run.sounds.take(np.arange(8)[::-1])
        assert parse_endpoint("low:0", run, sounds).source == "take3.wav"

    def test_file_is_read_and_fitted(self, run, sound_file):
        endpoint = parse_endpoint(str(sound_file), run, run.sounds)
        assert (endpoint.kind, endpoint.source, endpoint.length_samples) == ("file", str(sound_file), 300)
        assert endpoint.peak == pytest.approx(0.5, rel=0.02)
        assert endpoint.audio.shape == (T,)
        assert np.abs(endpoint.audio).max() == 1
        means, _ = run.encode(endpoint.audio[np.newaxis])
        np.testing.assert_array_equal(endpoint.latent, means[0])

    def test_class_goes_before_a_file_of_its_name(self, run, sound_file, monkeypatch):
        sound_file.rename(sound_file.parent / "low")
        monkeypatch.chdir(sound_file.parent)
        assert parse_endpoint("low", run, run.sounds).kind == "class"
        assert parse_endpoint("./low", run, run.sounds).kind == "file"

    def test_file_goes_before_a_sound_of_its_name(self, run, sound_file, monkeypatch):
        sound_file.rename(sound_file.parent / "take2.wav")
        monkeypatch.chdir(sound_file.parent)
        assert parse_endpoint("take2.wav", run, run.sounds).kind == "file"

    def test_known_sound_is_the_runs_whatever_else_has_its_name(self, run, sound_file, monkeypatch):
        expected = parse_endpoint("low:2", run, run.sounds)
        for name in ("take2.wav", "low"):
            sound_file.with_name(name).write_bytes(sound_file.read_bytes())
        monkeypatch.chdir(sound_file.parent)
        known = known_sound("take2.wav", run, run.sounds)
        assert (known.name, known.kind, known.source) == ("take2.wav", "sound", "take2.wav")
        np.testing.assert_array_equal(known.latent, expected.latent)
        np.testing.assert_array_equal(known.given.samples, expected.given.samples)
        assert [known_sound(name, run, run.sounds) for name in ("low", "low:2", "own.wav", "")] == [None] * 4

    def test_file_whose_name_looks_like_a_sound_of_a_class(self, run, sound_file, monkeypatch):
        sound_file.rename(sound_file.parent / "low:best.wav")
        monkeypatch.chdir(sound_file.parent)
        assert parse_endpoint("low:best.wav", run, run.sounds).kind == "file"

    @pytest.mark.parametrize(("text", "rows"), [("ann/low", [0, 2]), ("bob/it's high", [5])])
    def test_centre_of_a_groups_sounds_of_a_class(self, run, text, rows):
        endpoint = parse_endpoint(text, run, run.sounds)
        means, _ = run.encode(run.sounds.audio[rows])
        np.testing.assert_allclose(endpoint.latent, means.mean(axis=0), rtol=1e-5, atol=1e-7)
        assert (endpoint.kind, endpoint.name) == ("class", text)
        assert endpoint.source in {f"take{row}.wav" for row in rows}

    @pytest.mark.parametrize(("text", "row"), [("ann/low:1", 2), ("bob/low:1", 3), ("bob/it's high:0", 5)])
    def test_numbered_sound_of_a_group(self, run, text, row):
        assert parse_endpoint(text, run, run.sounds).source == f"take{row}.wav"

    def test_class_goes_before_a_group_of_its_spelling(self, run):
        sounds = dataclasses.replace(run.sounds, class_names=("low", "ann/low", "empty"))
        assert parse_endpoint("ann/low", run, sounds).source in {f"take{row}.wav" for row in range(4, 7)}

    def test_sounds_without_groups(self, run):
        with pytest.raises(UserError, match="unknown class 'ann/low'") as error:
            parse_endpoint("ann/low", run, dataclasses.replace(run.sounds, groups=()))
        assert "GROUP" not in str(error.value)

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("ann/empty", r"class 'empty' has no sounds of group 'ann' in .*choose another class"),
            ("ann/low:2", r"class 'ann/low' has 2 sounds in .*give a number from 0 to 1"),
            ("ann/low:x", r"'x' in 'ann/low:x' is not a number: give ann/low:N"),
            ("eve/low", r"unknown class 'eve/low' .*GROUP/CLASS with a group of ann, bob"),
            ("eve/low:0", r"unknown class 'eve/low' "),
            ("hihat", r"unknown class 'hihat' in .*run, and file not found: give one of low, it's high"),
            ("hihat:3", r"unknown class 'hihat'"),
            ("no/such.wav", r"unknown class 'no/such.wav' .*file not found"),
            ("", r"unknown class ''"),
            ("a\nb", r"unknown class 'a\\nb'"),
            ("low:4", r"no sound 'low:4': class 'low' has 4 sounds in .*give a number from 0 to 3"),
            ("low:" + "9" * 5000, r"has 4 sounds"),
            ("low:one", r"'one' in 'low:one' is not a number: give low:N with N from 0 on"),
            ("low:-1", r"'-1' in 'low:-1' is not a number"),
            ("low:", r"'' in 'low:' is not a number"),
            ("low:²", r"is not a number"),
            ("empty", r"class 'empty' has no sounds"),
            ("empty:0", r"class 'empty' has 0 sounds in .*choose another class"),
        ],
    )
    def test_unusable_name(self, run, text, match):
        with pytest.raises(UserError, match=match) as error:
            parse_endpoint(text, run, run.sounds)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", r"the file is empty \(0 bytes\)"),
            (b"not a sound", r"not readable as sound"),
            (np.zeros(800, np.float32), r"the file is silent"),
            (np.full(800, np.nan, np.float32), r"NaN or infinite"),
            (np.full(800, 0.3, np.float32), r"a constant level and no sound"),
            (np.hanning(40).astype(np.float32), r"too short \(5\.0 ms, 10 ms is the least\)"),
        ],
        ids=["empty", "text", "silent", "nan", "constant", "short"],
    )
    def test_unusable_file(self, run, tmp_path, content, match):
        path = tmp_path / "bad.wav"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            soundfile.write(path, content, RATE_HZ, subtype="FLOAT")
        with pytest.raises(UserError, match=rf"bad\.wav' cannot be used \(.*{match}.*choose another"):
            parse_endpoint(str(path), run, run.sounds)

    @pytest.mark.parametrize("samples", list(NOTEWORTHY.values()), ids=list(NOTEWORTHY))
    def test_file_has_the_notes_of_the_validation(self, run, tmp_path, samples):
        path = write_sound(tmp_path / "noteworthy.wav", samples)
        endpoint = parse_endpoint(str(path), run, run.sounds)
        valid = validate_file(path, run.config.audio)
        np.testing.assert_array_equal(endpoint.audio, valid.fitted)
        assert (endpoint.peak, endpoint.length_samples) == (valid.peak, valid.length)
        assert endpoint.notes == valid.notes != ()
        warnings = [] if valid.notes[0].kind == "mixed down" else [f"{path}: {valid.notes[0].text}"]
        assert file_warnings([endpoint, endpoint]) == warnings

    def test_folder_is_no_sound(self, run, tmp_path):
        with pytest.raises(UserError, match="cannot be used"):
            parse_endpoint(str(tmp_path), run, run.sounds)


FORMS = {"composed": "Caisse \u00e9", "decomposed": "Caisse e\u0301"}


class TestAccents:
    @pytest.fixture
    def sounds(self, run, tmp_path):
        """The run's sounds with other names, through a file as old versions wrote it."""
        names = {"class_names": ("low", FORMS["decomposed"], "empty"), "groups": (FORMS["decomposed"], "bob") * 4}
        dataclasses.replace(run.sounds, **names).save(tmp_path / "sounds.npz")
        return SoundSet.load(tmp_path / "sounds.npz")

    @pytest.mark.parametrize("name", FORMS.values(), ids=FORMS)
    @pytest.mark.parametrize("form", ["{}", "{}:1", "{0}/{0}", "bob/{}:0"])
    def test_a_class_is_found_however_it_is_typed(self, run, sounds, name, form):
        endpoint = parse_endpoint(form.format(name), run, sounds)
        assert endpoint.kind == ("sound" if ":" in form else "class")
        # Results are called the same.
        assert endpoint.name == form.format(FORMS["composed"])

    @pytest.mark.parametrize("stored", FORMS.values(), ids=FORMS)
    @pytest.mark.parametrize("typed", FORMS.values(), ids=FORMS)
    def test_a_file_is_found_however_it_is_typed(self, run, tmp_path, stored, typed):
        write_sound(tmp_path / f"{stored}.wav", TONE)
        assert parse_endpoint(str(tmp_path / f"{typed}.wav"), run, run.sounds).kind == "file"
