"""Many morphs by a list."""

import json

import pytest

from audio_vae.morphing.batch import Line, read_list, run_batch
from audio_vae.utils.errors import UserError

pytestmark = pytest.mark.usefixtures("no_pictures")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


class TestReadList:
    def test_csv(self, tmp_path):
        path = write(tmp_path / "l.csv", "\ufeffstart, end,via,steps\nlow,it's high,a; b,3\n,,,\nlow:1,low,,\n")
        assert read_list(path) == [
            Line(2, {"start": "low", "end": "it's high", "via": ["a", "b"], "steps": "3"}),
            Line(4, {"start": "low:1", "end": "low"}),
        ]

    def test_json(self, tmp_path):
        entries = [{"start": "low", "end": "x", "kit": "sfz", "steps": None}, {"between": [0, 1]}]
        assert read_list(write(tmp_path / "l.json", json.dumps(entries))) == [
            Line(1, {"start": "low", "end": "x", "kit": ["sfz"]}),
            Line(2, {"between": [0, 1]}),
        ]

    @pytest.mark.parametrize(
        ("name", "text", "match"),
        [
            ("l.csv", "", "holds no morphs"),
            ("l.csv", "start,end\n", "holds no morphs"),
            ("l.csv", "start,end\na,b,c\n", "line 2 has more fields than the heading"),
            ("l.csv", 'start,end\n"a,b\n', "cannot be read as a list of morphs"),
            ("l.json", "{}", "it holds no list of objects"),
            ("l.json", "[1]", "it holds no list of objects"),
            ("l.json", "[", "cannot be read as a list of morphs"),
        ],
    )
    def test_what_is_no_list(self, tmp_path, name, text, match):
        with pytest.raises(UserError, match=match):
            read_list(write(tmp_path / name, text))

    def test_missing_file(self, tmp_path):
        with pytest.raises(UserError, match="No such file"):
            read_list(tmp_path / "l.csv")


class TestRunBatch:
    def test_a_failed_line_does_not_end_the_others(self, tone_run, tmp_path):
        lines = [
            Line(2, {"start": "low", "end": "it's high", "steps": "3", "render": "model"}),
            Line(3, {"start": "low", "end": "kick"}),
            Line(4, {"start": "low:0", "end": "low:1", "steps": 2, "kit": ["sfz"], "out": str(tmp_path / "mine")}),
        ]
        made = run_batch(tone_run, lines, tmp_path / "all")
        assert {number: each.folder.name for number, each in made.made.items()} == {
            2: made.made[2].folder.name,
            4: "mine",
        }
        assert made.made[2].folder.parent == tmp_path / "all"
        assert (made.made[2].folder / "02.wav").is_file()
        assert (tmp_path / "mine" / "kits" / "sfz" / "low_0-low_1.sfz").is_file()
        ((number, reason),) = made.failures
        assert number == 3
        assert reason.startswith("unknown class 'kick'")

    def test_defaults_are_those_of_the_sounds(self, tone_run, tmp_path):
        made = run_batch(tone_run, [Line(1, {"start": "low", "end": "low:1", "steps": 2})], tmp_path)
        assert (made.made[1].sidecar["render"], made.made[1].sidecar["length"]) == ("model", "full")

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"start": "low"}, "no end: give a class"),
            ({"start": "low", "end": "low", "colour": "red"}, "unknown field 'colour': choose from start, end"),
            ({"start": "low", "end": "low", "steps": "x"}, "steps 'x' is not a whole number"),
            ({"start": "low", "end": "low", "steps": 2.5}, "steps 2.5 is not a whole number"),
            ({"start": "low", "end": "low", "steps": True}, "steps True is not a whole number"),
            ({"start": "low", "end": "low", "steps": float("inf")}, "steps inf is not a whole number"),
            ({"start": "low", "end": "low", "between": ["0"]}, "between holds 1 positions: give two"),
            ({"start": "low", "end": "low", "kit": ["exs"]}, "unknown kit 'exs'"),
            ({"start": "low", "end": "low", "map": "keys"}, "map is for kit: name a format in kit"),
            ({"start": "low", "end": "low", "length": "Z"}, "unknown length 'Z'"),
        ],
    )
    def test_why_a_line_fails(self, tone_run, tmp_path, values, reason):
        made = run_batch(tone_run, [Line(7, values)], tmp_path / "all")
        assert made.failures[0].reason.startswith(reason)
        assert not (tmp_path / "all").exists()

    def test_two_lines_of_one_folder(self, tone_run, tmp_path):
        lines = [Line(number, {"start": "low", "end": "low:1", "steps": 2}) for number in (1, 2)]
        made = run_batch(tone_run, lines, tmp_path)
        assert list(made.made) == [1]
        assert made.failures[0].reason.startswith("line 1 writes into ")
