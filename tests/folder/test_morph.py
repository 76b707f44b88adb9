"""Morphs of your own sounds as a script."""

from scripts import run_script


def test_script_without_a_model(tmp_path):
    code, out, err = run_script("audio_vae.folder.morph", "cat", "dog", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
