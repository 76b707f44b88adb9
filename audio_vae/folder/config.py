"""The configs of your own sounds, as far as options decide; `folder.preprocess.choose` chooses the rest."""

from __future__ import annotations

import re
from typing import Any

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.presets import DEFAULT_PRESET, ONE_SHOT_LATENT_DIM, STUDIO_ONE_SHOTS, make_config
from audio_vae.utils.errors import UserError

ABOUT = "your own sounds, DIR/<class>/*"
"""What the sounds are, for the help of the commands."""

LATENT_DIM = 20
"""Default size of the latent space of the paper's networks, as for the paper's digits."""

ONSET_DB = 40.0
"""A sound starts where it first comes within 40 dB of its peak."""

LEAST_SOUNDS = 3
"""Number of usable sounds that every class needs: with fewer, none would be in the test set."""

HIGHEST_RATE_HZ = {"studio": 48000}
"""Preset → the highest sample rate that is chosen."""

OTHER_HIGHEST_RATE_HZ = 22050
"""The same for the other presets: the paper's networks would take twice as long at 44.1 kHz."""


def make(
    preset: str = DEFAULT_PRESET,
    training: TrainingConfig | None = None,
    *,
    labels: str = "folder",
    pattern: str | None = None,
    rate_hz: int | None = None,
    seconds: float | None = None,
    latent_dim: int | None = None,
) -> Config:
    """Return the config of a preset for a folder of sounds.

    Sample rate, length and number of classes are placeholders until `folder.preprocess.choose` sets them.

    Args:
        preset: name of a preset in `presets.PRESETS`.
        training: how to train; `None` takes the values of the preset.
        labels: `folder` for the names of the folders, or `kmeans:K` for K clusters.
        pattern: regular expression for file names, whose group `label`, or else its first group, is the class; not
            together with `kmeans:K`.
        rate_hz: sample rate of the model; `None` chooses it.
        seconds: length of the model's sounds, rounded up to a multiple of 32 samples; `None` chooses it.
        latent_dim: size of the latent space; `None` takes 128 for the preset `studio` and 20 for the others.

    Raises:
        UserError: the preset or kind of labels is unknown.
    """
    if latent_dim is None:
        latent_dim = ONE_SHOT_LATENT_DIM if preset == "studio" else LATENT_DIM
    data: dict[str, Any] = {"labels": "folder", "least": LEAST_SOUNDS, "rate_hz": rate_hz, "seconds": seconds}
    n_classes = 2
    n_clusters = clusters_in(labels)
    if pattern is not None:
        if n_clusters:
            raise UserError(f"--pattern and --labels {labels} name two sources of classes: give one of them")
        data.update(labels="pattern", pattern=pattern)
    elif n_clusters:
        n_classes = n_clusters
        data.update(labels="kmeans", n_clusters=n_clusters)
    return make_config(
        "folder",
        preset,
        audio=AudioConfig(rate_hz or 44100, onset_db=ONSET_DB),
        latent_dim=latent_dim,
        n_classes=n_classes,
        classifier_units=(n_classes,),
        needs={"studio": STUDIO_ONE_SHOTS},
        training=training,
        data=data,
    )


def clusters_in(labels: str) -> int | None:
    """Return the number of clusters that `kmeans:K` asks for, and `None` for `folder`.

    Raises:
        UserError: it is neither, or K is below 2.
    """
    if labels == "folder":
        return None
    found = re.fullmatch(r"kmeans:([0-9]{1,4})", labels)
    if not found:
        raise UserError(f"unknown labels {labels!r}: choose folder or kmeans:K, e.g. kmeans:5, with --labels")
    if int(found[1]) < 2:
        raise UserError(f"--labels {labels} makes too few classes to tell sounds apart: use kmeans:2 or more")
    return int(found[1])


def options(config: Config) -> dict[str, Any]:
    """Return the options of `make` that a config was made with; sample rate and length also if they were chosen."""
    is_clustered = config.data["labels"] == "kmeans"
    return {
        "labels": f"kmeans:{config.data['n_clusters']}" if is_clustered else "folder",
        "pattern": config.data.get("pattern"),
        "rate_hz": config.audio.rate_hz,
        "seconds": config.data["seconds"] or config.audio.n_samples / config.audio.rate_hz,
        "latent_dim": config.model.latent_dim,
    }
