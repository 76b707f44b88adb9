"""The configs of drums: as in the paper's Section 4 for its networks, at 44.1 kHz for the preset `studio`."""

from __future__ import annotations

from typing import Any

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.presets import DEFAULT_PRESET, ONE_SHOT_LATENT_DIM, STUDIO_ONE_SHOTS, Values, make_config
from audio_vae.utils.errors import UserError

ABOUT = "drum one-shots (44.1 kHz, 1.5 s; with the paper's networks 22.05 kHz, 0.74 s)"
"""What the sounds are, for the help of the commands."""

AUDIO = AudioConfig(rate_hz=22050, n_samples=16384, onset_db=40.0, fade_s=0.02)
"""Sample rate, length, onset and fade of the sounds of the paper's networks: 16384 samples."""

STUDIO_AUDIO = AudioConfig(rate_hz=44100, n_samples=66560, onset_db=40.0, fade_s=0.02)
"""The same for the preset `studio`: 1.51 s."""

LATENT_DIM = 30
"""Size of the latent space of the paper's networks."""

N_CLUSTERS = 5
"""Number of clusters of k-means, the paper's k."""

N_KINDS = 4
"""Number of folders of the built-in kit: kick, snare, tom and hi-hat."""

LABELS = ("kmeans", "folder")
"""Where labels can come from; the first is the default."""

NEEDS: dict[str, Values] = {
    # A dilation block keeps 200 sub-layers' outputs at full length for its gradient.
    "dc": {"training": {"batch_size": 4}},
    "dc-nonclass": {"training": {"batch_size": 4}},
    "studio": STUDIO_ONE_SHOTS,
}
"""Preset → the values that drums need in place of its own."""


def make(
    preset: str = DEFAULT_PRESET,
    training: TrainingConfig | None = None,
    *,
    labels: str = "kmeans",
    n_clusters: int | None = None,
    n_classes: int | None = None,
) -> Config:
    """Return the config of a preset for drums.

    The classifier has one hidden layer with a unit for each class.

    Args:
        preset: name of a preset in `presets.PRESETS`.
        training: how to train; `None` takes the values of the preset and of `NEEDS`. Its seed is also that of k-means
            and of the split.
        labels: `kmeans`, or `folder` for the names of the folders.
        n_clusters: number of clusters, for `kmeans` alone; `None` takes the paper's.
        n_classes: number of folders, which is known only after the sounds were read; `None` takes that of the built-in
            kit. Not used for `kmeans`.

    Raises:
        UserError: the preset or kind of labels is unknown, or there are fewer than 2 classes.
    """
    if labels not in LABELS:
        raise UserError(f"unknown labels {labels!r}: choose one of {', '.join(LABELS)} with --labels")
    data: dict[str, Any] = {"labels": labels}
    if labels == "kmeans":
        data["n_clusters"] = n_classes = N_CLUSTERS if n_clusters is None else n_clusters
    elif n_clusters is not None:
        raise UserError(f"--clusters is for k-means: leave it out with --labels {labels}")
    elif n_classes is None:
        n_classes = N_KINDS
    if n_classes < 2:
        raise UserError(f"{n_classes} is too few classes to tell sounds apart: use --clusters 2 or more")
    return make_config(
        "drums",
        preset,
        audio=STUDIO_AUDIO if preset == "studio" else AUDIO,
        latent_dim=ONE_SHOT_LATENT_DIM if preset == "studio" else LATENT_DIM,
        n_classes=n_classes,
        classifier_units=(n_classes,),
        needs=NEEDS,
        training=training,
        data=data,
    )


def options(config: Config) -> dict[str, Any]:
    """Return the options of `make` that a config was made with, preset and training apart."""
    return dict(config.data)
