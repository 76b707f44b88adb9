"""`audio-vae digits sample` and `vary`, and `audio-vae kit` of what they write."""

import json

import pytest
from error_lines import error_line


def test_vary_and_kit(trained, run, tmp_path):
    arguments = ["--amount", 0, "-n", 2, "--seed", 7, "--kit", "sfz", "--kit", "hydrogen", "--map", "velocity"]
    code, out, err = run("digits", "vary", "3:1", "--run", trained, "--out", tmp_path / "v", *arguments)
    assert code == 0, err
    assert out.splitlines()[:2] == ["distance from the sound:", "  3_1-seed7-000.wav  0.0 dB"]
    kit = tmp_path / "v" / "kits"
    assert f"Kit: {kit / 'sfz' / '3_1-seed7.sfz'}" in out.splitlines()
    assert "lovel=65" in (kit / "sfz" / "3_1-seed7.sfz").read_text()
    command = json.loads((tmp_path / "v" / "vary.json").read_text())["made_with"]["command"]
    assert command.startswith(f"audio-vae digits vary 3:1 --run {trained.name} --out v ")
    code, out, err = run("kit", tmp_path / "v", "--out", tmp_path / "k", "--kit", "decentsampler")
    assert code == 0, err
    assert out.splitlines() == [f"Kit: {tmp_path / 'k' / 'decentsampler' / 'v.dspreset'}", f"Kit: {tmp_path / 'k'}"]


def test_sample(trained, run, tmp_path, monkeypatch):
    # A tiny model after one epoch decodes all classes to nearly one sound.
    monkeypatch.setattr("audio_vae.sampling.made_sample.COPY_DB", 0)
    monkeypatch.setattr("audio_vae.sampling.novelty.TrainingSounds.nearest", nearest_of_class_3)
    code, out, err = run("digits", "sample", 3, "--run", trained, "-n", 2, "--seed", 7, "--out", tmp_path / "s")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "distance to the nearest training sound:"
    assert lines[1].startswith("  3-seed7-000.wav  5.0 dB  (3_jackson_")
    assert lines[-1].startswith("2 new sounds: ")
    values = json.loads((tmp_path / "s" / "sample.json").read_text())
    assert (values["seed"], values["made_with"]["command"][:22]) == (7, "audio-vae digits sampl")


def nearest_of_class_3(self, latents, cells_db):
    from audio_vae.sampling.novelty import Nearest

    return [Nearest(int((self.labels == 3).argmax()), 5.0)] * len(latents)


def test_directions_are_listed(trained, run):
    code, out, err = run("digits", "vary", "--list", "--run", trained)
    assert code == 0, err
    assert out.split()[:3] == ["direction", "what", "it"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["vary", "3", "--amount", "5"], 1, "the amount 5 cannot be used: give 0 to 1"),
        (["vary", "nothing.wav"], 1, "unknown class 'nothing.wav'"),
        (["vary"], 2, "Give one SOUND, or --list without one."),
        (["vary", "3", "--list"], 2, "Give one SOUND, or --list without one."),
        (["sample", "kick"], 1, "unknown class 'kick'"),
        (["sample", "3", "--temperature", "9"], 1, "the temperature 9 cannot be used: give 0 to 4"),
        (["sample", "3", "-n", "200", "--kit", "sfz", "--map", "keys"], 1, "200 sounds are too many for the 128 keys"),
        (["morph", "3", "7", "--steps", "129", "--kit", "sfz"], 1, "129 sounds are too many for the 128 keys"),
    ],
)
def test_what_cannot_be_made(trained, run, tmp_path, arguments, code, message):
    found, _, err = run("digits", *arguments, "--run", trained, "--out", tmp_path / "m")
    assert found == code
    assert message in (error_line(err) if code == 1 else err)
    assert not (tmp_path / "m").exists()
