"""The folder of results."""

import dataclasses
import json

import pytest
from tiny_results import rendered

from audio_vae.reproduction import results
from audio_vae.reproduction.experiment import Experiment
from audio_vae.utils.errors import UserError


@pytest.mark.parametrize(("file", "text"), [("report.json", "{"), ("result.json", "[]"), ("config.json", "{}")])
def test_a_damaged_result_is_named(store, tmp_path, file, text):
    folder = store("cc")
    (folder / file).write_text(text)
    with pytest.raises(UserError, match=r"results/cc cannot be read .* --only cc"):
        rendered(tmp_path)


def test_a_result_of_an_older_version_has_the_names_of_today(store):
    folder = store("cc")
    values = json.loads((folder / "result.json").read_text())
    values["experiment"]["judges_morphs"] = values["experiment"].pop("scores_morphs")
    (folder / "result.json").write_text(json.dumps(values))
    experiment = results.load_result(folder).experiment
    assert experiment["scores_morphs"] is True
    assert set(experiment) == {each.name for each in dataclasses.fields(Experiment)}
