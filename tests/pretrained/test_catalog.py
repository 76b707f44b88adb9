"""The models that come with the package: listed, played where nothing else is trained, and chosen by name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from audio_vae.data.sources import Source
from audio_vae.pretrained import catalog
from audio_vae.pretrained.pack import pack
from audio_vae.utils.errors import UserError

TONES = Source("Tones", "Ann and Bob", "CC BY 4.0", "https://example.org/tones", r"take[0-9]\.wav")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tiny_models(make_tone_run, tmp_path_factory):
    """A folder of models with one that the digits are played with."""
    place = tmp_path_factory.mktemp("models")
    run = make_tone_run(place / "run")
    run.history_path.parent.mkdir()
    run.history_path.write_text("epoch,kl\n117,1.5\n")
    (run.path / "report").mkdir()
    deviation = {"average": {"mean": 1.25, "std": 0.5}}
    (run.path / "report" / "report.json").write_text(
        json.dumps(
            {
                "epochs": 117,
                "n_train": 6,
                "n_test": 2,
                "one_nn_accuracy": 0.925,
                "mfcc_dtw_deviation": deviation,
                "mfcc_dtw_deviation_train_centres": deviation,
                "fidelity_db": {"train": {"median": 9.9, "classes": {}}, "test": {"median": 3.46, "classes": {}}},
                "nearest_other_db": {"train": {"median": 9.9, "classes": {}}, "test": {"median": 4.21, "classes": {}}},
                "better_than_nearest": {"train": 0.99, "test": 0.75},
                "peak_time_error_ms": {"train": 9.9, "test": 1.81},
            }
        )
    )
    pack(run, [TONES], "digits", place / "models")
    return place / "models"


@pytest.fixture(autouse=True)
def only_tiny_models(tiny_models, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "FOLDER", tiny_models)
    monkeypatch.chdir(tmp_path)


def test_names_and_paths(tiny_models):
    assert catalog.names() == ["digits"]
    assert catalog.path_of("digits") == tiny_models / "digits"
    assert catalog.default_name("digits") == "digits"
    assert catalog.default_name("drums") is None
    with pytest.raises(UserError, match=r"no model 'x' comes with audio-vae: choose one of digits"):
        catalog.path_of("x")


def test_no_models(run, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    with pytest.raises(UserError, match="none comes with it"):
        catalog.path_of("digits")
    assert run("models") == (0, "No models come with this audio-vae.\n", "")
    assert run("models", "--json")[1] == "[]\n"


def test_the_command(run, tiny_models):
    code, out, _ = run("models")
    assert code == 0
    lines = out.splitlines()
    figures = ["1-NN", "deviation", "fidelity", "nearest other", "nearer", "attack"]
    assert re.split("  +", lines[0]) == ["model", "data", "classes", "rate", "length", "size", *figures, "licence"]
    of_test = ("3.5 dB", "4.2 dB", " 75 %", "1.8 ms")
    for text in ("low, it's high, empty", "8000 Hz", "0.06 s", "KiB", "92.5 %", "1.250", *of_test, "CC BY-SA 4.0"):
        assert text in lines[1]
    assert lines[-1] == "  Tones, Ann and Bob, CC BY 4.0 (8 sounds; https://example.org/tones)"
    (listed,) = json.loads(run("models", "--json")[1])
    assert listed["path"] == str(tiny_models / "digits")
    assert listed["size_bytes"] == sum(path.stat().st_size for path in tiny_models.rglob("*") if path.is_file())
    assert listed["sources"][0]["licence"] == "CC BY 4.0"
    assert "centres_by_name" not in listed


@pytest.fixture
def warned():
    return []


def test_the_default_run_is_opened(make_tone_run, tmp_path, warned):
    make_tone_run(tmp_path / "runs" / "digits")
    opened = catalog.open_trained("digits", warn=warned.append)
    assert (opened.path, opened.is_pretrained, warned) == (Path("runs/digits"), False, [])


def test_without_a_run_the_pretrained_model_is_opened(tiny_models, warned):
    opened = catalog.open_trained("digits", warn=warned.append)
    assert (opened.path, opened.is_pretrained) == (tiny_models / "digits", True)
    assert warned == [
        "no run in runs/digits: using the pretrained model that comes with audio-vae (audio-vae models); "
        "train your own: audio-vae digits train"
    ]


def test_a_named_run_or_model_is_opened(make_tone_run, tiny_models, tmp_path, warned):
    make_tone_run(tmp_path / "mine")
    assert catalog.open_trained("digits", Path("mine"), warn=warned.append).path == Path("mine")
    assert catalog.open_trained("digits", model="digits", warn=warned.append).path == tiny_models / "digits"
    # A named model comes before a run.
    assert catalog.open_trained("digits", Path("mine"), "digits", warned.append).path == tiny_models / "digits"
    assert warned == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", None, "x"), "no model 'x' comes with audio-vae: choose one of digits"),
        (("drums", None, "digits"), "is a run of digits, not of drums"),
        (("drums", Path("mine")), "mine is a run of digits, not of drums"),
        (("digits", Path("nowhere")), "no run folder nowhere: train first"),
        (("drums",), "no run folder runs/drums: train first"),
    ],
)
def test_a_run_or_model_that_cannot_be_opened(make_tone_run, tmp_path, warned, arguments, message):
    make_tone_run(tmp_path / "mine")
    with pytest.raises(UserError, match=message):
        catalog.open_trained(*arguments, warn=warned.append)
    assert warned == []


def test_long_lists_of_classes_are_cut():
    assert catalog._classes([str(number) for number in range(9)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8"
    assert catalog._classes(["a long name"] * 5) == "5: a long name, a long name, a lo…"


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["morph", "low", "it's high", "--steps", "2"], "morphs/low-it_s_high_*/morph.json"),
        (["blend", "low=0.5", "low:0=0.5"], "blends/low_50-low_0_50/blend.json"),
    ],
)
def test_played_where_there_is_no_run(run, tmp_path, arguments, result):
    code, _, err = run("digits", *arguments)
    assert code == 0, err
    assert (
        "no run in runs/digits: using the pretrained model that comes with audio-vae (audio-vae models); "
        "train your own: audio-vae digits train\n"
    ) in err
    assert len(list(tmp_path.glob(result))) == 1
    assert not (tmp_path / "runs").exists()


def test_a_run_of_ones_own_goes_first(run, make_tone_run, tmp_path):
    make_tone_run(tmp_path / "runs" / "digits")
    code, out, err = run("digits", "morph", "low", "it's high", "--steps", "2")
    assert code == 0, err
    assert "pretrained" not in err
    assert "Morph: runs/digits/morphs/" in out
    code, out, err = run("digits", "morph", "low", "it's high", "--steps", "2", "--model", "digits")
    assert (code, "playing" in err) == (0, False)
    assert "Morph: morphs/" in out


@pytest.mark.parametrize("command", [["morph", "a", "b"], ["blend", "a=1"], ["export"], ["evaluate"]])
def test_a_run_that_was_asked_for_is_not_replaced(run, command):
    code, _, err = run("digits", *command, "--run", "runs/digits")
    assert (code, err.splitlines()[-1].startswith("Error: no run folder runs/digits: train first")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        (["digits", "morph", "a", "b", "--model", "x"], 1, "no model 'x' comes with audio-vae"),
        (["drums", "morph", "a", "b", "--model", "digits"], 1, "is a run of digits, not of drums"),
        (["digits", "morph", "a", "b", "--model", "digits", "--run", "r"], 2, "--run and --model name two models"),
        (["drums", "morph", "a", "b"], 1, "no run folder runs/drums: train first"),
        (["folder", "morph", "a", "b"], 1, "no run folder runs/folder: train first"),
        (["digits", "evaluate"], 1, "too few to evaluate it on: give a folder of sounds with --data"),
        (["digits", "morph", "low", "hoot"], 1, "unknown class 'hoot'"),
    ],
)
def test_what_is_refused(run, arguments, expected, message):
    code, _, err = run(*arguments)
    assert code == expected
    assert message in err.splitlines()[-1]


def test_packing_from_the_command_line(run, make_tone_run, tmp_path):
    assert "pack" not in run("--help")[1]
    make_tone_run(tmp_path / "run")
    code, _, err = run("pack", tmp_path / "run", "--out", tmp_path / "out")
    assert code == 1
    assert "trained for 0 of 117 epochs: finish it" in err.splitlines()[-1]


def test_listing_imports_no_backend():
    code = (
        "import sys, audio_vae.pretrained.catalog; print(sorted({'tensorflow', 'keras', 'librosa'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_licences_are_told_beside_the_models():
    text = (Path(catalog.__file__).parent / "LICENSES.md").read_text(encoding="utf-8")
    for source in (*_sources("digits"), *_sources("drums")):
        for word in (source.title, source.by, source.licence, source.url):
            assert word in text


def _sources(name):
    from audio_vae.digits import sources as digits
    from audio_vae.drums import sources as drums

    return {"digits": digits, "drums": drums}[name].SOURCES
