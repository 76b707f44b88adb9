"""Train a model of spoken digits: the data set's own options, the function behind the command, and a script.

The module is also a script with the same options as the command:

    audio-vae digits train --speaker theo --epochs 30
    python -m audio_vae.digits.train --speaker theo --epochs 30
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audio_vae.digits.config import DEFAULT_SPEAKER

if TYPE_CHECKING:
    from audio_vae.runs.run import Run

OPTIONS = (
    click.option(
        "--speaker",
        "speakers",
        multiple=True,
        metavar="NAME",
        help=f"A speaker to train on; may be given more than once.  [default: {DEFAULT_SPEAKER}]",
    ),
)
"""The options that `train` and `prepare` have for digits alone."""


def train(data: Path | None = None, run_path: Path = Path("runs", "digits"), **options: Any) -> Run:
    """Train a model of spoken digits, or continue an interrupted training.

    Args:
        data: the folder of the recordings; `None` downloads the Free Spoken Digit Dataset once.
        run_path: the run folder.
        options: `speakers` of `digits.config.make`, and those of
            `training.session.train_dataset`, such as `preset`, `epochs`, `seed` and `show_progress`.

    Returns:
        The trained run.

    Raises:
        UserError: the sounds, the run folder or an option cannot be used, or the training failed.
        Stopped: SIGINT or SIGTERM ended the training, which is saved.
    """
    from audio_vae.digits.dataset import DATASET
    from audio_vae.training.session import train_dataset

    return train_dataset(DATASET, Path(run_path), data, **options)


if __name__ == "__main__":
    from audio_vae.cli.main import main

    main(["digits", "train", *sys.argv[1:]])
