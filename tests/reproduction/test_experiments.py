"""What is trained, as data."""

import pytest
from tiny_results import tiny_config

from audio_vae.reproduction.experiments import BOUNDS, EXPERIMENTS, choose, names


@pytest.mark.parametrize(
    ("name", "part", "value", "expected"),
    [("dc-epsilon", "model", "log_variance_start", -4.0), ("cc-batch-2", "training", "batch_size", 2)],
)
def test_changes_reach_the_config(name, part, value, expected):
    (tried,) = choose([name])
    changed = tried.change(tiny_config()).to_dict()
    assert changed[part][value] == expected
    assert changed["training"]["epochs"] == tried.epochs


def test_every_planned_change_is_one_that_the_config_knows():
    for each in EXPERIMENTS:
        each.change(tiny_config())
    assert len({each.name for each in EXPERIMENTS}) == len(EXPERIMENTS)


def test_experiments_are_chosen_by_name_and_group():
    assert choose([]) == EXPERIMENTS
    assert [each.name for each in choose(["cc-seed-1", "paper"])] == ["cc", "dc", "dc-nonclass", "cc-seed-1"]
    assert set(names()) >= {BOUNDS, "tried", "studio", "cc"}


def test_a_name_chooses_its_experiment_alone():
    # The command runs several in processes of their own, one a name: a group of that name would start itself for ever.
    for each in EXPERIMENTS:
        assert choose([each.name]) == (each,)
    assert BOUNDS not in {name for each in EXPERIMENTS for name in (each.name, each.group)}
