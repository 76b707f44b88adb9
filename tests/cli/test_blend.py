"""`audio-vae digits blend`."""

import pytest
from error_lines import error_line


def test_blend(trained, run, tmp_path):
    code, out, err = run("digits", "blend", "3=1", "7:0=0.5", "--run", trained, "--out", tmp_path / "b")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "the weights add up to 1.5 and are divided by that: 3 0.667, 7:0 0.333"
    assert lines[1].split() == ["blend", "mix", "better"]
    assert lines[-1].startswith("Blend: ")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
        "blend.json",
        "blend.png",
        "blend.wav",
        "mix.wav",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["blend", "3"], "'3' has no weight: give NAME=WEIGHT"),
        (["blend", "3=-1", "7=2"], "the weight -1 of '3' cannot be used"),
        (["blend", "nobody/3=1"], "GROUP/CLASS with a group of jackson"),
        (["morph", "3", "7", "--range", "1", "0"], "cannot go from position 1 to 0"),
        (["morph", "3", "7", "--via", "12"], "unknown class '12'"),
    ],
)
def test_unusable_blend_or_path(trained, run, tmp_path, arguments, message):
    code, _, err = run("digits", *arguments, "--run", trained, "--out", tmp_path / "m")
    assert code == 1
    assert message in error_line(err)
    assert not (tmp_path / "m").exists()
