"""Arrays in, arrays out."""

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.api.results import Sound
from audio_vae.morphing.morph import morph
from audio_vae.runs.latents import save_latents
from audio_vae.utils.errors import UserError

pytestmark = pytest.mark.usefixtures("no_pictures")

T = 512
RATE_HZ = 8000
TONE = decaying_tone(0.05).astype(np.float32)


def test_what_a_model_says_of_itself(model):
    assert model.classes == ("low", "it's high", "empty")
    assert (model.rate_hz, model.n_samples, model.latent_dim) == (RATE_HZ, T, 3)
    assert "3 classes, 8000 Hz, 512 samples" in repr(model)


def test_known_sounds(model, tone_run):
    known = model.sounds
    assert len(known) == 8
    assert known.names == tone_run.sounds.names
    assert known.classes == ("low",) * 4 + ("it's high",) * 4
    np.testing.assert_array_equal(known.is_test, tone_run.sounds.is_test)
    np.testing.assert_allclose(known.latents, tone_run.encode(tone_run.sounds.audio)[0], atol=1e-6)


class TestEncodeDecode:
    def test_sounds_are_prepared_like_those_of_the_training(self, model, tone_run):
        several = model.encode(0.25 * tone_run.sounds.audio)
        np.testing.assert_allclose(several, tone_run.encode(tone_run.sounds.audio)[0], atol=1e-5)
        np.testing.assert_allclose(model.encode(tone_run.sounds.audio[2]), several[2], atol=1e-5)

    def test_another_rate_and_length(self, model):
        slow = model.encode(TONE)
        fast = model.encode(decaying_tone(0.05, 48000), rate_hz=48000)
        np.testing.assert_allclose(fast, slow, rtol=0.01)
        assert slow.shape == (3,)

    def test_a_sound_of_a_result_is_mixed_down(self, model):
        stereo = Sound(np.stack([TONE, TONE], axis=1), RATE_HZ, "mine")
        np.testing.assert_allclose(model.encode(stereo), model.encode(TONE), rtol=1e-5)

    def test_decode(self, model, tone_run):
        latents = np.float32([[0, 1, 2], [1, 0, 0]])
        decoded = model.decode(latents)
        np.testing.assert_array_equal(decoded, tone_run.decode(latents))
        assert (decoded.dtype, decoded.shape) == (np.float32, (2, T))
        np.testing.assert_allclose(model.decode(latents[0].tolist()), decoded[0], atol=1e-6)
        assert model.decode(np.zeros((0, 3))).shape == (0, T)

    @pytest.mark.parametrize(
        ("sounds", "match"),
        [
            (np.zeros(100), r"sound 0 cannot be encoded \(the array is silent\)"),
            (np.stack([TONE, np.full_like(TONE, np.nan)]), r"sound 1 cannot be encoded \(the array holds NaN"),
            (np.zeros((2, 3, 4)), r"sounds of the shape \(2, 3, 4\) cannot be encoded"),
            (np.zeros(0), r"sounds of the shape \(0,\) cannot be encoded"),
            (TONE[:20], r"too short \(2.5 ms"),
            (np.int16(1000 * TONE), "the array holds no floats"),
        ],
    )
    def test_what_cannot_be_encoded(self, model, sounds, match):
        with pytest.raises(UserError, match=match):
            model.encode(sounds)

    @pytest.mark.parametrize("latents", [np.zeros(4), np.zeros((2, 2)), np.zeros((1, 1, 3)), [0, 0, np.inf], 1.0])
    def test_what_cannot_be_decoded(self, model, latents):
        with pytest.raises(UserError, match=r"cannot be decoded: give finite numbers, \[3\] or \[N, 3\]"):
            model.decode(latents)


class TestMorph:
    def test_it_is_what_the_command_line_writes(self, model, tone_run, tmp_path):
        made = model.morph("low", "it's high:1", 4, render="sound", length="B", via=["take1.wav"])
        options = {"steps": 4, "render": "sound", "length": "B", "subtype": "FLOAT"}
        written = morph(tone_run, "low", "it's high:1", tmp_path / "m", via=["low:1"], **options)
        for number, sound in enumerate(made):
            expected, rate_hz = soundfile.read(tmp_path / "m" / f"{number:02d}.wav", dtype="float32")
            np.testing.assert_array_equal(sound.samples, expected)
            assert sound.rate_hz == rate_hz
        assert made.names == ("00", "01", "02", "03")
        np.testing.assert_array_equal(made.latents, np.float32(written.sidecar["path"]))
        assert made.scorecard == written.sidecar["scorecard"]
        assert made.warnings == written.warnings

    def test_saved_it_is_that_folder(self, model, tone_run, tmp_path):
        folder = model.morph("low", "it's high", 3, render="model", length="full").save(tmp_path / "a")
        morph(tone_run, "low", "it's high", tmp_path / "b", steps=3, render="model", length="full")
        for name in ("00.wav", "01.wav", "morph.wav", "morph.json", "crossfade/01.wav"):
            assert (folder / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def test_ends_of_all_kinds_are_one_point(self, model, tmp_path):
        path = write_sound(tmp_path / "own.wav", TONE)
        stereo = np.stack([TONE, TONE], axis=1)
        kinds = [str(path), path, TONE, (TONE, RATE_HZ), soundfile.read(path), Sound(TONE, RATE_HZ, "mine"), stereo]
        latents = [model.morph(end, "low", 2).latents[0] for end in kinds]
        for latent in latents[1:]:
            np.testing.assert_allclose(latent, latents[0], atol=1e-6)

    def test_ends_are_the_given_sounds(self, model):
        fast = np.float32(decaying_tone(0.1, 44100))
        made = model.morph((np.stack([fast, 0.5 * fast], axis=1), 44100), "low", 3, render="sound")
        assert (made.rate_hz, made.steps.shape) == (44100, (3, 4410, 2))
        np.testing.assert_array_equal(made[0].samples[:, 0], fast)
        assert made.lengths[0] == 4410 > made.lengths[2] == len(made[2].samples)
        assert not made.steps[2, made.lengths[2] :].any()

    def test_a_sound_of_a_result_keeps_its_latent(self, model):
        step = model.morph("low", "it's high", 3, render="model")[1]
        np.testing.assert_array_equal(model.morph(step, "low", 2).latents[0], step.latent)

    def test_usual_options_are_those_of_the_sounds(self, model):
        # As of digits, these sounds are not cut to their onset.
        assert model.morph("low", "it's high", 2).made.options.render == "model"

    def test_crossfade(self, model):
        made = model.morph("low:0", "low:1", 3, render="sound")
        assert len(made.crossfade) == 3
        assert made.crossfade.latents is None
        np.testing.assert_array_equal(made.crossfade.sounds[0, :200], made.steps[0, :200])

    @pytest.mark.parametrize(
        ("end", "match"),
        [
            ("kick", "unknown class 'kick'"),
            (np.zeros(1000), r"'array 1' cannot be used \(the array is silent\)"),
            ((TONE, 0), "claims a sample rate of 0 Hz"),
            (TONE[None, None], r"has the shape \(1, 1, 400\), not \[n\] or \[n, channels\]"),
            (3.5, "float cannot be an end"),
        ],
    )
    def test_what_cannot_be_an_end(self, model, end, match):
        with pytest.raises(UserError, match=match):
            model.morph("low", end)

    def test_an_unknown_option_is_the_callers_fault(self, model):
        with pytest.raises(UserError, match="unknown length 'C'"):
            model.morph("low", "it's high", length="C")
        with pytest.raises(TypeError, match="lenght"):
            model.morph("low", "it's high", lenght="A")


def test_a_sound_that_a_pretrained_model_only_remembers(make_tone_run, tmp_path):
    from audio_vae.api.open import open_model

    run = make_tone_run(tmp_path / "run")
    save_latents(run)
    run.sounds.take(np.array([0, 4])).save(run.sounds_path)
    model = open_model(run.path)
    assert len(model.sounds) == 8
    made = model.morph("take1.wav", "take0.wav", 2, render="sound")
    np.testing.assert_array_equal(made.latents[0], model.sounds.latents[1])
    decoded = model.decode(model.sounds.latents[1])
    # The toy decoder still rings at the end, where it is faded out.
    heard = made.lengths[0] - round(run.config.audio.fade_s * run.config.audio.rate_hz)
    correlation = np.corrcoef(made[0].samples[:heard], decoded[:heard])[0, 1]
    assert correlation == pytest.approx(1, abs=1e-4)


class TestBlend:
    @pytest.mark.parametrize("parts", [{"low:0": 3, "low:1": 1}, [("low:0", 0.75), ("low:1", 0.25)]])
    def test_weights(self, model, parts):
        made = model.blend(parts, render="model")
        np.testing.assert_allclose(made.weights, [0.75, 0.25])
        np.testing.assert_allclose(made.latents[0], made.weights @ model.sounds.latents[:2], atol=1e-6)
        assert made.sound.shape == (T,)
        assert len(made.mix) == 1

    def test_arrays(self, model):
        made = model.blend([(TONE, 1.0), ("low", 0.0)], render="sound")
        np.testing.assert_array_equal(made.sound, TONE)

    def test_saved(self, model, tmp_path):
        made = model.blend({"low": 1, "it's high": 1})
        assert sorted(path.name for path in made.save(tmp_path / "b").iterdir()) == [
            "blend.json",
            "blend.png",
            "blend.wav",
            "mix.wav",
        ]
        assert made.scorecard["comparison"]
        assert made.warnings == ()

    @pytest.mark.parametrize(
        ("parts", "options", "match"),
        [
            ({}, {}, "a blend of no parts"),
            ({"low": -1}, {}, "the weight -1 of 'low' cannot be used"),
            ({"low": 1}, {"length": "A"}, "unknown length 'A'"),
        ],
    )
    def test_what_cannot_be_blended(self, model, parts, options, match):
        with pytest.raises(UserError, match=match):
            model.blend(parts, **options)


class TestNewSounds:
    """What is made is tested beside `sampling`; here, that it comes out as arrays."""

    def test_variations(self, model, tmp_path):
        stereo = np.stack([TONE, 0.5 * TONE], axis=1)
        made = model.vary((stereo, RATE_HZ), 0, 2, seed=7)
        np.testing.assert_array_equal(made.sounds, [stereo, stereo])
        assert (made.distances_db.tolist(), made.latents.shape) == ([0, 0], (2, 3))
        folder = made.save(tmp_path / "v", ["sfz"])
        assert {f"{name}.wav" for name in made.names} < {path.name for path in folder.iterdir()}
        assert len(list((folder / "kits" / "sfz").glob("*.sfz"))) == 1

    def test_new_sounds(self, model, monkeypatch, tmp_path):
        monkeypatch.setattr("audio_vae.sampling.made_sample.COPY_DB", 0)
        made = model.sample("low", 1, seed=7, temperature=0)
        assert made.names == ("low-seed7-000",)
        np.testing.assert_allclose(made.latents[0], model.sounds.latents[:3].mean(axis=0), rtol=1e-5)
        assert made.distances_db.shape == (1,)
        assert (made.save(tmp_path / "s") / "low-seed7-000.wav").is_file()

    def test_directions(self, model):
        assert model.directions() == {}

    def test_what_cannot_be_made(self, model):
        with pytest.raises(UserError, match="the amount 5 cannot be used"):
            model.vary("low", 5)
        with pytest.raises(UserError, match="unknown class 'kick'"):
            model.sample("kick")
