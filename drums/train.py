"""Train a model of drum one-shots: the data set's own options, the function behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae drums train --data one-shots/ --labels folder
    python -m audio_vae.drums.train --data one-shots/ --labels folder
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audio_vae.drums.config import LABELS, N_CLUSTERS

if TYPE_CHECKING:
    from audio_vae.runs.run import Run

OPTIONS = (
    click.option(
        "--labels",
        type=click.Choice(LABELS),
        default=LABELS[0],
        show_default=True,
        help="Take the classes from k-means on the attacks' MFCCs, or from folder names.",
    ),
    click.option(
        "--clusters",
        "n_clusters",
        type=click.IntRange(2),
        default=N_CLUSTERS,
        show_default=True,
        help="The number k of clusters of k-means.",
    ),
)
"""The options that `train` and `prepare` have for drums alone."""


def train(data: Path | None = None, run_path: Path = Path("runs", "drums"), **options: Any) -> Run:
    """Train a model of drum one-shots, or continue an interrupted training.

    Args:
        data: the folder of the one-shots; `None` takes the built-in kit.
        run_path: the run folder.
        options: `labels`, `n_clusters` of `drums.config.make`, and those of
            `training.session.train_dataset`, such as `preset`, `epochs`, `seed` and `show_progress`.

    Returns:
        The trained run.

    Raises:
        UserError: the sounds, the run folder or an option cannot be used, or the training failed.
        Stopped: SIGINT or SIGTERM ended the training, which is saved.
    """
    from audio_vae.drums.dataset import DATASET
    from audio_vae.training.session import train_dataset

    return train_dataset(DATASET, Path(run_path), data, **options)


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["drums", "train", *sys.argv[1:]])
