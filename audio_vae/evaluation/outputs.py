"""What a run's model makes of the sounds that it is evaluated on: latents, reconstructions and class centres."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation.metrics import class_centres
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.progress import Progress

# Sounds that are encoded or decoded between two steps of the progress bar.
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the model makes of N sounds of T samples; a class without sounds in a set has NaN for its centre there.

    Attributes:
        means: posterior means, `[N, d]`.
        reconstructions: decoded posterior means, `[N, T]`.
        centres: decoded class centres of the test set, `[n_classes, T]`.
        train_centres: decoded class centres of the training set, `[n_classes, T]`.
    """

    means: np.ndarray
    reconstructions: np.ndarray
    centres: np.ndarray
    train_centres: np.ndarray

    def centres_by_name(self, class_names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return class → decoded centre of its test sounds `[T]`, for the classes that have test sounds."""
        return {
            name: centre for name, centre in zip(class_names, self.centres, strict=True) if np.isfinite(centre).all()
        }


def run_model(
    run: Run, sounds: SoundSet, *, show_progress: bool = False, say: Callable[[str], None] | None = None
) -> Outputs:
    """Encode all sounds, decode them again, and decode the centres of the classes.

    Args:
        run: a run with a model.
        sounds: sounds that fit the model, with `[N, T]` samples.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.

    Raises:
        UserError: there is no usable model, or what it gives is not finite.
    """
    n_classes = len(sounds.class_names)
    total = 2 * len(sounds) + 2 * n_classes
    with Progress(total, "evaluating", "sounds", show_bar=show_progress, say=say) as bar:
        means = _in_parts(lambda part: run.encode(part)[0], sounds.audio, bar)
        require_finite(run, means)
        reconstructions = _in_parts(run.decode, means, bar)
        test = sounds.is_test
        latent_centres = np.concatenate(
            [class_centres(means[which], sounds.labels[which], n_classes) for which in (test, ~test)]
        )
        exists = np.isfinite(latent_centres).all(axis=1)
        centres = np.full((2 * n_classes, sounds.audio.shape[1]), np.nan, np.float32)
        centres[exists] = _in_parts(run.decode, latent_centres[exists], bar)
        # Classes without a centre count as done.
        bar.update(total - bar.n_done)
    require_finite(run, reconstructions, centres[exists])
    return Outputs(means, reconstructions, centres[:n_classes], centres[n_classes:])


def _in_parts(function: Callable[[np.ndarray], np.ndarray], values: np.ndarray, bar: Progress) -> np.ndarray:
    """Apply a function to `[N, …]` values, a part at a time so that the bar moves; returns `[N, …]`."""
    made = []
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        made.append(function(part))
        bar.update(len(part))
    return np.concatenate(made)


def require_finite(run: Run, *arrays: np.ndarray) -> None:
    """Check what the model of a run gave.

    Raises:
        UserError: a value is NaN or infinite.
    """
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(
            f"the model in {run.model_path} gives NaN or infinite values: copy an earlier file of "
            f"{run.path / 'checkpoints'} over it, or train again with smaller learning rates"
        )
