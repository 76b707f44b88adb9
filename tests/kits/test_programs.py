"""Kits in the programs that they are for; `tox -e kits` installs sfzlint, and Hydrogen comes from the system."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sound_files import decaying_tone

from audio_vae.kits.layout import Pad
from audio_vae.kits.write import KitOptions, write_kits

pytestmark = pytest.mark.kits
sys.path.insert(0, str(Path(__file__).parent))

LAYOUTS = ("keys", "velocity", "round-robin")
RATE_HZ = 44100


@pytest.fixture
def hydrogen(tmp_path):
    """Run h2cli with a home of its own and without a screen."""
    if not shutil.which("h2cli"):
        pytest.skip("h2cli is not installed (Debian: hydrogen)")

    def run(*arguments):
        home = {"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
        command = ["h2cli", *map(str, arguments)]
        return subprocess.run(command, env={**os.environ, **home}, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def pads():
    """Four hats and a stereo kick, each at a pitch of its own."""
    tones = [np.float32(decaying_tone(0.4, RATE_HZ, frequency_hz=300 * (1 + number))) for number in range(4)]
    hats = [Pad(f"hihat-open-{number:03d}", "hihat-open", tone[:, None], RATE_HZ) for number, tone in enumerate(tones)]
    return [*hats, Pad("kick-000", "kick", np.stack([tones[0], -0.4 * tones[1]], axis=1), RATE_HZ)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sfzlint_finds_no_fault(pads, tmp_path, layout):
    program = shutil.which("sfzlint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if not program:
        pytest.skip("sfzlint is not installed")
    write_kits(tmp_path, "mine", pads, KitOptions(("sfz",), layout))
    done = subprocess.run([program, str(tmp_path / "sfz")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_sfzlint_would_find_one(pads, tmp_path):
    program = shutil.which("sfzlint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if not program:
        pytest.skip("sfzlint is not installed")
    write_kits(tmp_path, "mine", pads, KitOptions(("sfz",)))
    file = tmp_path / "sfz" / "mine.sfz"
    file.write_text(file.read_text().replace("key=", "kex="))
    assert "kex" in subprocess.run([program, str(file)], capture_output=True, text=True).stdout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hydrogen_takes_the_kit(pads, tmp_path, hydrogen, layout):
    write_kits(tmp_path, "mine", pads, KitOptions(("hydrogen",), layout))
    done = hydrogen("-c", tmp_path / "hydrogen" / "mine.h2drumkit")
    assert done.returncode == 0
    assert "mine.h2drumkit] is valid" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("layout", "n_instruments", "notes"),
    [
        ("keys", 5, [(number, 0.8) for number in range(5)]),
        ("velocity", 2, [(0, (number + 0.5) / 4) for number in range(4)] + [(1, 1.0)]),
        ("round-robin", 2, [(0, 0.8)] * 4 + [(1, 0.8)]),
    ],
)
def test_hydrogen_plays_the_sounds(pads, tmp_path, hydrogen, layout, n_instruments, notes):
    from hydrogen_song import BAR_S, song

    write_kits(tmp_path, "mine", pads, KitOptions(("hydrogen",), layout))
    (tmp_path / "song.h2song").write_text(song(n_instruments, notes))
    kit, out = tmp_path / "hydrogen" / "mine", tmp_path / "out.wav"
    done = hydrogen("-s", tmp_path / "song.h2song", "-k", kit, "-d", "auto", "-o", out, "-r", RATE_HZ, "-b", 24)
    assert done.returncode == 0, done.stderr
    played, rate_hz = soundfile.read(out, always_2d=True)
    assert rate_hz == RATE_HZ
    if layout == "round-robin":
        # Hydrogen begins a round with the second sound.
        pads = [*pads[1:4], pads[0], pads[4]]
    for bar, (pad, (_, velocity)) in enumerate(zip(pads, notes, strict=True)):
        heard = played[round(bar * BAR_S * RATE_HZ) :][: len(pad.samples)]
        expected = velocity * np.broadcast_to(pad.samples, heard.shape)
        np.testing.assert_allclose(heard, expected, atol=2e-3)
