"""A run whose model is a formula, so that what is found can be compared with what was put in."""

import dataclasses

import numpy as np
import pytest

from audio_vae.audio.waveform import normalised
from audio_vae.runs.run import Run

RATE_HZ, T = 8000, 512
N_EACH = 12


def decoded(latents):
    """Sounds that change steadily with their latents: pitch, decay, level of a second partial."""
    time_s = np.arange(T) / RATE_HZ
    sounds = []
    for pitch, decay, second in np.asarray(latents, np.float64):
        tone = np.sin(2 * np.pi * 300 * 2 ** np.clip(pitch, -2, 2) * time_s)
        high = 0.3 * 2**second * np.sin(2 * np.pi * 2100 * time_s)
        sounds.append(0.5 * (tone + high) * np.exp(-150 * 2 ** np.clip(-decay, -3, 3) * time_s))
    return np.array(sounds, np.float32)


@pytest.fixture(scope="session")
def toy_folder(make_tone_run, tmp_path_factory):
    """The run folder of `toy_run`."""
    run = make_tone_run(tmp_path_factory.mktemp("toy") / "run")
    means = 0.6 * np.random.default_rng(3).normal(size=(2 * N_EACH, 3)).astype(np.float32)
    means[N_EACH:, 2] += 3
    names = tuple(f"take{row}.wav" for row in range(2 * N_EACH))
    labels = np.repeat([0, 1], N_EACH).astype(np.int32)
    dataclasses.replace(
        run.sounds,
        names=names,
        audio=np.stack([normalised(sound) for sound in decoded(means)]),
        labels=labels,
        is_test=np.zeros(2 * N_EACH, bool),
        peaks=np.full(2 * N_EACH, 0.5, np.float32),
        lengths=np.full(2 * N_EACH, T, np.int32),
        groups=(),
    ).save(run.sounds_path)
    np.savez(
        run.latents_path,
        names=np.array(names),
        labels=labels,
        split=np.full(2 * N_EACH, "train"),
        means=means,
        log_variances=np.zeros_like(means),
        epoch=run.epochs_done(),
    )
    return run


@pytest.fixture
def toy_run(toy_folder, monkeypatch):
    """A run of 12 sounds of each of two classes, whose model decodes by `decoded` and encodes all to one point."""
    monkeypatch.setattr(Run, "decode", lambda self, latents: decoded(latents))
    monkeypatch.setattr(Run, "encode", lambda self, audio: (np.full((len(audio), 3), 0.1, np.float32),) * 2)
    return Run(toy_folder.path, toy_folder.config)
