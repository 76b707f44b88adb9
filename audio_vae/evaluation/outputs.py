"""What a run's model makes of the sounds that it is evaluated on: latents, reconstructions and class centres."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audio_vae.data.sound_set import SoundSet, evenly_spaced
from audio_vae.evaluation.metrics import class_centres
from audio_vae.runs.latents import has_latents, latents_of
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.progress import Progress

MOST_OF_SET = 300
"""Of stored sounds, at most so many training and test sounds are decoded and compared; of sounds in memory all."""

# Sounds that are encoded or decoded between two steps of the progress bar.
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the model makes of N sounds of T samples; a class without sounds in a set has NaN for its centre there.

    Attributes:
        means: posterior means of all sounds, `[N, d]`.
        sample: the M sounds that are decoded and compared, in memory (`sample_of`).
        sample_means: their posterior means, `[M, d]`.
        reconstructions: decoded posterior means of the sample, `[M, T]`.
        centres: decoded class centres of the test set, `[n_classes, T]`.
        train_centres: decoded class centres of the training set, `[n_classes, T]`.
    """

    means: np.ndarray
    sample: SoundSet
    sample_means: np.ndarray
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
    """Encode all sounds, decode them again or a sample of them, and decode the centres of the classes.

    Args:
        run: a run with a model.
        sounds: sounds that fit the model, with `[N, T]` samples.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.

    Raises:
        UserError: there is no usable model, or what it gives is not finite.
    """
    n_classes = len(sounds.class_names)
    positions = sample_of(sounds)
    means = _known_means(run, sounds)
    total = (len(sounds) if means is None else 0) + len(positions) + 2 * n_classes
    with Progress(total, "evaluating", "sounds", show_bar=show_progress, say=say) as bar:
        if means is None:
            means = _in_parts(lambda part: run.encode(part)[0], sounds.audio, bar)
        require_finite(run, means)
        sample_means = means[positions]
        reconstructions = _in_parts(run.decode, sample_means, bar)
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
    sample = sounds.take(positions).in_memory() if sounds.is_stored else sounds
    return Outputs(means, sample, sample_means, reconstructions, centres[:n_classes], centres[n_classes:])


def sample_of(sounds: SoundSet) -> np.ndarray:
    """Return the positions of the sounds that are decoded and compared: int64 `[M]`, rising.

    These are all, but of stored sounds at most `MOST_OF_SET` training and as many test sounds, evenly spaced.
    """
    if not sounds.is_stored:
        return np.arange(len(sounds))
    sets = (np.flatnonzero(~sounds.is_test), np.flatnonzero(sounds.is_test))
    return np.sort(np.concatenate([each[evenly_spaced(len(each), MOST_OF_SET)] for each in sets]))


def _known_means(run: Run, sounds: SoundSet) -> np.ndarray | None:
    """Return the posterior means of a run's own stored sounds, which take minutes to compute, if its file has them."""
    if not sounds.is_stored or sounds is not run.sounds or not has_latents(run):
        return None
    # An earlier model may have been put in the place of the one that they were made with.
    is_newer = run.latents_path.stat().st_mtime_ns >= run.model_path.stat().st_mtime_ns
    return latents_of(run).means if is_newer else None


def _in_parts(function: Callable[[np.ndarray], np.ndarray], values, bar: Progress) -> np.ndarray:
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
