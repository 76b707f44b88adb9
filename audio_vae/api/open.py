"""Open a pretrained model or a run folder."""

from __future__ import annotations

import os
from pathlib import Path
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
            name of a pretrained model is opened as `./drums`.

    Returns:
        The model. Its network is loaded already, so that what follows is quick.

    Raises:
        audio_vae.utils.errors.UserError: there is neither a model nor a run folder of that name, or the run has no
            trained model.
    """
    from audio_vae.backend.keras_backend import muted_start_up
    from audio_vae.pretrained import catalog
    from audio_vae.runs.run import Run, read_config
    from audio_vae.utils.errors import UserError

    name = os.fspath(model)
    if name in catalog.names():
        path = catalog.path_of(name)
    elif name and Path(name).is_dir():
        path = Path(name)
    else:
        known = ", ".join(catalog.names())
        raise UserError(f"{name!r} is neither a pretrained model ({known}) nor a run folder: give one of them")
    run = Run(path, read_config(path))
    with muted_start_up():
        from audio_vae.api.sound_model import SoundModel

        _ = run.model
    return SoundModel(run)
