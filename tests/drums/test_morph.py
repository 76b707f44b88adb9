"""Morphs of drum one-shots as a script."""

from scripts import run_script


def test_script_takes_the_pretrained_model(tmp_path):
    code, out, err = run_script("audio_vae.drums.morph", "hihat", "tom", "--steps", 3, "--out", "m", cwd=tmp_path)
    assert (code, "Morph: m" in out) == (0, True), err
    assert sorted(path.name for path in (tmp_path / "m").glob("0*.wav")) == ["00.wav", "01.wav", "02.wav"]
