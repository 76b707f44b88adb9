"""Morphs of spoken digits as a script."""

import pytest
from scripts import run_script


@pytest.mark.slow
def test_script_takes_the_pretrained_model(tmp_path):
    code, out, err = run_script("audio_vae.digits.morph", "3", "7", "--steps", 3, "--out", "m", cwd=tmp_path)
    assert (code, "Morph: m" in out) == (0, True), err
    assert sorted(path.name for path in (tmp_path / "m").glob("0*.wav")) == ["00.wav", "01.wav", "02.wav"]
