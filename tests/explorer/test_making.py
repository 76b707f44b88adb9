"""New sounds, variations and kits of the page are those of Python, also by a reference alone."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

from audio_vae.api.open import open_model
from audio_vae.explorer.keeping import Kept
from audio_vae.utils.errors import UserError

MORPH = {"make": "morph", "a": "class:low", "b": "sound:4"}


@pytest.fixture(scope="module")
def kept(bench):
    return Kept(bench)


@pytest.fixture(scope="module")
def model(one_shot_run):
    return open_model(one_shot_run.path)


def test_a_variation_is_that_of_python_and_may_be_varied_and_morphed(bench, model):
    expected = model.vary("take4.wav", 0.2, 1, seed=7)[0]
    point = bench.point("vary:0.2:7:sound:4")
    np.testing.assert_allclose(point.given.samples[:, 0], expected.samples, atol=1e-4)
    assert bench.point("vary:0.1:1:vary:0.2:7:sound:4").given.rate_hz == expected.rate_hz
    assert len(bench.path("vary:0.2:7:sound:4", "class:low", None, 3, "sound")) == 3


def test_at_amount_0_a_variation_is_the_sound(bench):
    (sound,) = bench.vary("sound:4", 0, 1, 1)
    np.testing.assert_array_equal(sound.samples, bench.point("sound:4").given.samples[:, 0])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("sound:4", 2, 1), "2 is not between 0 and 1"),
        (("sound:4", "x", 1), "'x' is no number"),
        (("sound:4", 0.1, -1), "-1 is no whole number from 0 to 2147483647"),
        (("no", 0.1, 1), "no sound 'no'"),
    ],
)
def test_what_cannot_be_varied_is_refused(bench, values, words):
    with pytest.raises(UserError, match=words):
        bench.vary(*values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("empty", 1), "no such class"),
        (("low", 2**40), "is no whole number from 0 to 2147483647"),
        (("low", None), "'None' is no number"),
        ((None, 1), "no such class"),
    ],
)
def test_what_cannot_be_drawn_is_refused(bench, values, words):
    with pytest.raises(UserError, match=words):
        bench.sample(*values)


def test_a_kit_holds_the_nine_steps(kept):
    content, name = kept.kit({**MORPH, "format": "sfz", "layout": "velocity"})
    assert name == "low-take4-sfz.zip"
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert sum(each.endswith(".wav") for each in names) == 9
    assert sum(each.endswith(".sfz") for each in names) == 1


def test_a_kit_of_hydrogen_is_the_file_that_it_imports(kept):
    content, name = kept.kit({**MORPH, "format": "hydrogen", "layout": "keys"})
    assert name == "low-take4.h2drumkit"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert any(each.endswith("drumkit.xml") for each in archive.getnames())


@pytest.mark.parametrize("values", [{}, {"format": "x", "layout": "keys"}, {"format": "sfz", "layout": "../x"}])
def test_other_kits_are_refused(kept, values):
    with pytest.raises(UserError, match="unknown kit"):
        kept.kit({**MORPH, **values})
