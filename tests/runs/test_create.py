import dataclasses
import json

import pytest
from old_files import flat

from audio_vae.config import TrainingConfig
from audio_vae.runs.create import create_run, remove_leftovers, require_free
from audio_vae.runs.run import open_run
from audio_vae.utils.errors import UserError


def test_more_epochs_go_on_with_the_same_run(small_run, config):
    longer = dataclasses.replace(config, training=TrainingConfig(epochs=9))
    assert create_run(small_run.path, longer).config.training.epochs == 9
    assert open_run(small_run.path, "digits").config.training.epochs == 9


def test_a_finished_run_keeps_the_versions_that_trained_it(small_run, config):
    config_path = small_run.path / "config.json"
    config_path.write_text(json.dumps({**json.loads(config_path.read_text()), "made_with": {"audio-vae": "0.0.1"}}))
    create_run(small_run.path, config)
    assert json.loads(config_path.read_text())["made_with"]["audio-vae"] != "0.0.1"
    config_path.write_text(json.dumps({**json.loads(config_path.read_text()), "made_with": {"audio-vae": "0.0.1"}}))
    small_run.history_path.parent.mkdir(exist_ok=True)
    small_run.history_path.write_text(f"epoch,kl\n{config.training.epochs},1.0\n", encoding="utf-8")
    create_run(small_run.path, config)
    assert json.loads(config_path.read_text())["made_with"]["audio-vae"] == "0.0.1"
    create_run(small_run.path, dataclasses.replace(config, training=TrainingConfig(epochs=config.training.epochs + 1)))
    assert json.loads(config_path.read_text())["made_with"]["audio-vae"] != "0.0.1"


def test_a_run_of_version_0_1_goes_on_with_the_same_settings(small_run, config):
    stored = json.loads((small_run.path / "config.json").read_text())
    stored["config"]["model"] = flat(stored["config"]["model"])
    assert "cc_filters" in stored["config"]["model"]
    (small_run.path / "config.json").write_text(json.dumps(stored))
    assert open_run(small_run.path, "digits").config == config
    assert create_run(small_run.path, config).config == config
    # From then on the folder has today's form.
    assert json.loads((small_run.path / "config.json").read_text())["config"] == config.to_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": TrainingConfig(epochs=2, seed=7)}, "training.seed is 0, not 7"),
        ({"data": {"speakers": ["theo"]}}, r"data.speakers is \['jackson'\], not \['theo'\]"),
        ({"preset": "dc"}, "preset is 'cc', not 'dc'"),
    ],
)
def test_other_settings_are_refused_and_change_nothing(small_run, config, change, message):
    before = (small_run.path / "config.json").read_bytes()
    with pytest.raises(UserError, match=message):
        create_run(small_run.path, dataclasses.replace(config, **change))
    assert (small_run.path / "config.json").read_bytes() == before


def test_a_folder_of_other_things_is_refused(config, tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(UserError, match="holds files that are not of a run"):
        create_run(tmp_path, config)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_is_refused(config, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file: choose a folder with --run"):
        create_run(tmp_path / "file", config)


def test_a_folder_is_free_for_a_new_run_and_for_more_epochs_of_the_same(small_run, config, tmp_path):
    require_free(tmp_path / "new", config)
    assert not (tmp_path / "new").exists()
    require_free(small_run.path, dataclasses.replace(config, training=TrainingConfig(epochs=9)))
    with pytest.raises(UserError, match=r"training\.seed is 0, not 7"):
        require_free(small_run.path, dataclasses.replace(config, training=TrainingConfig(epochs=2, seed=7)))


def test_leftovers_are_incomplete_files_and_not_folders(tmp_path):
    folders = (tmp_path, tmp_path / "checkpoints", tmp_path / "logs")
    for folder in folders:
        (folder / ".part-morph").mkdir(parents=True)
        (folder / ".part-1.npz").touch()
        (folder / "kept.npz").touch()
    remove_leftovers(tmp_path)
    for folder in folders:
        assert {path.name for path in folder.iterdir()} - {"checkpoints", "logs"} == {".part-morph", "kept.npz"}
