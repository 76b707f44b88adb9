"""What all pictures share."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audio_vae.plots import figure

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["$x^2$", "$", "_hidden", r"a\$b$", "音", "$\\frac{"])
def test_names_are_drawn_to_the_letter(tmp_path, name):
    fig = figure.new_figure(2, 1)
    axes = fig.subplots()
    axes.plot([0, 1], label=figure.short_name(name))
    legend = axes.legend()
    figure.save(fig, tmp_path / "name.png")
    assert len(legend.get_texts()) == 1
    assert (tmp_path / "name.png").read_bytes().startswith(b"\x89PNG")


def test_long_names_are_cut():
    assert figure.short_name("a" * 48) == "a" * 48
    assert figure.short_name("a" * 49) == "a" * 47 + "…"


@pytest.mark.parametrize("n_classes", [1, 10, 11, 100])
def test_colours_of_classes_differ(n_classes):
    assert len({tuple(figure.class_colour(label, n_classes)) for label in range(n_classes)}) == n_classes


@pytest.mark.parametrize(("width", "expected"), [(400, (400, 300)), (2000, (1000, 150))])
def test_small_copy(tmp_path, rng, width, expected):
    picture = rng.integers(0, 255, (300, width, 4), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "large.png")
    figure.save_small_copy(tmp_path / "small.png", tmp_path / "large.png")
    with Image.open(tmp_path / "small.png") as copy:
        assert copy.size == expected
        assert copy.mode == "P"
    assert (tmp_path / "small.png").stat().st_size < (tmp_path / "large.png").stat().st_size / 2


DRAW = (
    "import sys; from pathlib import Path; from audio_vae.plots.training_curves import save_training_curves;"
    "save_training_curves(Path(sys.argv[1]), [{'epoch': 1, 'kl': 2.0}, {'epoch': 2, 'kl': 1.0}])"
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MPLBACKEND", "module://no_such_package.backend_inline"),
        ("MATPLOTLIBRC", "figure.dpi: 17\naxes.facecolor: red\nsavefig.transparent: True\ntext.usetex: True\n"),
        ("MATPLOTLIBRC", b"\xff\xfe broken"),
    ],
)
def test_a_users_settings_change_no_picture(tmp_path, name, value):
    environment = {key: each for key, each in os.environ.items() if not key.startswith("MPL")}
    if name == "MATPLOTLIBRC":
        rc = tmp_path / "matplotlibrc"
        rc.write_bytes(value if isinstance(value, bytes) else value.encode())
        value = str(rc)
    made = []
    for number, settings in enumerate(({}, {name: value})):
        path = tmp_path / f"{number}.png"
        done = subprocess.run(
            [sys.executable, "-c", DRAW, str(path)],
            cwd=ROOT,
            env=environment | settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_settings_of_the_program_come_back():
    import matplotlib

    with matplotlib.rc_context({"axes.facecolor": "red", "lines.linewidth": 7.0}):
        with figure.standard_style():
            assert matplotlib.rcParams["lines.linewidth"] == matplotlib.rcParamsDefault["lines.linewidth"]
        assert matplotlib.rcParams["lines.linewidth"] == 7.0
