"""One sound out of several."""

import json

import matplotlib.image
import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone, write_sound

from audio_vae.audio.waveform import fade_out, true_peak
from audio_vae.morphing import blend as blending
from audio_vae.morphing import made_blend
from audio_vae.morphing.blend import blend, parse_parts
from audio_vae.morphing.scorecard import compare
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError

pytestmark = pytest.mark.usefixtures("no_pictures")

RATE_HZ = 8000
SIXTEEN_BIT_STEP = 1 / 32768
PARTS = [("low:0", 0.5), ("low:1", 0.3), ("it's high:0", 0.2)]


def read(path):
    samples, rate_hz = soundfile.read(path, dtype="float64")
    assert rate_hz == RATE_HZ
    return samples


@pytest.fixture(scope="module")
def made(tone_run, tmp_path_factory):
    return blend(tone_run, PARTS, tmp_path_factory.mktemp("blended") / "b", render="model")


def test_files(made):
    assert sorted(path.name for path in made.folder.iterdir()) == ["blend.json", "blend.png", "blend.wav", "mix.wav"]
    stored = json.loads((made.folder / "blend.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(made.sidecar))
    height, width, _ = matplotlib.image.imread(made.folder / "blend.png").shape
    assert width > height > 300


def test_latent_is_the_weighted_mean_of_the_parts(tone_run, made):
    means, _ = tone_run.encode(tone_run.sounds.audio[[0, 1, 4]])
    np.testing.assert_allclose(made.sidecar["latent"], [0.5, 0.3, 0.2] @ means, rtol=1e-5, atol=1e-7)
    assert [part["weight"] for part in made.sidecar["parts"]] == pytest.approx([0.5, 0.3, 0.2])


def test_level_and_length_are_weighted_means(tone_run, made):
    expected_db = np.array([0.5, 0.3, 0.2]) @ (20 * np.log10([0.1, 0.2, 0.8]))
    for name in ("blend", "mix"):
        samples = read(made.folder / f"{name}.wav")
        assert np.abs(samples).max() == pytest.approx(10 ** (expected_db / 20), abs=SIXTEEN_BIT_STEP)
        assert len(samples) == round(0.5 * 200 + 0.3 * 240 + 0.2 * 400)


def test_sound_is_what_the_model_decodes(tone_run, tmp_path):
    result = blend(tone_run, PARTS, tmp_path / "b", length="full", render="model")
    # The toy decoder still rings at the end, and so does the mix.
    n_fade = round(tone_run.config.audio.fade_s * tone_run.config.audio.rate_hz)
    decoded = fade_out(tone_run.decode(np.float32([result.sidecar["latent"]]))[0], n_fade)
    expected = decoded / np.abs(decoded).max() * result.sidecar["peak"]
    np.testing.assert_allclose(read(tmp_path / "b" / "blend.wav"), expected, atol=SIXTEEN_BIT_STEP)
    mix = fade_out((np.array([0.5, 0.3, 0.2]) @ tone_run.sounds.audio[[0, 1, 4]])[:400], n_fade)
    expected = mix / np.abs(mix).max() * result.sidecar["peak"]
    np.testing.assert_allclose(read(tmp_path / "b" / "mix.wav"), expected, atol=SIXTEEN_BIT_STEP)


def test_scored_beside_the_mix(made):
    cards = made.sidecar["scorecard"]
    assert cards["mix"]["waveform_residuals"][0] == pytest.approx(0, abs=1e-9)
    figures = [
        {
            "nearest_real_distance": cards[name]["nearest_real_distances"][0],
            "confidence": cards[name]["confidences"][0],
            "not_a_mix": cards[name]["spectral_residuals"][0],
        }
        for name in ("blend", "mix")
    ]
    assert cards["comparison"] == compare(*figures, names=("blend", "mix"))
    assert len(cards["mix"]["confidence_classes"]) == len(cards["blend"]["latent_confidence_classes"]) == 1


@pytest.mark.parametrize("scale", [2.0, 0.1, 1e-200, 1e200])
def test_weights_are_divided_by_their_sum(tone_run, made, tmp_path, scale):
    result = blend(tone_run, [(name, scale * weight) for name, weight in PARTS], tmp_path / "b")
    assert result.sidecar["latent"] == pytest.approx(made.sidecar["latent"], rel=1e-5)
    assert len(result.remarks) == 1
    assert result.remarks[0].startswith(f"the weights add up to {scale:g} and are divided by that: low:0 0.5")


def test_weights_that_add_up_to_one_are_not_remarked_on(made):
    assert made.remarks == ()
    assert made.warnings == ()


def test_one_part_is_that_part(tone_run, tmp_path):
    result = blend(tone_run, [("low", 1.0)], tmp_path / "b")
    assert result.sidecar["latent"] == pytest.approx(result.sidecar["parts"][0]["latent"])


def test_part_of_no_weight_leaves_no_trace(tone_run, tmp_path):
    result = blend(tone_run, [("low", 1.0), ("it's high", 0.0)], tmp_path / "b")
    assert result.sidecar["latent"] == pytest.approx(result.sidecar["parts"][0]["latent"])


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ([("low", -0.5), ("it's high", 1)], r"the weight -0.5 of 'low' cannot be used: give 0 or more"),
        ([("low", float("nan"))], r"the weight nan of 'low' cannot be used"),
        ([("low", float("inf"))], r"the weight inf of 'low' cannot be used"),
        ([("low", 0.0), ("it's high", 0.0)], r"no part of the blend has a weight above 0"),
        ([], r"no part of the blend has a weight above 0"),
        ([("hihat", 1.0)], r"unknown class 'hihat'"),
    ],
)
def test_unusable_part_leaves_nothing(tone_run, tmp_path, parts, match):
    with pytest.raises(UserError, match=match):
        blend(tone_run, parts, tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_unknown_length(tone_run, tmp_path):
    with pytest.raises(UserError, match="unknown length 'A': choose one of interpolate, full"):
        blend(tone_run, PARTS, tmp_path / "b", length="A")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["kick=0.5", "snare=.3"], [("kick", 0.5), ("snare", 0.3)]),
        (["a=b.wav=2"], [("a=b.wav", 2.0)]),
        (["ann/low:3=1e-1"], [("ann/low:3", 0.1)]),
        (["kick=-1"], [("kick", -1.0)]),
    ],
)
def test_parts_are_split_at_the_last_equals_sign(texts, expected):
    assert parse_parts(texts) == expected


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("kick", "'kick' has no weight: give NAME=WEIGHT, such as kick=0.5"),
        ("a=b.wav", "'a=b.wav' has no weight"),
        ("kick=", "'kick=' has no weight"),
        ("=0.5", "'=0.5' has no weight"),
        ("0.5", "'0.5' has no weight"),
    ],
)
def test_part_without_a_weight(text, match):
    with pytest.raises(UserError, match=match):
        parse_parts([text])


def test_file_whose_name_has_an_equals_sign(tone_run, tmp_path, sound_file):
    path = sound_file.rename(tmp_path / "a=b.wav")
    result = blend(tone_run, parse_parts([f"{path}=0.5", "low=0.5"]), tmp_path / "b")
    assert [part["kind"] for part in result.sidecar["parts"]] == ["file", "class"]


def test_file_that_the_model_cannot_render_is_told_of(tone_run, tmp_path, sound_file, monkeypatch):
    monkeypatch.setattr(made_blend, "check_ends", lambda run, points, distances_db: [f"{points[0].kind} is far"])
    assert blend(tone_run, [(str(sound_file), 1.0)], tmp_path / "b").warnings == ("file is far",)


def test_a_part_of_weight_one_is_that_sound(tone_run, tmp_path):
    time_s = np.arange(4410)[:, None] / 44100
    sound = 0.5 * np.sin(2 * np.pi * np.array([300, 400]) * time_s) * np.exp(-30 * time_s)
    soundfile.write(tmp_path / "own.wav", sound, 44100, subtype="PCM_24")
    result = blend(tone_run, [(str(tmp_path / "own.wav"), 2), ("low", 0)], tmp_path / "b")
    given, written = (
        soundfile.read(path, dtype="int32")[0] for path in (tmp_path / "own.wav", tmp_path / "b/blend.wav")
    )
    np.testing.assert_array_equal(given, written)
    assert (result.sidecar["rate_hz"], result.sidecar["n_channels"]) == (44100, 2)


@pytest.mark.parametrize("level", ["keep", "peak"])
def test_what_is_made_of_sounds_lies_between_them(tone_run, tmp_path, level):
    result = blend(tone_run, PARTS, tmp_path / "b", level=level, subtype="FLOAT")
    samples, rate_hz = soundfile.read(tmp_path / "b" / "blend.wav")
    assert len(samples) == round(0.5 * 200 + 0.3 * 240 + 0.2 * 400)
    assert 0.1 < result.sidecar["peak"] <= 1
    if level == "peak":
        assert 20 * np.log10(true_peak(samples, rate_hz)) == pytest.approx(-0.3, abs=0.01)


def test_what_validation_finds_in_files_is_told(tone_run, tmp_path):
    tone = decaying_tone(0.05)
    path = write_sound(tmp_path / "own.wav", np.stack([tone, -0.99 * tone], axis=1))
    (warning,) = (each for each in blend(tone_run, [(str(path), 1.0)], tmp_path / "b").warnings if "own" in each)
    assert warning.startswith(f"{path}: stereo whose channels cancel each other")


def test_weak_models(make_tone_run, tone_run, tmp_path, monkeypatch):
    quiet = make_tone_run(tmp_path / "quiet", lambda weight: weight * 0.1)
    (warning,) = blend(quiet, PARTS, tmp_path / "b").warnings
    assert "nearly silent" in warning
    silent = make_tone_run(tmp_path / "silent", np.zeros_like)
    with pytest.raises(UserError, match=r"decodes to silence \(the blend\): train it for longer"):
        blend(silent, PARTS, tmp_path / "c")
    monkeypatch.setattr(Run, "decode", lambda self, latents: np.full((len(latents), 512), np.nan, np.float32))
    with pytest.raises(UserError, match="decodes to NaN or infinity"):
        blend(tone_run, PARTS, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_default_folder_names_parts_and_weights(make_tone_run, tmp_path):
    run = make_tone_run(tmp_path / "run")
    assert blend(run, [("ann/low", 3), ("low:1", 1)]).folder == run.path / "blends" / "ann_low_75-low_1_25"
    many = blend(run, [(f"low:{n % 4}", 1) for n in range(60)]).folder
    assert len(many.name.encode()) < 200


def test_another_folder_is_left_alone(tone_run, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds other files \(no blend.json\)"):
        blend(tone_run, PARTS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_unusable_folder_is_refused_before_anything_is_computed(tone_run, tmp_path, monkeypatch):
    (tmp_path / "b").touch()
    monkeypatch.setattr(blending, "make_blend", None)
    with pytest.raises(UserError, match=r"b cannot be written \(it is a file\): choose another folder"):
        blend(tone_run, PARTS, tmp_path / "b")
