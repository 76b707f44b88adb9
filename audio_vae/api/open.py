"""Open a pretrained model or a run folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_vae.api.sound_model import SoundModel


def open_model(model: str | os.PathLike) -> SoundModel:
    """Open a model, to use it from Python.

    Example:
        from audio_vae import open_model

        drums = open_model("drums")
        drums.morph("kick", "my.wav").steps  # float32 [9, n_samples], or [9, n_samples, channels]

    Args:
        model: name of a pretrained model (`drums`, `digits`), or the path of a run folder. A run folder that has the
            name of a pretrained model is opened as `./drums`, or as a `Path`.

    Returns:
        The model. Its network is loaded already, so that what follows is quick.

    Raises:
        audio_vae.utils.errors.UserError: there is neither a model nor a run folder of that name, or the run has no
            trained model.
    """
    from audio_vae.backend.keras_backend import muted_start_up
    from audio_vae.pretrained.catalog import run_named

    run = run_named(model)
    with muted_start_up():
        from audio_vae.api.sound_model import SoundModel

        _ = run.model
    return SoundModel(run)
