"""References of the page, and what is made of them."""

import numpy as np
import pytest
import soundfile
from damaged_sounds import damaged

from audio_vae.api.open import open_model
from audio_vae.data.validation import validate_file
from audio_vae.explorer import files
from audio_vae.explorer.workbench import Workbench
from audio_vae.utils.errors import UserError


def test_every_sound_and_class_has_a_place_and_a_sound(bench):
    assert bench.latents.shape == (8 + 2, 3)
    for number, name in enumerate(bench.model.sounds.names):
        assert bench.point(f"sound:{number}").name == name
    for name in ("low", "it's high"):
        assert bench.point(f"class:{name}").kind == "class"


def test_a_sound_is_the_models_also_where_a_file_has_its_name(one_shot_run, sound_file, tmp_path, monkeypatch):
    bench = Workbench(open_model(one_shot_run.path), tmp_path)
    sound_file.rename(sound_file.parent / "take2.wav")
    monkeypatch.chdir(sound_file.parent)
    point = bench.point("sound:2")
    assert (point.kind, point.name) == ("sound", "take2.wav")
    np.testing.assert_array_equal(point.audio, bench.run.sounds.audio[2])


HOSTILE = {
    "no sound .*: choose one on the map": [
        "class:empty",
        "class:/etc/passwd",
        "class:../../x",
        "sound:8",
        "sound:-1",
        "sound:٣",
        "sound:1e3",
        "sound:" + "9" * 5000,
        "take0.wav",
        "/etc/passwd",
        "",
        ":",
        None,
        7,
        ["class:low"],
        {"class": "low"},
        "vary:0.3:1",
    ],
    "this file is not here any more": ["file:1000000", "file:../x"],
    "is no number": ["vary:" * 2000 + "class:low", "new:low", "new:low:x:0"],
    "a number has to be finite": ["vary:nan:1:class:low"],
}
"""Reason → references that are refused for it."""


@pytest.mark.parametrize(
    ("ref", "words"),
    [(ref, words) for words, refs in HOSTILE.items() for ref in refs],
    ids=lambda each: str(each)[:24],
)
def test_other_references_are_refused(bench, ref, words):
    with pytest.raises(UserError, match=words):
        bench.point(ref)


def test_a_path_is_what_the_command_line_makes(bench):
    steps = bench.path("class:low", "sound:5", None, 9, "sound")
    morph = open_model(bench.run.path).morph("low", "take5.wav", 9)
    for step, sound in zip(steps, morph, strict=True):
        np.testing.assert_allclose(step.samples[:, 0], sound.samples, atol=1e-5)
        assert step.rate_hz == morph.rate_hz


@pytest.mark.parametrize("render", ["sound", "model"])
@pytest.mark.parametrize("number", [0, 3, 8])
def test_a_single_place_is_the_step_that_lies_there(bench, render, number):
    (alone,) = bench.path("class:low", "class:it's high", number / 8, 2, render)
    step = bench.path("class:low", "class:it's high", None, 9, render)[number]
    assert alone.samples.shape == step.samples.shape
    np.testing.assert_allclose(alone.samples, step.samples, atol=1e-5)


def test_a_cross_fade_is_a_plain_mix(bench):
    steps = bench.path("sound:0", "sound:4", None, 3, "crossfade")
    morph = open_model(bench.run.path).morph("take0.wav", "take4.wav", 3)
    for step, sound in zip(steps, morph.crossfade, strict=True):
        np.testing.assert_array_equal(step.samples[:, 0], sound.samples)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("class:low", "class:low", None, 1, "sound"), "1 steps"),
        (("class:low", "class:low", None, 34, "sound"), "34 steps"),
        (("class:low", "class:low", 1.5, 2, "sound"), "not between 0 and 1"),
        (("class:low", "class:low", "x", 2, "sound"), "no number"),
        (("class:low", "class:low", float("nan"), 2, "sound"), "finite"),
        (("class:low", "class:low", 0.5, 2, "other"), "unknown render"),
        (("class:low", "class:no", 0.5, 2, "model"), "no sound"),
    ],
)
def test_what_cannot_be_a_morph_is_refused(bench, values, words):
    with pytest.raises(UserError, match=words):
        bench.path(*values)


def test_a_blend_is_what_the_command_line_makes(bench):
    made = bench.blend([["class:low", 2], ["sound:4", 1], ["sound:5", 1]], "sound")
    same = open_model(bench.run.path).blend([("low", 0.5), ("take4.wav", 0.25), ("take5.wav", 0.25)])
    np.testing.assert_allclose(made.sound, same.sound, atol=1e-5)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        *((parts, "of 1 to 4 sounds") for parts in (None, {}, [], [["class:low", 1]] * 5, [["class:low"]], ["ab"])),
        ([["class:low", "x"]], "'x' is no number"),
        ([["class:low", -1]], "the weight -1 of 'low' cannot be used"),
    ],
)
def test_what_cannot_be_a_blend_is_refused(bench, parts, words):
    with pytest.raises(UserError, match=words):
        bench.blend(parts, "sound")


def test_a_file_is_validated_as_everywhere_and_nothing_of_it_stays_on_the_disk(bench, sound_file):
    ref, point = bench.files.take(sound_file.read_bytes(), "C:\\sounds\\my own.wav")
    assert point.name == "my own.wav"
    assert bench.point(ref) is point
    valid = validate_file(sound_file, bench.run.config.audio)
    np.testing.assert_array_equal(point.audio, valid.fitted)
    assert (point.given.samples.shape, point.given.rate_hz) == ((1800, 2), 48000)
    assert not list(bench.scratch.iterdir())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.wav", "'x.wav' cannot be used .not readable as sound"),
        ("../../etc/x.m4a", "'x.m4a' cannot be used .libsndfile does not read M4A: convert it, ffmpeg -i x.m4a x.wav"),
        ("x.raw", "'x.raw' cannot be used"),
        ("\x00\n", "'file' cannot be used"),
        ("n" * 5000 + ".wav", "cannot be used"),
    ],
)
def test_what_is_no_sound_is_refused_by_its_own_name(bench, name, words):
    with pytest.raises(UserError, match=words) as refused:
        bench.files.take(b"no sound", name)
    assert "audio-vae-explore" not in str(refused.value)


@pytest.mark.parametrize(("shape", "words"), [((8000 * 11, 1), "lasts 11 s"), ((8000, 3), "3 channels")])
def test_long_files_and_many_channels_are_refused(bench, tmp_path, rng, shape, words):
    soundfile.write(tmp_path / "large.wav", rng.normal(0, 0.1, shape), 8000)
    with pytest.raises(UserError, match=words):
        bench.files.take((tmp_path / "large.wav").read_bytes(), "large.wav")


def test_few_files_are_kept_and_the_one_that_is_not_used_goes(one_shot_run, sound_file, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_FILES", 2)
    bench = Workbench(open_model(one_shot_run.path), tmp_path)
    first, second = (bench.files.take(sound_file.read_bytes(), "own.wav")[0] for _ in range(2))
    bench.point(first)
    third, _ = bench.files.take(sound_file.read_bytes(), "own.wav")
    assert {bench.point(first).name, bench.point(third).name} == {"own.wav"}
    with pytest.raises(UserError, match="not here any more"):
        bench.point(second)


def test_hostile_files_are_taken_or_refused(bench):
    reasons, points = [], []
    for number in range(120):
        try:
            points.append(bench.files.take(damaged(np.random.default_rng((24, number))), "sound.wav")[1])
        except UserError as error:
            reasons.append(str(error))
    assert points
    assert reasons
    assert all(np.isfinite(point.latent).all() for point in points)
    assert not any("\n" in reason for reason in reasons)
    assert not list(bench.scratch.iterdir())
