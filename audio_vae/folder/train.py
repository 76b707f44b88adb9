"""Train a model of your own sounds: the data set's own options, the function behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae folder train --data sounds/ --epochs 30
    python -m audio_vae.folder.train --data sounds/ --epochs 30
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audio_vae.folder.config import LATENT_DIM, clusters_in
from audio_vae.presets import ONE_SHOT_LATENT_DIM
from audio_vae.utils.errors import UserError

if TYPE_CHECKING:
    from audio_vae.runs.run import Run


def _check_labels(_context, _parameter, value):
    try:
        clusters_in(value)
    except UserError as error:
        raise click.BadParameter(str(error)) from None
    return value


def _check_pattern(_context, _parameter, value):
    try:
        re.compile(value or "")
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}.") from error
    return value


SOUND_OPTIONS = (
    click.option(
        "--labels",
        default="folder",
        show_default=True,
        callback=_check_labels,
        metavar="folder|kmeans:K",
        help="Take the classes from the names of the folders in DIR, or find K clusters in the sounds.",
    ),
    click.option(
        "--pattern",
        metavar="REGEX",
        callback=_check_pattern,
        help="Take the classes from file names: the regular expression's first group, or the group called label.",
    ),
    click.option(
        "--rate",
        "rate_hz",
        type=click.IntRange(1000, 192000),
        help="Sample rate of the model in Hz.  [default: chosen from the sounds]",
    ),
    click.option(
        "--seconds",
        type=click.FloatRange(0.01, 60),
        help="Length of the model's sounds in seconds.  [default: chosen from the sounds]",
    ),
)
"""How the sounds are read; `audio-vae check` has these options too."""

OPTIONS = (
    *SOUND_OPTIONS,
    click.option(
        "--latent-dim",
        type=click.IntRange(1, 1024),
        help="Number of dimensions of the latent space.  "
        f"[default: {ONE_SHOT_LATENT_DIM}, with the paper's networks {LATENT_DIM}]",
    ),
)
"""The options that `train` and `prepare` have for your own sounds alone."""


def train(data: Path | None = None, run_path: Path = Path("runs", "folder"), **options: Any) -> Run:
    """Train a model of your own sounds, or continue an interrupted training.

    Args:
        data: the folder of the sounds, `DIR/<class>/*`.
        run_path: the run folder.
        options: `labels`, `pattern`, `rate_hz`, `seconds`, `latent_dim` of `folder.config.make`, and those of
            `training.session.train_dataset`, such as `preset`, `epochs`, `seed` and `show_progress`.

    Returns:
        The trained run.

    Raises:
        UserError: the sounds, the run folder or an option cannot be used, or the training failed.
        Stopped: SIGINT or SIGTERM ended the training, which is saved.
    """
    from audio_vae.folder.dataset import DATASET
    from audio_vae.training.session import train_dataset

    return train_dataset(DATASET, Path(run_path), data, **options)


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["folder", "train", *sys.argv[1:]])
