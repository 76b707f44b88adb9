import hashlib
import json
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import soundfile
from sound_files import write_sound

from audio_vae.audio.waveform import QUIET, fade_out, true_peak
from audio_vae.morphing import made_morph
from audio_vae.morphing import morph as morphing
from audio_vae.morphing.given import Given
from audio_vae.morphing.measures import MEASURES
from audio_vae.morphing.morph import morph
from audio_vae.morphing.scorecard import Scorer, compare
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.create import create_run
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

pytestmark = pytest.mark.usefixtures("no_pictures")

T = 512
RATE_HZ = 8000
N_FADE = round(0.01 * RATE_HZ)
SIXTEEN_BIT_STEP = 1 / 32768


@pytest.fixture
def run(tone_run):
    return tone_run


@pytest.fixture(scope="module")
def made(tone_run, tmp_path_factory):
    """A morph between classes: the folder and its sidecar."""
    folder = tmp_path_factory.mktemp("made") / "morph"
    morph(tone_run, "low", "it's high", folder, steps=5, render="model", subtype="PCM_16")
    return folder, json.loads((folder / "morph.json").read_text(encoding="utf-8"))


def read(path):
    samples, rate_hz = soundfile.read(path, dtype="float64")
    assert rate_hz == RATE_HZ
    assert soundfile.info(path).subtype == "PCM_16"
    return samples


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


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

    def test_peaks_of_the_crossfade_run_from_one_original_peak_to_the_other(self, made):
        folder, _ = made
        # Medians of the classes' training sounds, in decibels between them.
        expected = 20 * np.log10([0.2, 0.7])
        expected = 10 ** (np.linspace(*expected, 5) / 20)
        peaks = [np.abs(read(folder / "crossfade" / f"{step:02d}.wav")).max() for step in range(5)]
        np.testing.assert_allclose(peaks, expected, atol=SIXTEEN_BIT_STEP)

    def test_the_morph_has_the_original_peaks_at_its_ends_and_the_loudness_between(self, made):
        folder, _ = made
        steps = [read(folder / f"{step:02d}.wav") for step in range(5)]
        peaks = [np.abs(steps[at]).max() for at in (0, -1)]
        np.testing.assert_allclose(peaks, [0.2, 0.7], atol=SIXTEEN_BIT_STEP)
        loudness_db = [10 * np.log10((step**2).sum()) for step in steps]
        np.testing.assert_allclose(loudness_db, np.linspace(loudness_db[0], loudness_db[-1], 5), atol=0.1)

    @pytest.mark.parametrize(
        ("length", "of_model", "inner"),
        [("A", [280] * 3, 280), ("B", [400] * 3, 400), ("interpolate", [280, 340, 400], 340), ("full", [T] * 3, 400)],
    )
    def test_length(self, run, tmp_path, length, of_model, inner):
        for render in ("model", "sound"):
            options = {"length": length, "render": render, "subtype": "PCM_16"}
            morph(run, "low:2", "it's high:0", tmp_path / render, steps=3, **options)
        lengths = {
            part: [len(read(tmp_path / part / f"{step:02d}.wav")) for step in range(3)]
            for part in ("model", "sound", "model/crossfade", "sound/crossfade")
        }
        assert lengths["model"] == of_model
        # Real sounds at the ends keep their own lengths.
        assert all(lengths[part] == [280, inner, 400] for part in lengths if part != "model")

    def test_ends_decode_to_the_ends(self, run, tmp_path):
        morph(run, "low:0", "it's high:2", tmp_path / "m", steps=3, length="full", render="model", subtype="PCM_16")
        for name, row in [("00.wav", 0), ("02.wav", 6)]:
            mean, _ = run.encode(run.sounds.audio[row : row + 1])
            decoded = run.decode(mean)[0]
            # The toy decoder still rings at the end.
            decoded = fade_out(decoded, N_FADE)
            expected = decoded / np.abs(decoded).max() * run.sounds.peaks[row]
            np.testing.assert_allclose(read(tmp_path / "m" / name), expected, atol=SIXTEEN_BIT_STEP)

    def test_cut_steps_are_faded_out(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "cut", steps=2, length="A", render="model", subtype="PCM_16")
        morph(run, "low:0", "it's high:0", tmp_path / "full", steps=2, length="full", render="model", subtype="PCM_16")
        cut, full = read(tmp_path / "cut" / "01.wav"), read(tmp_path / "full" / "01.wav")
        assert abs(cut[-1]) <= SIXTEEN_BIT_STEP
        kept = 200 - N_FADE
        scale = np.dot(cut[:kept], full[:kept]) / np.dot(full[:kept], full[:kept])
        np.testing.assert_allclose(cut[:kept], scale * full[:kept], atol=2 * SIXTEEN_BIT_STEP * max(1, scale))

    def test_crossfade_is_the_mix_of_the_real_sounds(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "m", steps=3, length="full", render="model", subtype="PCM_16")
        audio = run.sounds.audio
        mixes = [audio[0, :200], fade_out((0.5 * audio[0] + 0.5 * audio[4])[:400], N_FADE), audio[4, :400]]
        for step, (mix, level) in enumerate(zip(mixes, [0.1, np.sqrt(0.1 * 0.8), 0.8], strict=True)):
            expected = mix / np.abs(mix).max() * level
            written = read(tmp_path / "m" / "crossfade" / f"{step:02d}.wav")
            np.testing.assert_allclose(written, expected, atol=SIXTEEN_BIT_STEP)

    def test_crossfade_keeps_a_real_sound_whole_at_its_own_length(self, run, tmp_path):
        morph(run, "low:0", "it's high:0", tmp_path / "m", steps=2, render="model", subtype="PCM_16")
        written = read(tmp_path / "m" / "crossfade" / "00.wav")
        np.testing.assert_allclose(written, 0.1 * run.sounds.audio[0, :200], atol=SIXTEEN_BIT_STEP)

    def test_file_to_file(self, run, tmp_path, sound_file):
        result = morph(run, str(sound_file), str(sound_file), tmp_path / "m", steps=3, render="model", subtype="PCM_16")
        steps = [read(tmp_path / "m" / f"{step:02d}.wav") for step in range(3)]
        assert [len(step) for step in steps] == [300] * 3
        np.testing.assert_array_equal(steps[0], steps[2])
        assert result.sidecar["start"]["peak"] == pytest.approx(0.5, rel=0.02)

    def test_sounds_that_cancel_out_are_told_of(self, run, tmp_path, monkeypatch):
        # The tiny linear model would be silent halfway, too.
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), 0.5, np.float32))
        sounds = run.sounds.take(np.array([0, 0]))
        sounds.audio[1] *= -1
        result = morph(run, "low:0", "low:1", tmp_path / "m", steps=3, sounds=sounds, render="model", subtype="PCM_16")
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
    def test_scorecard_is_that_of_the_written_steps(self, run, made, track, part):
        folder, sidecar = made
        steps = [read(folder / part / f"{step:02d}.wav") for step in range(5)]
        whole = np.zeros((5, T))
        written = [Given(step[:, None].astype(np.float32), RATE_HZ) for step in steps]
        scorer = Scorer(run, run.sounds)
        expected = scorer.score_path(
            steps, whole, whole[:2], scorer.classify(steps), steps=written, given=[written[0], written[-1]]
        )
        card = sidecar["scorecard"][track]
        assert set(expected) <= set(card)
        # The files are rounded to 16 bits, which quiet mel bands notice.
        assert card["smoothness"] == pytest.approx(expected["smoothness"], abs=0.1)
        np.testing.assert_allclose(card["nearest_real_distances"], expected["nearest_real_distances"], rtol=0.1, atol=1)
        np.testing.assert_allclose(card["confidences"], expected["confidences"], rtol=0.01)

    def test_crossfade_is_a_mix_of_its_ends(self, made):
        _, sidecar = made
        np.testing.assert_allclose(sidecar["scorecard"]["crossfade"]["waveform_residuals"], 0, atol=1e-9)

    def test_comparison_is_that_of_the_scorecards(self, made):
        _, sidecar = made
        cards = sidecar["scorecard"]
        assert cards["comparison"] == compare(cards["morph"], cards["crossfade"])
        assert list(cards["comparison"]) == list(MEASURES)

    def test_only_the_path_has_latents_to_be_sure_of(self, made):
        _, sidecar = made
        assert len(sidecar["scorecard"]["morph"]["latent_confidences"]) == 5
        assert "latent_confidences" not in sidecar["scorecard"]["crossfade"]

    def test_confidence_names_its_class(self, run, made):
        _, sidecar = made
        probabilities = run.class_probabilities(np.float32(sidecar["path"]))
        expected = [run.sounds.class_names[label] for label in probabilities.argmax(axis=1)]
        assert sidecar["scorecard"]["morph"]["latent_confidence_classes"] == expected
        for card in (sidecar["scorecard"]["morph"], sidecar["scorecard"]["crossfade"]):
            assert len(card["confidence_classes"]) == 5
            assert set(card["confidence_classes"]) <= set(run.sounds.class_names)

    def test_result_is_the_sidecar(self, run, tmp_path):
        result = morph(run, "low:0", "low:1", tmp_path / "m", steps=2)
        stored = json.loads((tmp_path / "m" / "morph.json").read_text(encoding="utf-8"))
        assert result.folder == tmp_path / "m"
        assert json.loads(json.dumps(result.sidecar)) == stored
        assert list(result.warnings) == stored["warnings"]

    def test_same_inputs_give_the_same_bytes(self, run, tmp_path, monkeypatch):
        monkeypatch.setattr(morphing, "save_morph_plot", save_morph_plot)
        # The commit of the checkout is part of the sidecar, and may change while the tests run.
        monkeypatch.setattr("audio_vae.runs.environment.environment", lambda: {"git_commit": "abc"})
        for name in ("first", "second"):
            morph(Run(run.path, run.config), "low", "it's high", tmp_path / name, steps=5)
        assert files_in(tmp_path / "first") == files_in(tmp_path / "second")
        for name in files_in(tmp_path / "first"):
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_what_validation_finds_in_files_is_told(run, tmp_path):
    loop = write_sound(tmp_path / "loop.wav", np.clip(9 * np.sin(0.05 * np.arange(80_000)), -1, 1))
    warnings = {
        render: [
            each
            for each in morph(run, str(loop), "low", tmp_path / render, steps=3, render=render).warnings
            if each.startswith(str(loop))
        ]
        for render in ("sound", "model")
    }
    assert re.fullmatch(rf"{re.escape(str(loop))}: clipped \(\d+ samples at full scale\)", warnings["sound"][0])
    # Only what the model decodes is as short as the model's sounds.
    assert warnings["sound"][1:] == []
    assert warnings["model"][1:] == [f"{loop}: 9.94 s longer than the model's 0.06 s, and cut there"]


class TestWeakModel:
    def test_nearly_silent_output_is_told_of(self, tmp_path, make_tone_run):
        run = make_tone_run(tmp_path / "run", lambda weight: weight * 0.1)
        result = morph(run, "low", "it's high", steps=3)
        assert len(result.warnings) == 1
        assert "nearly silent" in result.warnings[0]
        assert "train for longer" in result.warnings[0]
        assert "\n" not in result.warnings[0]
        assert max(result.sidecar["model_peaks"]) < QUIET

    def test_loud_output_gives_no_warning(self, run, tmp_path, monkeypatch):
        monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), T), 0.02, np.float32))
        assert morph(run, "low", "it's high", tmp_path / "m", steps=3).warnings == ()

    def test_silent_output_is_an_error(self, tmp_path, make_tone_run):
        run = make_tone_run(tmp_path / "run", np.zeros_like)
        with pytest.raises(UserError, match=r"decodes to silence \(00, 01, 02\): train it for longer"):
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

    def test_older_morph_in_the_current_folder_is_replaced(self, run, tmp_path, monkeypatch):
        (tmp_path / "m").mkdir()
        monkeypatch.chdir(tmp_path / "m")
        inode = (tmp_path / "m").stat().st_ino
        morph(run, "low", "it's high", Path("."), steps=4)
        morph(run, "low", "it's high", tmp_path / "m", steps=2)
        assert not Path("02.wav").exists()
        assert Path("01.wav").is_file()
        assert (tmp_path / "m").stat().st_ino == inode
        assert [path.name for path in tmp_path.iterdir()] == ["m"]

    def test_unusable_folder_is_refused_before_anything_is_computed(self, run, tmp_path, monkeypatch):
        (tmp_path / "m").touch()
        monkeypatch.setattr(morphing, "make_morph", None)
        with pytest.raises(UserError, match=r"m/deep cannot be written \(Not a directory\): choose another folder"):
            morph(run, "low", "it's high", tmp_path / "m" / "deep")

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


class TestNames:
    def test_default_folder_is_in_the_run(self, tmp_path, make_tone_run):
        run = make_tone_run(tmp_path / "run")
        assert morph(run, "low:0", "low:1", steps=2).folder == run.path / "morphs" / "low_0-low_1"

    def test_default_folder_of_a_path_stays_in_the_run(self, tmp_path, make_tone_run, sound_file, monkeypatch):
        run = make_tone_run(tmp_path / "a" / "run")
        (tmp_path / "b").mkdir()
        monkeypatch.chdir(tmp_path / "b")
        folder = morph(run, "../own.wav", "it's high", steps=2).folder
        assert folder.resolve().parent == (run.path / "morphs").resolve()
        assert (folder / "morph.wav").is_file()
        assert not list((tmp_path / "b").iterdir())

    def test_default_folder_names_every_point(self, tmp_path, make_tone_run):
        run = make_tone_run(tmp_path / "run")
        folder = morph(run, "ann/low", "low:1", via=["it's high"], steps=2).folder
        assert re.fullmatch(r"ann_low-it_s_high_[0-9a-f]{8}-low_1", folder.name)


class TestPaths:
    def test_options_are_in_the_sidecar(self, run, tmp_path):
        result = morph(
            run,
            "low",
            "it's high",
            tmp_path / "m",
            via=["low:1"],
            steps=5,
            shape="spherical",
            spacing="even",
            between=(0.25, 1.0),
        )
        sidecar = result.sidecar
        assert (sidecar["shape"], sidecar["spacing"], sidecar["between"]) == ("spherical", "even", [0.25, 1.0])
        assert [point["name"] for point in sidecar["via"]] == ["low:1"]
        assert (sidecar["positions"][0], sidecar["positions"][-1]) == (0.25, 1.0)
        assert sidecar["positions"] == sorted(sidecar["positions"])
        assert sidecar["path"][-1] == pytest.approx(sidecar["end"]["latent"])

    def test_far_beyond_the_ends(self, run, tmp_path):
        result = morph(run, "low:0", "it's high:1", tmp_path / "m", steps=3, between=(-9.0, 10.0))
        assert all(level > 0 for level in result.sidecar["levels"])

    def test_without_a_classifier_nothing_is_said_of_confidence(self, tmp_path, make_tone_run):
        run = make_tone_run(tmp_path / "run", n_classes=0)
        cards = morph(run, "low", "it's high", tmp_path / "m", steps=3).sidecar["scorecard"]
        assert cards["comparison"]["confidence"] == {"morph": None, "crossfade": None, "better": None}
        assert not {"confidences", "confidence_classes"} & set(cards["morph"])


def write_drum(path, rate_hz, n_channels, duration_s, frequency_hz, subtype="PCM_24", peak=0.6):
    """A damped tone with a different one in each channel."""
    time_s = np.arange(round(duration_s * rate_hz))[:, None] / rate_hz
    tones = np.sin(2 * np.pi * frequency_hz * (1 + 0.1 * np.arange(n_channels)) * time_s)
    soundfile.write(path, peak * tones * np.exp(-time_s / (duration_s / 6)), rate_hz, subtype=subtype)
    return str(path)


class TestGivenSounds:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ((44100, 2, 0.3), (48000, 1, 0.1)),
            ((8000, 1, 0.02), (16000, 2, 10.0)),
            ((8000, 1, 0.05), (8000, 1, 0.05)),
        ],
    )
    def test_ends_are_the_files_whatever_they_are(self, run, tmp_path, first, second):
        files = [
            write_drum(tmp_path / name, *form, frequency_hz)
            for name, form, frequency_hz in (("a.wav", first, 200), ("b.wav", second, 900))
        ]
        sidecar = morph(run, *files, tmp_path / "m", steps=3).sidecar
        for file, step in zip(files, ("00.wav", "02.wav"), strict=True):
            (given, given_hz), (written, written_hz) = (
                soundfile.read(path, dtype="int32", always_2d=True) for path in (file, tmp_path / "m" / step)
            )
            assert given_hz == written_hz
            np.testing.assert_array_equal(given, written)
        about = soundfile.info(tmp_path / "m" / "01.wav")
        assert (about.samplerate, about.channels) == (max(first[0], second[0]), max(first[1], second[1]))
        assert about.subtype == "PCM_24"
        assert sidecar["scorecard"]["morph"]["end_distances_db"] == [0, 0]
        assert sidecar["rates_hz"] == [first[0], about.samplerate, second[0]]
        assert (sidecar["rate_hz"], sidecar["n_channels"]) == (about.samplerate, about.channels)

    def test_a_rate_above_48_khz_is_brought_down(self, run, tmp_path):
        file = write_drum(tmp_path / "a.wav", 96000, 1, 0.1, 300)
        assert morph(run, file, "low:0", tmp_path / "m", steps=3).sidecar["rates_hz"] == [48000, 48000, RATE_HZ]

    @pytest.mark.parametrize("factor", [1, -1])
    def test_between_equal_or_inverted_files_all_steps_equal_them(self, run, tmp_path, factor):
        file = write_drum(tmp_path / "a.wav", RATE_HZ, 1, 0.05, 300)
        samples, _ = soundfile.read(file)
        soundfile.write(tmp_path / "b.wav", factor * samples, RATE_HZ, subtype="PCM_24")
        morph(run, file, str(tmp_path / "b.wav"), tmp_path / "m", steps=5)
        for step in range(5):
            written, _ = soundfile.read(tmp_path / "m" / f"{step:02d}.wav")
            np.testing.assert_array_equal(np.abs(written), np.abs(samples))

    @pytest.mark.parametrize("render", ["sound", "model"])
    def test_level_peak_is_a_true_peak_for_all(self, run, tmp_path, render):
        morph(run, "low:0", "it's high:0", tmp_path / "m", steps=3, level="peak", render=render, subtype="FLOAT")
        for step in range(3):
            samples, rate_hz = soundfile.read(tmp_path / "m" / f"{step:02d}.wav", dtype="float32")
            assert 20 * np.log10(true_peak(samples, rate_hz)) == pytest.approx(-0.3, abs=0.01)

    def test_a_given_sound_at_full_scale_is_kept_and_told_of(self, run, tmp_path):
        file = write_drum(tmp_path / "a.wav", RATE_HZ, 1, 0.05, 300, subtype="FLOAT", peak=1.2)
        result = morph(run, file, "low:0", tmp_path / "m", steps=3, subtype="FLOAT")
        given, written = (soundfile.read(path)[0] for path in (file, tmp_path / "m" / "00.wav"))
        np.testing.assert_array_equal(given, written)
        (warning,) = [each for each in result.warnings if "true peak" in each]
        assert re.match(r"00\.wav has a true peak of \+\d\.\d dB of full scale, as the sound that was given", warning)
        assert true_peak(soundfile.read(tmp_path / "m" / "01.wav")[0], RATE_HZ) <= 10 ** (-0.3 / 20) + 1e-6
        # Whole numbers hold no more than full scale.
        result = morph(run, file, "low:0", tmp_path / "pcm", steps=3)
        expected = given / np.abs(given).max()
        np.testing.assert_allclose(soundfile.read(tmp_path / "pcm" / "00.wav")[0], expected, atol=1e-6)
        (warning,) = [each for each in result.warnings if each.startswith("00.wav")]
        assert warning.startswith("00.wav is scaled down to full scale, because PCM_24 holds no more: --subtype FLOAT")

    def test_silence_is_refused(self, run, tmp_path):
        soundfile.write(tmp_path / "a.wav", np.zeros(4000), RATE_HZ)
        with pytest.raises(UserError, match="the file is silent"):
            morph(run, str(tmp_path / "a.wav"), "low", tmp_path / "m")
        assert not (tmp_path / "m").exists()

    def test_what_the_model_cannot_render_is_named(self, run, tmp_path, monkeypatch):
        file = write_drum(tmp_path / "a.wav", RATE_HZ, 1, 0.05, 3000)
        assert len(morph(run, file, "low:0", tmp_path / "m", steps=3).sidecar["model_end_distances_db"]) == 2
        monkeypatch.setattr(made_morph, "model_distances_db", lambda *_: [99.0, 0.0])
        result = morph(run, file, "low:0", tmp_path / "far", steps=3)
        named = [each for each in result.warnings if each.startswith(f"the model cannot render {file}")]
        assert result.sidecar["model_end_distances_db"] == [99.0, 0.0]
        assert len(named) == 1
        assert "99.0 dB away" in named[0]
