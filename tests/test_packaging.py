"""What a wheel holds and what it makes importable."""

import configparser
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRETRAINED = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "audio_vae" / "pretrained").rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc")
)


def test_checkout_finds_the_data_sets_inside_the_package():
    code = "import audio_vae.digits.config, audio_vae.drums.config, audio_vae; print(audio_vae.__version__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip()


def installed_name(source):
    """Return where a source file of the checkout lies once it is installed."""
    path = source.relative_to(ROOT).as_posix()
    return path if path.startswith("audio_vae/") else f"audio_vae/{path}"


SOURCES = sorted(path for name in ("audio_vae", "digits", "drums") for path in (ROOT / name).rglob("*.py"))


def test_setup_names_every_package():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = setup["options"]["packages"].split()
    found = {installed_name(path).rpartition("/")[0].replace("/", ".") for path in SOURCES}
    assert sorted(named) == sorted(found)


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_at_the_top_level(tmp_path):
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("audio_vae-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"audio_vae"}
    assert {installed_name(path) for path in SOURCES} == {name for name in names if name.endswith(".py")}
    assert (
        sorted(name for name in names if name.startswith("audio_vae/pretrained/") and not name.endswith(".py"))
        == PRETRAINED
    )
    page = {path.relative_to(ROOT).as_posix() for path in (ROOT / "audio_vae" / "explorer" / "page").iterdir()}
    assert page <= set(names)
    assert any(".dist-info/" in name and name.endswith("LICENSES.md") for name in names)


@pytest.mark.slow
def test_source_distribution_holds_the_pretrained_models(tmp_path):
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert names >= {*PRETRAINED, "drums/sources.py", "digits/sources.py"}
