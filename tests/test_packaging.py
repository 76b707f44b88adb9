"""What a wheel holds and what it makes importable."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_checkout_finds_the_data_sets_inside_the_package():
    code = "import audio_vae.digits.config, audio_vae.drums.config, audio_vae; print(audio_vae.__version__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip()


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_at_the_top_level(tmp_path):
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("audio_vae-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"audio_vae"}
    for source in (*ROOT.glob("audio_vae/*.py"), *ROOT.glob("digits/*.py"), *ROOT.glob("drums/*.py")):
        folder = "audio_vae" if source.parent.name == "audio_vae" else f"audio_vae/{source.parent.name}"
        assert f"{folder}/{source.name}" in names
