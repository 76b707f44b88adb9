import dataclasses
import hashlib
import json

import matplotlib.image
import numpy as np
import pytest
import soundfile

from audio_vae import morph as morphing
from audio_vae.config import AudioConfig, Config, ModelConfig
from audio_vae.dataset import SoundSet
from audio_vae.errors import UserError
from audio_vae.features import mfcc
from audio_vae.metrics import morph_scorecard
from audio_vae.morph import crossfade, linear_path, morph, parse_endpoint, safe_name, step_lengths, step_levels
from audio_vae.run_folder import Run, create_run
from audio_vae.vae import build_vae

T = 512
RATE_HZ = 8000
SIXTEEN_BIT_STEP = 1 / 32768
# Sounds 0–3 are of class "low", 4–7 of "it's high"; the last of each is a test sound.
PEAKS = np.array([0.1, 0.2, 0.4, 0.9, 0.8, 0.6, 0.7, 0.05], np.float32)
LENGTHS = np.array([200, 240, 280, 512, 400, 420, 512, 100], np.int32)


def make_sounds():
    audio = np.zeros((8, T), np.float32)
    for row, length in enumerate(LENGTHS):
        time_s = np.arange(length) / RATE_HZ
        frequency_hz = (200 if row < 4 else 1100) * (1 + 0.05 * row)
        audio[row, :length] = np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-40 * time_s)
        audio[row] /= np.abs(audio[row]).max()
    return SoundSet(
        names=tuple(f"take{row}.wav" for row in range(8)),
        audio=audio,
        labels=np.repeat([0, 1], 4).astype(np.int32),
        is_test=np.arange(8) % 4 == 3,
        class_names=("low", "it's high", "empty"),
        peaks=PEAKS,
        lengths=LENGTHS,
        rate_hz=RATE_HZ,
    )


def make_run(path, change_decoder=None):
    """Write a run folder with an untrained tiny model."""
    model = ModelConfig(
        architecture="cc",
        n_samples=T,
        latent_dim=3,
        n_classes=3,
        classifier_units=(4,),
        cc_filters=(4, 4, 6, 6, 8),
        # Linear, because a ReLU of so few untrained channels may cut everything off.
        activation="linear",
    )
    config = Config("digits", "tiny", audio=AudioConfig(rate_hz=RATE_HZ, n_samples=T), model=model)
    run = create_run(path, config)
    vae = build_vae(config.model, config.loss, config.training)
    # An untrained encoder places all sounds nearly at one point; this moves them apart.
    vae.encoder.set_weights([3 * weight for weight in vae.encoder.get_weights()])
    if change_decoder:
        vae.decoder.set_weights([change_decoder(weight) for weight in vae.decoder.get_weights()])
    vae.save(run.model_path)
    make_sounds().save(run.sounds_path)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    """A morph between classes: the folder and its sidecar."""
    folder = tmp_path_factory.mktemp("made") / "morph"
    morph(run, "low", "it's high", folder, steps=5)
    return folder, json.loads((folder / "morph.json").read_text(encoding="utf-8"))


@pytest.fixture
def sound_file(tmp_path):
    """A stereo file at another rate, with peak 0.5 and a length of 300 samples at the run's rate."""
    path = tmp_path / "own.wav"
    time_s = np.arange(1800) / 48000
    tone = 0.5 * np.sin(2 * np.pi * 400 * time_s)
    soundfile.write(path, np.stack([tone, tone], axis=1), 48000, subtype="FLOAT")
    return path


def read(path):
    samples, rate_hz = soundfile.read(path, dtype="float64")
    assert rate_hz == RATE_HZ
    assert soundfile.info(path).subtype == "PCM_16"
    return samples


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class TestPath:
    def test_by_hand(self):
        path = linear_path(np.float32([0, 1]), np.float32([4, -1]), 5)
        np.testing.assert_array_equal(path, [[0, 1], [1, 0.5], [2, 0], [3, -0.5], [4, -1]])
        assert path.dtype == np.float32

    def test_ends_are_exact(self, rng):
        start, end = rng.normal(size=(2, 20)).astype(np.float32)
        path = linear_path(start, end, 7)
        np.testing.assert_array_equal(path[0], start)
        np.testing.assert_array_equal(path[-1], end)

    def test_crossfade_by_hand(self):
        mixes = crossfade(np.float32([1, 0, -1]), np.float32([0, 1, 1]), 3)
        np.testing.assert_array_equal(mixes, [[1, 0, -1], [0.5, 0.5, 0], [0, 1, 1]])

    def test_levels_are_even_in_decibels(self):
        np.testing.assert_allclose(step_levels(0.01, 1.0, 3), [0.01, 0.1, 1.0])

    def test_levels_stay_within_full_scale(self):
        assert step_levels(4.0, 0.25, 3).tolist() == [1.0, 1.0, 0.25]

    @pytest.mark.parametrize(
        ("length", "expected"),
        [("A", [100] * 3), ("B", [201] * 3), ("interpolate", [100, 150, 201]), ("full", [512] * 3)],
    )
    def test_lengths(self, length, expected):
        assert step_lengths(100, 201, 512, 3, length) == expected

    @pytest.mark.parametrize("peak", [0.25, 1e-38, 1e-45])
    def test_gain_of_a_nearly_silent_sound_does_not_overflow(self, peak):
        levelled = morphing.to_level(np.float32([0, peak, -peak]), 0.5)
        np.testing.assert_allclose(levelled, [0, 0.5, -0.5])

    def test_silence_is_not_amplified(self):
        assert not morphing.to_level(np.zeros(4, np.float32), 0.5).any()


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
        assert endpoint.peak == pytest.approx(PEAKS[row])
        assert endpoint.length_samples == LENGTHS[row]

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

    def test_file_whose_name_looks_like_a_sound_of_a_class(self, run, sound_file, monkeypatch):
        sound_file.rename(sound_file.parent / "low:best.wav")
        monkeypatch.chdir(sound_file.parent)
        assert parse_endpoint("low:best.wav", run, run.sounds).kind == "file"

    @pytest.mark.parametrize(
        ("text", "match"),
        [
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
        ],
        ids=["empty", "text", "silent", "nan"],
    )
    def test_unusable_file(self, run, tmp_path, content, match):
        path = tmp_path / "bad.wav"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            soundfile.write(path, content, RATE_HZ, subtype="FLOAT")
        with pytest.raises(UserError, match=rf"bad\.wav' cannot be used \(.*{match}.*choose another"):
            parse_endpoint(str(path), run, run.sounds)

    def test_folder_is_no_sound(self, run, tmp_path):
        with pytest.raises(UserError, match="cannot be used"):
            parse_endpoint(str(tmp_path), run, run.sounds)


class TestFolder:
    def test_files(self, made):
        folder, _ = made
        steps = [f"{step:02d}.wav" for step in range(5)]
        expected = [*steps, "morph.wav", "morph.json", "morph.png", "crossfade/crossfade.wav"]
        assert files_in(folder) == sorted([*expected, *(f"crossfade/{name}" for name in steps)])

    @pytest.mark.parametrize(("part", "joined"), [(".", "morph.wav"), ("crossfade", "crossfade.wav")])
    def test_joined_file_is_the_steps_one_after_the_other(self, made, part, joined):
        folder, _ = made
        steps = [read(folder / part / f"{step:02d}.wav") for step in range(5)]
        np.testing.assert_array_equal(read(folder / part / joined), np.concatenate(steps))

    @pytest.mark.parametrize("part", [".", "crossfade"])
    def test_peaks_run_from_one_original_peak_to_the_other(self, made, part):
        folder, _ = made
        # Medians of the classes' training sounds, in decibels between them.
        expected = 20 * np.log10([0.2, 0.7])
        expected = 10 ** (np.linspace(*expected, 5) / 20)
        peaks = [np.abs(read(folder / part / f"{step:02d}.wav")).max() for step in range(5)]
        np.testing.assert_allclose(peaks, expected, atol=SIXTEEN_BIT_STEP)

    @pytest.mark.parametrize("part", [".", "crossfade"])
    @pytest.mark.parametrize(
        ("length", "expected"),
        [("A", [280, 280, 280]), ("B", [400, 400, 400]), ("interpolate", [280, 340, 400]), ("full", [T, T, T])],
    )
    def test_length(self, run, tmp_path, part, length, expected):
        morph(run, "low:2", "it's high:0", tmp_path / "m", steps=3, length=length)
        assert [len(read(tmp_path / "m" / part / f"{step:02d}.wav")) for step in range(3)] == expected

    def test_ends_decode_to_the_ends(self, run, tmp_path):
        morph(run, "low:0", "it's high:2", tmp_path / "m", steps=3, length="full")
        for name, row in [("00.wav", 0), ("02.wav", 6)]:
            mean, _ = run.encode(run.sounds.audio[row : row + 1])
            decoded = run.decode(mean)[0]
            expected = decoded / np.abs(decoded).max() * PEAKS[row]
            np.testing.assert_allclose(read(tmp_path / "m" / name), expected, atol=SIXTEEN_BIT_STEP)

    def test_cut_steps_are_faded_out(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "cut", steps=2, length="A")
        morph(run, "low:0", "it's high:0", tmp_path / "full", steps=2, length="full")
        cut, full = read(tmp_path / "cut" / "01.wav"), read(tmp_path / "full" / "01.wav")
        n_fade = round(0.01 * RATE_HZ)
        assert abs(cut[-1]) <= SIXTEEN_BIT_STEP
        kept = 200 - n_fade
        scale = np.dot(cut[:kept], full[:kept]) / np.dot(full[:kept], full[:kept])
        np.testing.assert_allclose(cut[:kept], scale * full[:kept], atol=2 * SIXTEEN_BIT_STEP * max(1, scale))

    def test_crossfade_is_the_mix_of_the_real_sounds(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "m", steps=3, length="full")
        audio = run.sounds.audio
        mixes = [audio[0], 0.5 * audio[0] + 0.5 * audio[4], audio[4]]
        for step, (mix, level) in enumerate(zip(mixes, [0.1, np.sqrt(0.1 * 0.8), 0.8], strict=True)):
            expected = mix / np.abs(mix).max() * level
            written = read(tmp_path / "m" / "crossfade" / f"{step:02d}.wav")
            np.testing.assert_allclose(written, expected, atol=SIXTEEN_BIT_STEP)

    def test_crossfade_keeps_a_real_sound_whole_at_its_own_length(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "m", steps=2)
        written = read(tmp_path / "m" / "crossfade" / "00.wav")
        np.testing.assert_allclose(written, 0.1 * run.sounds.audio[0, :200], atol=SIXTEEN_BIT_STEP)

    def test_file_to_file(self, run, tmp_path, sound_file):
        result = morph(run, str(sound_file), str(sound_file), tmp_path / "m", steps=3)
        steps = [read(tmp_path / "m" / f"{step:02d}.wav") for step in range(3)]
        assert [len(step) for step in steps] == [300] * 3
        np.testing.assert_array_equal(steps[0], steps[2])
        assert result.sidecar["start"]["peak"] == pytest.approx(0.5, rel=0.02)

    def test_sounds_that_cancel_out_are_told_of(self, run, tmp_path, monkeypatch):
        # The tiny linear model would be silent halfway, too.
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), 0.5, np.float32))
        sounds = run.sounds.take(np.array([0, 0]))
        sounds.audio[1] *= -1
        result = morph(run, "low:0", "low:1", tmp_path / "m", steps=3, sounds=sounds)
        assert any("a step of the crossfade is silent" in warning for warning in result.warnings)
        assert not read(tmp_path / "m" / "crossfade" / "01.wav").any()

    def test_picture(self, made):
        folder, _ = made
        picture = matplotlib.image.imread(folder / "morph.png")
        height, width, _ = picture.shape
        assert width > height > 300
        # Two columns, each with ink of its own colour.
        half = width // 2
        for column in (picture[:, :half], picture[:, half:]):
            assert (column[..., :3].std(axis=-1) > 0.1).mean() > 0.005

    @pytest.mark.filterwarnings("error")
    def test_many_steps_and_odd_names_in_the_picture(self, tmp_path, rng):
        columns = {f"{name} $\\frac{{ 音 {name}": list(rng.normal(size=(101, 64))) for name in ("a" * 300, "b")}
        morphing.save_morph_plot(tmp_path / "morph.png", columns, RATE_HZ)
        assert matplotlib.image.imread(tmp_path / "morph.png").shape[0] < 4000


class TestSidecar:
    def test_endpoints(self, run, made):
        _, sidecar = made
        for key, name, peak, length, rows in [
            ("start", "low", 0.2, 240, range(3)),
            ("end", "it's high", 0.7, 420, range(4, 7)),
        ]:
            assert sidecar[key]["name"] == name
            assert sidecar[key]["kind"] == "class"
            assert sidecar[key]["peak"] == pytest.approx(peak)
            assert sidecar[key]["length_samples"] == length
            assert sidecar[key]["source"] in {f"take{row}.wav" for row in rows}
        assert sidecar["path"][0] == pytest.approx(sidecar["start"]["latent"])
        assert sidecar["path"][-1] == pytest.approx(sidecar["end"]["latent"])
        assert "training sounds" in sidecar["class_centres"]

    def test_path_and_levels(self, run, made):
        _, sidecar = made
        assert (sidecar["steps"], sidecar["rate_hz"], sidecar["length"]) == (5, RATE_HZ, "interpolate")
        assert np.shape(sidecar["path"]) == (5, 3)
        assert sidecar["lengths_samples"] == [240, 285, 330, 375, 420]
        decoded = run.decode(np.float32(sidecar["path"]))
        assert len(sidecar["model_peaks"]) == 5
        for peak, sound in zip(sidecar["model_peaks"], decoded, strict=True):
            assert 0 < peak <= np.abs(sound).max() * (1 + 1e-6)

    def test_what_made_it(self, run, made):
        _, sidecar = made
        assert sidecar["config"] == run.config.to_dict()
        assert sidecar["model_sha256"] == hashlib.sha256(run.model_path.read_bytes()).hexdigest()
        assert sidecar["made_with"]["packages"]["numpy"] == np.__version__

    @pytest.mark.parametrize(("track", "part"), [("morph", "."), ("crossfade", "crossfade")])
    def test_scorecard_is_that_of_the_written_steps(self, made, track, part):
        folder, sidecar = made
        steps = [mfcc(read(folder / part / f"{step:02d}.wav"), RATE_HZ) for step in range(5)]
        expected = morph_scorecard(steps)
        assert sidecar["scorecard"][track].keys() == expected.keys()
        # The files are rounded to 16 bits, which quiet mel bands notice.
        assert sidecar["scorecard"][track]["smoothness"] == pytest.approx(expected["smoothness"], abs=0.1)

    def test_result_is_the_sidecar(self, run, tmp_path):
        result = morph(run, "low:0", "low:1", tmp_path / "m", steps=2)
        stored = json.loads((tmp_path / "m" / "morph.json").read_text(encoding="utf-8"))
        assert result.folder == tmp_path / "m"
        assert json.loads(json.dumps(result.sidecar)) == stored
        assert list(result.warnings) == stored["warnings"]

    def test_same_inputs_give_the_same_bytes(self, run, tmp_path, monkeypatch):
        # The commit of the checkout is part of the sidecar, and may change while the tests run.
        monkeypatch.setattr(morphing, "environment", lambda: {"git_commit": "abc"})
        for name in ("first", "second"):
            morph(Run(run.path, run.config), "low", "it's high", tmp_path / name, steps=5)
        assert files_in(tmp_path / "first") == files_in(tmp_path / "second")
        for name in files_in(tmp_path / "first"):
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


class TestWeakModel:
    def test_nearly_silent_output_is_told_of(self, tmp_path):
        run = make_run(tmp_path / "run", lambda weight: weight * 0.1)
        result = morph(run, "low", "it's high", steps=3)
        assert len(result.warnings) == 1
        assert "nearly silent" in result.warnings[0]
        assert "train for longer" in result.warnings[0]
        assert "\n" not in result.warnings[0]
        assert max(result.sidecar["model_peaks"]) < morphing.QUIET

    def test_loud_output_gives_no_warning(self, run, tmp_path, monkeypatch):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), 0.02, np.float32))
        assert morph(run, "low", "it's high", tmp_path / "m", steps=3).warnings == ()

    def test_silent_output_is_an_error(self, tmp_path):
        run = make_run(tmp_path / "run", np.zeros_like)
        with pytest.raises(UserError, match=r"decodes to silence \(step 00, 01, 02\): train it for longer"):
            morph(run, "low", "it's high", tmp_path / "m", steps=3)
        assert not (tmp_path / "m").exists()

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_output_that_is_not_finite_is_an_error(self, run, tmp_path, monkeypatch, value):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), value, np.float32))
        with pytest.raises(UserError, match="decodes to NaN or infinity"):
            morph(run, "low", "it's high", tmp_path / "m")
        assert not list(tmp_path.iterdir())

    def test_run_without_a_model(self, run, tmp_path):
        empty = create_run(tmp_path / "run", run.config)
        with pytest.raises(UserError, match="no trained model"):
            morph(empty, "low", "it's high", tmp_path / "m", sounds=run.sounds)
        assert not (tmp_path / "m").exists()


class TestWriting:
    @pytest.mark.parametrize("steps", [1, 0, -3])
    def test_too_few_steps(self, run, tmp_path, steps):
        with pytest.raises(UserError, match=rf"a morph of {steps} steps .*give 2 steps or more"):
            morph(run, "low", "it's high", tmp_path / "m", steps=steps)

    def test_unknown_length(self, run, tmp_path):
        with pytest.raises(UserError, match="unknown length 'C': choose one of A, B, interpolate, full"):
            morph(run, "low", "it's high", tmp_path / "m", length="C")

    @pytest.mark.parametrize("wrong", ["hihat", "low:99"])
    def test_wrong_endpoint_leaves_nothing(self, run, tmp_path, wrong):
        with pytest.raises(UserError, match=wrong):
            morph(run, "low", wrong, tmp_path / "new" / "m")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("failing", ["save_morph_plot", "write_json"])
    def test_failure_midway_leaves_nothing(self, run, tmp_path, monkeypatch, failing):
        def fail(*args):
            raise OSError("No space left on device")

        monkeypatch.setattr(morphing, failing, fail)
        with pytest.raises(UserError, match=r"m cannot be written .*No space left on device.*another folder"):
            morph(run, "low", "it's high", tmp_path / "m", steps=2)
        assert not list(tmp_path.iterdir())

    def test_failure_midway_keeps_the_older_morph(self, run, tmp_path, monkeypatch):
        morph(run, "low", "it's high", tmp_path / "m", steps=2)
        before = {name: (tmp_path / "m" / name).read_bytes() for name in files_in(tmp_path / "m")}

        def interrupt(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr(morphing, "save_morph_plot", interrupt)
        with pytest.raises(KeyboardInterrupt):
            morph(run, "low", "it's high", tmp_path / "m", steps=3)
        assert [path.name for path in tmp_path.iterdir()] == ["m"]
        assert {name: (tmp_path / "m" / name).read_bytes() for name in files_in(tmp_path / "m")} == before

    def test_older_morph_is_replaced(self, run, tmp_path):
        morph(run, "low", "it's high", tmp_path / "m", steps=4)
        morph(run, "low", "it's high", tmp_path / "m", steps=2)
        assert not (tmp_path / "m" / "02.wav").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["m"]

    def test_another_folder_is_left_alone(self, run, tmp_path):
        (tmp_path / "00.wav").write_text("mine")
        with pytest.raises(UserError, match=r"holds other files \(no morph.json\): choose another folder"):
            morph(run, "low", "it's high", tmp_path, steps=2)
        assert files_in(tmp_path) == ["00.wav"]
        assert (tmp_path / "00.wav").read_text() == "mine"

    def test_out_is_a_file(self, run, tmp_path):
        (tmp_path / "m").write_text("mine")
        with pytest.raises(UserError, match="is a file"):
            morph(run, "low", "it's high", tmp_path / "m", steps=2)

    def test_names_have_three_digits_where_needed(self, run, tmp_path):
        morph(run, "low", "it's high", tmp_path / "m", steps=101)
        assert (tmp_path / "m" / "000.wav").is_file()
        assert (tmp_path / "m" / "100.wav").is_file()


class TestNames:
    def test_default_folder_is_in_the_run(self, tmp_path):
        run = make_run(tmp_path / "run")
        assert morph(run, "low:0", "low:1", steps=2).folder == run.path / "morphs" / "low_0-low_1"

    def test_default_folder_of_a_path_stays_in_the_run(self, tmp_path, sound_file, monkeypatch):
        run = make_run(tmp_path / "a" / "run")
        (tmp_path / "b").mkdir()
        monkeypatch.chdir(tmp_path / "b")
        folder = morph(run, "../own.wav", "it's high", steps=2).folder
        assert folder.resolve().parent == (run.path / "morphs").resolve()
        assert (folder / "morph.wav").is_file()
        assert not list((tmp_path / "b").iterdir())

    @pytest.mark.parametrize(("text", "expected"), [("kick", "kick"), ("kick:12", "kick_12"), ("été", "été")])
    def test_plain_name(self, text, expected):
        assert safe_name(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "../x",
            "/etc/x",
            "..",
            ".",
            "/",
            "",
            r"..\x",
            "a b",
            "it's",
            'a"b',
            "a\nb",
            "\udcff.wav",
            "音" * 200,
            "x" * 999,
        ],
    )
    def test_odd_name(self, text):
        name = safe_name(text)
        assert name not in (".", "..")
        assert not name.startswith(".")
        assert not set(name) & set("/\\:'\"\n ")
        assert 0 < len(name.encode()) <= 100

    def test_files_of_one_name_stay_apart(self):
        assert safe_name("a/x.wav") != safe_name("b/x.wav")
        assert safe_name("a b") != safe_name("a'b")
