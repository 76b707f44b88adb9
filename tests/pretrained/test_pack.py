"""From a finished run to a pretrained model, and what a pretrained model does."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from audio_vae.data.dataset import Dataset
from audio_vae.data.sources import Source, credits_of
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.export import formats
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.morphing.morph import morph
from audio_vae.pretrained import catalog, pack
from audio_vae.runs.card import CARD_NAME, read_card
from audio_vae.runs.latents import class_centre, training_means
from audio_vae.runs.prepare import prepare_run
from audio_vae.runs.run import Run, open_run
from audio_vae.utils.errors import UserError

TONES = Source("Tones", "Ann and Bob", "CC BY 4.0", "https://example.org/tones", r"take[0-9]\.wav")
OTHERS = Source("Others", "nobody", "CC0 1.0", "", r"other[0-9]\.wav")


@pytest.fixture(scope="module")
def finished_once(make_tone_run, tmp_path_factory):
    """A run that looks trained to its end and evaluated."""
    run = make_tone_run(tmp_path_factory.mktemp("finished") / "secret place" / "run")
    epochs = run.config.training.epochs
    run.history_path.parent.mkdir()
    run.history_path.write_text(f"epoch,kl\n{epochs},1.5\n")
    run.time_path.write_text(
        json.dumps([{"epoch": epoch, "seconds": 2.5, "machine": "a machine"} for epoch in (epochs - 1, epochs)])
    )
    write_report(run)
    return run


def write_report(run, **others):
    deviation = {"average": {"mean": 1.25, "std": 0.5}}
    values = {"epochs": run.epochs_done(), "n_train": 6, "n_test": 2, "one_nn_accuracy": 0.5, **others}
    (run.path / "report").mkdir(exist_ok=True)
    (run.path / "report" / "report.json").write_text(
        json.dumps({**values, "mfcc_dtw_deviation": deviation, "mfcc_dtw_deviation_train_centres": deviation})
    )


@pytest.fixture(scope="module")
def packed_once(finished_once, tmp_path_factory):
    """A pretrained model with a training and a test sound of each class, and those nearest to its centres."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack, "N_TRAIN_SOUNDS", 1)
        patch.setattr(pack, "N_TEST_SOUNDS", 1)
        return pack.pack(finished_once, [OTHERS, TONES], "tones", tmp_path_factory.mktemp("models"))


@pytest.fixture
def finished(finished_once, tmp_path):
    """A copy of the run, to change."""
    shutil.copytree(finished_once.path, tmp_path / "run")
    return Run(tmp_path / "run", finished_once.config)


@pytest.fixture
def packed(packed_once, tmp_path, monkeypatch):
    """A copy of the model, to change; results go beside it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(packed_once.path, tmp_path / "models" / "tones")
    return Run(tmp_path / "models" / "tones", packed_once.config)


def contents(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_what_is_written(packed_once):
    assert packed_once.path.name == "tones"
    names = {path.relative_to(packed_once.path).as_posix() for path in packed_once.path.rglob("*") if path.is_file()}
    assert names == {
        "card.json",
        "check.npz",
        "config.json",
        "latents.npz",
        "logs/history.csv",
        "model.keras",
        "sounds.npz",
    }
    assert not [path for path, (_, data) in contents(packed_once.path).items() if b"secret place" in data]
    card = packed_once.card
    assert (card.name, card.dataset, card.preset, card.licence) == ("tones", "digits", "tiny", "CC BY-SA 4.0")
    assert (card.epochs, card.training_s, card.trained_on) == (117, 5.0, ("a machine",))
    assert (card.n_train, card.n_test, card.one_nn_accuracy, card.mfcc_dtw_deviation) == (6, 2, 0.5, 1.25)
    assert [str(credit) for credit in card.sources] == [
        "Tones, Ann and Bob, CC BY 4.0 (8 sounds; https://example.org/tones)"
    ]
    assert card.class_names == ("low", "it's high", "empty")
    assert set(card.centres) == {
        "low",
        "it's high",
        "ann/low",
        "bob/low",
        "ann/it's high",
        "bob/it's high",
    }


def test_figures_of_test_sounds_are_in_the_card(finished, tmp_path):
    of_sets = {"train": {"median": 1.5, "classes": {}}, "test": {"median": 3.5, "classes": {"low": 3.5}}}
    write_report(
        finished,
        fidelity_db=of_sets,
        nearest_other_db={**of_sets, "test": {"median": None, "classes": {}}},
        better_than_nearest={"train": 0.75, "test": None},
        peak_time_error_ms={"train": 0.5, "test": 2.5},
    )
    card = pack.pack(finished, [TONES], "tones", tmp_path / "models").card
    assert (card.fidelity_db, card.nearest_other_db) == (3.5, None)
    assert (card.better_than_nearest, card.peak_time_error_ms) == (None, 2.5)


def test_a_card_of_an_older_version_has_no_figures_of_fidelity(packed):
    path = packed.path / "card.json"
    values = json.loads(path.read_text())
    names = ("fidelity_db", "nearest_other_db", "better_than_nearest", "peak_time_error_ms")
    assert [values.pop(name) for name in names] == [None] * 4
    path.write_text(json.dumps(values))
    assert [getattr(read_card(packed.path), name) for name in names] == [None] * 4
    assert catalog.table_lines([packed.path])[1].count(" – ") == 4


def test_model_is_the_runs_but_for_rounding_and_optimizers(packed_once, finished_once):
    again = open_run(packed_once.path, "digits")
    assert not again.model.compiled
    for stored, weights in zip(again.model.get_weights(), finished_once.model.get_weights(), strict=True):
        np.testing.assert_allclose(stored, weights, rtol=2**-11, atol=2**-24)
        np.testing.assert_array_equal(stored, stored.astype(np.float16))
    assert 0 < packed_once.card.rounding_error < 0.01
    assert packed_once.model_path.stat().st_size < finished_once.model_path.stat().st_size / 2


def test_what_it_computes_is_compared_with_what_it_computed(packed):
    assert max(pack.differences(open_run(packed.path, "digits")).values()) < 1e-6
    decoder = packed.model.decoder
    decoder.set_weights([1.01 * weight for weight in decoder.get_weights()])
    changed = pack.differences(packed)
    assert changed["decoded"] > 1e-3
    assert changed["means"] < 1e-6


def test_sounds_are_a_few_of_the_runs(packed_once, finished_once):
    sounds, whole = packed_once.sounds, finished_once.sounds
    assert len(sounds) < len(whole)
    assert {centre.nearest for centre in packed_once.card.centres.values()} <= set(sounds.names)
    assert set(sounds.labels[sounds.is_test]) == {0, 1}
    rows = [whole.names.index(name) for name in sounds.names]
    assert rows == sorted(rows)
    assert sounds.audio.dtype == np.float32
    np.testing.assert_allclose(sounds.audio, whole.audio[rows], atol=0.5 / 32767 * 1.01)
    np.testing.assert_array_equal(sounds.peaks, whole.peaks[rows])


@pytest.mark.parametrize("name", ["low", "it's high", "ann/low", "bob/it's high"])
def test_centre_is_that_of_all_training_sounds(packed_once, finished_once, name):
    stored, computed = (parse_endpoint(name, run, run.sounds) for run in (packed_once, finished_once))
    np.testing.assert_allclose(stored.latent, computed.latent, atol=0.01 * np.abs(computed.latent).max())
    assert (stored.kind, stored.source) == ("class", computed.source)
    assert stored.peak == pytest.approx(computed.peak)
    assert stored.length_samples == computed.length_samples
    np.testing.assert_allclose(stored.audio, computed.audio, atol=1e-4)


def test_centre_of_other_sounds_is_theirs(packed_once, finished_once):
    others = finished_once.sounds.take(np.array([0, 5]))
    centre = class_centre(packed_once, others, "low")
    np.testing.assert_allclose(centre.latent, packed_once.encode(others.audio[:1])[0][0], rtol=1e-5)
    assert class_centre(packed_once, others, "empty") is None


def test_class_without_sounds(packed_once):
    with pytest.raises(UserError, match="class 'empty' has no sounds"):
        parse_endpoint("empty", packed_once, packed_once.sounds)


def test_exports_tell_the_same_centres(packed_once):
    told = formats.metadata(packed_once, packed_once.sounds, "keras")["class_centres"]
    assert told == {name: packed_once.card.centres[name].latent.tolist() for name in ("low", "it's high")}


def test_latents_are_those_of_all_sounds(packed_once, finished_once):
    assert len(training_means(packed_once)) == len(finished_once.sounds.train)
    np.testing.assert_allclose(
        training_means(packed_once), packed_once.encode(finished_once.sounds.train.audio)[0], rtol=1e-4, atol=1e-6
    )


def test_nothing_is_written_into_its_folder(packed, finished, tmp_path):
    before = contents(packed.path)
    run = open_run(packed.path, "digits")
    made = morph(run, "low", "it's high:0", steps=3, between=(-0.5, 1.5))
    assert made.folder.resolve() == tmp_path / "morphs" / (made.folder.name)
    with pytest.raises(UserError, match="is a pretrained model, which stays as it is: choose another --run"):
        prepare_run(Dataset("digits", None, None, None), packed.path, packed.config)
    with pytest.raises(UserError, match=r"pretrained model tones comes with a few sounds .* --data"):
        evaluate(run)
    evaluate(run, finished.sounds)
    assert (tmp_path / "report" / "report.json").is_file()
    assert contents(packed.path) == before


def test_older_model_is_replaced(packed, finished, tmp_path):
    write_report(finished, one_nn_accuracy=0.75)
    assert pack.pack(finished, [TONES], "tones", tmp_path / "models").card.one_nn_accuracy == 0.75
    assert len(list((tmp_path / "models").iterdir())) == 1


def test_figures_that_are_not_known(finished, tmp_path):
    write_report(finished, one_nn_accuracy=None)
    finished.time_path.unlink()
    card = pack.pack(finished, [TONES], "tones", tmp_path).card
    assert (card.one_nn_accuracy, card.training_s, card.trained_on) == (None, None, ())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda run: run.history_path.write_text("epoch,kl\n3,1.5\n"), r"trained for 3 of 117 epochs: finish it"),
        (lambda run: (run.path / "report" / "report.json").unlink(), r"report.json cannot be read .*evaluate the run"),
        (lambda run: (run.path / "report" / "report.json").write_text("[]"), r"report.json cannot be read"),
        (lambda run: write_report(run, epochs=3), r"of other sounds or another epoch: evaluate the run again"),
        (lambda run: write_report(run, n_test=9), r"of other sounds or another epoch: evaluate the run again"),
    ],
    ids=["unfinished", "not evaluated", "damaged report", "older report", "report of other sounds"],
)
def test_run_that_cannot_be_packed(finished, tmp_path, change, match):
    change(finished)
    with pytest.raises(UserError, match=match):
        pack.pack(finished, [TONES], "tones", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_sounds_of_no_source(finished, tmp_path):
    with pytest.raises(UserError, match=r"8 sounds are of no source with a known licence \(take0.wav, "):
        pack.pack(finished, [OTHERS], "tones", tmp_path / "models")


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "a b"])
def test_unusable_name(finished, tmp_path, name):
    with pytest.raises(UserError, match="cannot be the name of a model"):
        pack.pack(finished, [TONES], name, tmp_path / "models")


def test_too_large(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "MOST_BYTES", 5000)
    with pytest.raises(UserError, match=r"tones would be .*KiB large, 4.9 KiB is the most"):
        pack.pack(finished, [TONES], "tones", tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda card: "{",
        lambda card: "[]",
        lambda card: json.dumps({**card, "colour": "red"}),
        lambda card: json.dumps({name: value for name, value in card.items() if name != "licence"}),
        lambda card: json.dumps({**card, "centres_by_name": {"low": {"latent": "x"}}}),
    ],
    ids=["cut", "list", "unknown", "missing", "centre"],
)
def test_damaged_card(packed, damage):
    path = packed.path / CARD_NAME
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(UserError, match=r"card.json cannot be used \(.*install audio-vae again"):
        read_card(packed.path)


def test_card_goes_to_json_and_back(packed_once):
    card = packed_once.card
    again = type(card).from_dict(json.loads(json.dumps(card.to_dict())))
    assert dataclasses.asdict(again) == dataclasses.asdict(card)


def test_damaged_check(packed):
    (packed.path / "check.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"check.npz cannot be read \(.*install audio-vae again"):
        pack.differences(Run(packed.path, packed.config))


def test_sounds_are_credited_to_their_source():
    credits = credits_of(["take1.wav", "other1.wav", "take2.wav"], [OTHERS, TONES])
    assert [(credit.title, credit.n_sounds) for credit in credits] == [("Others", 1), ("Tones", 2)]
    assert credits_of(["take1.wav"], [OTHERS, TONES])[0].title == "Tones"
