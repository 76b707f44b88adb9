"""Which sound plays where."""

import itertools

import numpy as np
import pytest

from audio_vae.kits.layout import Pad, lay_out, require_layout
from audio_vae.utils.errors import UserError


def pads(**counts):
    return [
        Pad(f"{name}-{number}", name.replace("_", "-"), np.zeros((1, 1)), 8000)
        for name, count in counts.items()
        for number in range(count)
    ]


def test_drums_lie_on_their_keys_and_the_rest_on_free_ones():
    zones = lay_out(pads(cat=1, tom=2, kick=3, snare=1), "keys")
    assert [(zone.instrument, zone.key) for zone in zones] == [
        ("cat", 37),
        *(("tom", 45), ("tom", 47)),
        *(("kick", 36), ("kick", 35), ("kick", 39)),
        ("snare", 38),
    ]


@pytest.mark.parametrize("n", [1, 2, 9, 127])
def test_velocities_are_covered_once(n):
    zones = lay_out(pads(kick=n), "velocity")
    assert {zone.key for zone in zones} == {36}
    assert zones[0].low_velocity == 1
    assert zones[-1].high_velocity == 127
    for before, after in itertools.pairwise(zones):
        assert after.low_velocity == before.high_velocity + 1
    assert all(zone.high_velocity >= zone.low_velocity for zone in zones)


def test_turns():
    zones = lay_out(pads(kick=3, cat=1), "round-robin")
    assert [(zone.key, zone.turn, zone.n_turns) for zone in zones] == [(36, 1, 3), (36, 2, 3), (36, 3, 3), (37, 1, 1)]


def test_hats_are_in_one_choke_group():
    zones = lay_out(pads(hihat_open=1, hihat_closed=1, tom=1), "keys")
    assert [(zone.key, zone.choke_group) for zone in zones] == [(46, 1), (42, 1), (45, None)]


@pytest.mark.parametrize(
    ("counts", "layout", "match"),
    [
        ({"kick": 129}, "keys", "129 sounds are too many for the 128 keys of a kit"),
        (
            {f"c{n}": 1 for n in range(129)},
            "velocity",
            "129 instruments are too many for the 128 .* classes or folders$",
        ),
        ({f"c{n}": 1 for n in range(129)}, "keys", "129 instruments are too many for the 128 keys .* or folders$"),
        ({"kick": 128}, "velocity", "128 sounds are too many for 127 velocities"),
        ({"kick": 1}, "circle", "unknown map 'circle'"),
    ],
)
def test_what_does_not_fit(counts, layout, match):
    with pytest.raises(UserError, match=match):
        lay_out(pads(**counts), layout)


def test_an_unknown_layout():
    with pytest.raises(UserError, match="unknown map 'circle': choose one of keys, velocity, round-robin"):
        require_layout("circle")


def test_all_keys_can_be_used():
    assert sorted(zone.key for zone in lay_out(pads(kick=100, cat=28), "keys")) == list(range(128))
