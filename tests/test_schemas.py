"""JSON files and their schemas in docs/schemas: every written file fits its schema, every field is explained."""

import dataclasses
import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile
import tiny_report
import tiny_results
from referencing import Registry, Resource

from audio_vae import config as configs
from audio_vae import model_config
from audio_vae.digits import config as digits_config
from audio_vae.digits import dataset as digits_dataset
from audio_vae.drums import config as drums_config
from audio_vae.drums import dataset as drums_dataset
from audio_vae.evaluation.evaluate import evaluate
from audio_vae.export.export import export
from audio_vae.folder import config as folder_config
from audio_vae.folder import dataset as folder_dataset
from audio_vae.kits.made_folders import make_kit
from audio_vae.kits.write import KitOptions
from audio_vae.morphing.blend import blend
from audio_vae.morphing.morph import morph
from audio_vae.morphing.options import PathOptions
from audio_vae.reproduction.experiment import Experiment
from audio_vae.reproduction.results import save_bounds, save_result
from audio_vae.runs.card import Card, Centre
from audio_vae.runs.listing import Listed
from audio_vae.runs.prepare import prepare_run
from audio_vae.sampling.novelty import Nearest, TrainingSounds, training_sounds
from audio_vae.sampling.sample import sample
from audio_vae.sampling.vary import vary
from audio_vae.training.callbacks import WallTime
from audio_vae.training.checkpoints import Position

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
SCHEMAS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "docs" / "schemas").glob("*.schema.json"))
}
REGISTRY = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items())

EXPLAINED = ("morph", "blend", "sample", "vary", "kit", "report")
"""Files whose fields docs/files.md explains one by one."""

NOT_FOR_USERS = {
    # A part of a checkpoint.
    "position.json",
    # Keras' own settings.
    "keras.json",
    # A finished download, and what a folder of collected sounds is made of.
    "source.json",
    "sources.json",
    # What the explorer's page reads of its model where there is no server.
    "model.json",
}
"""JSON files that have no schema, because only audio-vae itself reads them."""


def faults(name, values):
    """Return what is wrong with the values of a file by its schema, in words."""
    schema = {"$ref": f"{name}.schema.json"}
    validator = jsonschema.Draft202012Validator(schema, registry=REGISTRY)
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(values)]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_tones(folder):
    """Two classes of four different sounds each, and a file that cannot be used."""
    for label, name in enumerate(("high", "low")):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            time_s = np.arange(1600 + 200 * number) / 8000
            tone = np.sin(2 * np.pi * (300 + 50 * number + 1000 * label) * time_s) * np.exp(-3 * time_s)
            soundfile.write(folder / name / f"{number}.wav", np.clip(3 * tone, -1, 1), 8000)
    (folder / "low" / "broken.wav").write_bytes(b"no sound")
    (folder / "readme.txt").write_text("no sound file")


def write_digits(folder):
    """A training and a test sound of each digit."""
    folder.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (10, 2, 2000))
    for digit, takes in enumerate(noise):
        for take, samples in zip((0, 10), takes, strict=True):
            soundfile.write(folder / f"{digit}_jackson_{take}.wav", samples, 8000)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with a JSON file of each kind, written by a tiny run: kind of file → paths."""
    folder = tmp_path_factory.mktemp("written")
    sounds = tiny_report.make_sounds(np.random.default_rng(0))
    run = tiny_report.build_run(folder / "runs" / "run", sounds)
    times = WallTime(run, Position(0, 0))
    times.on_epoch_begin(0)
    times.on_epoch_end(0)
    report = evaluate(run, morphs=PathOptions(steps=3))
    drawn = morph(run, "0", "1:0", via=["1"], steps=3)
    blend(run, [("0", 1), ("1:0", 3)])
    vary(run, "1:0", amount=0, n=2, kit=KitOptions(("sfz",)))
    with pytest.MonkeyPatch.context() as patched:
        # What an untrained model decodes is nearest to anything.
        patched.setattr(TrainingSounds, "nearest", lambda self, latents, cells_db: [Nearest(0, 5.0)] * len(latents))
        sample(run, [run.sounds.class_names[training_sounds(run).labels[0]]], n_each=1)
    make_kit([run.path / "variations" / "1_0-seed0", drawn.folder], folder / "kit")
    exported = export(run, "savedmodel", folder / "models", float16=True).folder
    write_tones(folder / "sounds")
    write_digits(folder / "digits")
    prepared = [
        ("folder", folder_dataset.DATASET, folder_config.make(rate_hz=8000), folder / "sounds"),
        ("clusters", folder_dataset.DATASET, folder_config.make(labels="kmeans:2", rate_hz=8000), folder / "sounds"),
        ("digits", digits_dataset.DATASET, digits_config.make(), folder / "digits"),
        ("kit", drums_dataset.DATASET, drums_config.make(), None),
    ]
    for name, dataset, config, data in prepared:
        prepare_run(dataset, folder / "runs" / name, config, data, stream=name == "clusters")
    results = folder / "results"
    results.mkdir()
    drawings = {
        "drawn": {
            "start": "0",
            "end": "1",
            "comparison": drawn.sidecar["scorecard"]["comparison"],
            "warnings": list(drawn.warnings),
        },
        "failed": {"start": "0", "end": "9", "problem": "unknown class"},
        "not-drawn": None,
    }
    for name, drawing in drawings.items():
        experiment = dataclasses.replace(tiny_results.TINY, name=name)
        save_result(results, run, experiment, 1, report, drawing, {})
    save_bounds(results, {"ann": {"medoid of the training takes": 0.5}})
    return {
        "config": sorted((folder / "runs").glob("*/config.json")),
        "prepare": sorted((folder / "runs").glob("*/prepare.json")),
        "manifest": sorted((folder / "runs").glob("*/sounds/manifest.json")),
        "shard": sorted((folder / "runs").glob("*/sounds/0*.json")),
        "time": [run.time_path],
        "report": [run.path / "report" / "report.json"],
        "morph": sorted(run.path.glob("morphs/*/morph.json")),
        "blend": sorted(run.path.glob("blends/*/blend.json")),
        "sample": sorted(run.path.glob("samples/*/sample.json")),
        "vary": sorted(run.path.glob("variations/*/vary.json")),
        "kit": [folder / "kit" / "kit.json"],
        "parity": [exported / "parity.json"],
        "metadata": [exported / "assets.extra" / "metadata.json"],
        "result": sorted(results.glob("*/result.json")),
        "bounds": [results / "bounds.json"],
    }


@pytest.mark.parametrize(
    "name",
    [
        *("config", "prepare", "manifest", "shard", "time", "report", "morph", "blend", "sample", "vary", "kit"),
        *("parity", "metadata", "result", "bounds"),
    ],
)
def test_what_a_run_writes_fits_its_schema(name, written):
    assert written[name]
    for path in written[name]:
        values = read(path)
        assert faults(name, values) == []
        # The fields that only old files lack are there too.
        if isinstance(values, dict):
            assert set(values) == set(SCHEMAS[f"{name}.schema.json"]["properties"])


def test_a_confidence_has_the_name_of_its_class(written):
    for name, track in (("morph", "morph"), ("morph", "crossfade"), ("blend", "blend"), ("blend", "mix")):
        card = read(written[name][0])["scorecard"][track]
        is_decoded = track in ("morph", "blend")
        names = {"confidence_classes", "latent_confidence_classes"} if is_decoded else {"confidence_classes"}
        assert {key for key in card if key.endswith("confidence_classes")} == names
        assert all(len(card[key]) == len(card["confidences"]) for key in names)


def test_a_wrong_file_does_not_fit(written):
    values = read(written["morph"][0])
    assert faults("morph", {**values, "colour": "red"})
    assert faults("morph", {**values, "steps": 1})
    assert faults("morph", {**values, "start": {**values["start"], "colour": "red"}})
    assert faults("morph", {**values, "config": {**values["config"], "training": {}}})
    values["scorecard"]["morph"]["colour"] = "red"
    assert faults("morph", values)
    values = read(written["blend"][0])
    values["parts"][0]["colour"] = "red"
    assert faults("blend", values)


STORED = {
    path.relative_to(ROOT).as_posix(): path.stem
    for folder in ("audio_vae/pretrained", "results")
    for path in sorted((ROOT / folder).rglob("*.json"))
}


@pytest.mark.parametrize(("path", "name"), STORED.items())
def test_what_the_repository_holds_fits_its_schema(path, name):
    assert faults(name, read(ROOT / path)) == []


def test_check_prints_what_its_schema_says(run, written, tmp_path):
    write_tones(tmp_path / "sounds")
    for options in ([], ["--labels", "kmeans:2"]):
        code, out, _ = run("check", tmp_path / "sounds", "--json", *options)
        assert code == 0
        values = json.loads(out)
        assert faults("check", values) == []
    assert any(each["notes"] for each in values["files"])
    assert values["refused"]


def test_runs_prints_what_its_schema_says(run, written):
    folder = written["config"][0].parents[1]
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "config.json").write_text("{}")
    code, out, _ = run("runs", folder, "--json")
    assert code == 0
    values = json.loads(out)
    assert len(values) == 6
    assert faults("runs", values) == []


def test_models_prints_what_its_schema_says(run):
    code, out, _ = run("models", "--json")
    assert code == 0
    values = json.loads(out)
    assert {each["name"] for each in values} >= {"digits", "drums"}
    assert faults("models", values) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_and_describes_every_field(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert {"$schema", "title", "description"} <= SCHEMAS[name].keys()
    without = [where for where, field in fields_of(SCHEMAS[name]) if len(field.get("description", "")) < 5]
    assert without == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_of_a_schema_leads_somewhere(name):
    resolver = REGISTRY.resolver(base_uri=name)
    for target in references_of(SCHEMAS[name]):
        assert resolver.lookup(target).contents


def fields_of(schema, where=""):
    """Yield each property at any depth: its path and its schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from fields_of(each, where)
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                for name, field in value.items():
                    yield f"{where}.{name}", field
                    yield from fields_of(field, f"{where}.{name}")
            else:
                yield from fields_of(value, f"{where}/{key}")


def references_of(schema):
    """Yield each `$ref` at any depth."""
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from references_of(each)
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (configs.Config, "config.schema.json#/$defs/config"),
        (configs.AudioConfig, "config.schema.json#/$defs/audio"),
        (configs.AugmentationConfig, "config.schema.json#/$defs/augmentation"),
        (configs.TrainingConfig, "config.schema.json#/$defs/training"),
        (model_config.ModelConfig, "config.schema.json#/$defs/model"),
        (model_config.DilatedConfig, "config.schema.json#/$defs/dc"),
        (model_config.PlainConfig, "config.schema.json#/$defs/cc"),
        (model_config.VoiceConfig, "config.schema.json#/$defs/voice"),
        (model_config.OneShotConfig, "config.schema.json#/$defs/oneshot"),
        (Card, "card.schema.json"),
        (Centre, "card.schema.json#/$defs/centre"),
        (Listed, "runs.schema.json#/$defs/run"),
    ],
)
def test_a_schema_has_the_fields_of_its_class(kind, place):
    schema = REGISTRY.resolver().lookup(place).contents
    assert set(schema["properties"]) == {each.name for each in dataclasses.fields(kind)}


def test_the_schema_of_the_losses_has_its_fields_and_one_of_earlier_versions():
    fields = set(SCHEMAS["config.schema.json"]["$defs"]["loss"]["properties"])
    assert fields == {each.name for each in dataclasses.fields(configs.LossConfig)} | {"pitch_weight"}


def test_the_schema_of_an_experiment_has_its_fields_and_the_older_name_of_one():
    fields = set(SCHEMAS["result.schema.json"]["$defs"]["experiment"]["properties"])
    assert fields == {each.name for each in dataclasses.fields(Experiment)} | {"judges_morphs"}


def test_every_json_file_that_the_package_names_has_a_schema():
    sources = [path for folder in ("audio_vae", "digits", "drums") for path in (ROOT / folder).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r'"([\w-]+\.json)"', path.read_text(encoding="utf-8"))}
    assert {"morph.json", "card.json"} <= named
    assert {name for name in named if name.replace(".json", ".schema.json") not in SCHEMAS} == NOT_FOR_USERS


def tables_of_page():
    """Return name of a file, and of a part of its schema (empty for the file itself) → field → what it is."""
    tables, name, part = {}, None, ""
    for line in PAGE.splitlines():
        heading = re.fullmatch(r"(##|###) `([\w.]+)`", line)
        if heading:
            name, part = (heading[2], "") if heading[1] == "##" else (name, heading[2])
        row = re.match(r"\| `(\w+)` \| (.+?) \| ", line)
        if row and name:
            tables.setdefault((name.removesuffix(".json"), part), {})[row[1]] = row[2]
    return tables


def test_the_page_explains_every_field_in_the_words_of_the_schema():
    expected = {}
    for name in EXPLAINED:
        schema = SCHEMAS[f"{name}.schema.json"]
        for part, values in {"": schema, **schema["$defs"]}.items():
            expected[name, part] = {key: each["description"] for key, each in values["properties"].items()}
    tables = tables_of_page()
    assert {place: list(fields) for place, fields in tables.items()} == {
        place: list(fields) for place, fields in expected.items()
    }
    for place, fields in tables.items():
        for field, text in fields.items():
            assert expected[place][field].startswith(f"{text}."), (place, field)


def test_the_page_links_every_schema():
    assert set(re.findall(r"\(schemas/([\w.]+)\)", PAGE)) == set(SCHEMAS)
