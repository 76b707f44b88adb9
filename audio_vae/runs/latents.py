"""Latents of a run's sounds, and the centres of its classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_vae.backend.prediction import BATCH_SIZE
from audio_vae.data.sound_set import SoundSet
from audio_vae.runs.card import Centre
from audio_vae.runs.run import Run
from audio_vae.utils.files import atomic_file
from audio_vae.utils.names import composed_names
from audio_vae.utils.progress import Progress

# Whole batches, so that stored sounds are encoded like those in memory.
_AT_ONCE = 64 * BATCH_SIZE


@dataclass(frozen=True, eq=False)
class Latents:
    """Posterior of every sound of a set.

    Attributes:
        names: names of the sounds, `[N]`.
        labels: classes of the sounds, int32 `[N]`.
        is_test: whether a sound is a test sound, bool `[N]`.
        means: posterior means, float32 `[N, d]`.
        log_variances: posterior log-variances, float32 `[N, d]`.
    """

    names: tuple[str, ...]
    labels: np.ndarray
    is_test: np.ndarray
    means: np.ndarray
    log_variances: np.ndarray


def encode_sounds(
    run: Run,
    sounds: SoundSet,
    *,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
    before_part: Callable[[], None] = lambda: None,
) -> Latents:
    """Return the posterior of every sound of a set.

    Args:
        run: the run.
        sounds: the sounds. Stored ones are encoded in parts.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.
        before_part: is called before each part, and may raise an exception to end the work.
    """
    n_sounds = len(sounds)
    ends = [*range(_AT_ONCE, n_sounds - 1, _AT_ONCE), n_sounds] if sounds.is_stored else [n_sounds]
    found, start = [], 0
    with Progress(n_sounds, "encoding", "sounds", show_bar=show_progress, say=say) as progress:
        for end in ends:
            before_part()
            found.append(run.encode(sounds.audio[start:end]))
            progress.update(end - start)
            start = end
    means, log_variances = (np.concatenate(each) for each in zip(*found, strict=True))
    return Latents(sounds.names, sounds.labels, sounds.is_test, means, log_variances)


def save_latents(run: Run, sounds: SoundSet | None = None, **progress: Any) -> Latents:
    """Encode sounds and write them as the run's `latents.npz`.

    Args:
        run: the run.
        sounds: the sounds to encode; `None` takes the run's own.
        progress: arguments of `encode_sounds`.
    """
    latents = encode_sounds(run, run.sounds if sounds is None else sounds, **progress)
    with atomic_file(run.latents_path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(latents.names),
            labels=latents.labels,
            split=np.where(latents.is_test, "test", "train"),
            means=latents.means,
            log_variances=latents.log_variances,
            epoch=run.epochs_done(),
        )
    return latents


def has_latents(run: Run) -> bool:
    """Return whether the run has a `latents.npz` of its newest epoch."""
    try:
        with np.load(run.latents_path, allow_pickle=False) as stored:
            return int(stored["epoch"]) == run.epochs_done()
    # A damaged file raises one of a dozen exceptions; files of older versions hold no epoch.
    except Exception:
        return False


def latents_of(run: Run) -> Latents:
    """Return the posterior of every sound of a run; a current `latents.npz` is read.

    That of a pretrained model holds all sounds that it was trained and tested on, and its folder only a few of them.
    """
    if not has_latents(run):
        return encode_sounds(run, run.sounds)
    with np.load(run.latents_path, allow_pickle=False) as stored:
        names = composed_names(stored["names"].tolist())
        return Latents(names, stored["labels"], stored["split"] == "test", stored["means"], stored["log_variances"])


def training_means(run: Run) -> np.ndarray:
    """Return the posterior means of the run's training sounds, float32 `[N, d]`; a current `latents.npz` is read."""
    latents = latents_of(run)
    return latents.means[~latents.is_test]


def class_centre(run: Run, sounds: SoundSet, class_name: str, group: str | None = None) -> Centre | None:
    """Return the centre of a class, or of a group's sounds of it.

    For a pretrained model's own sounds it is read from the card, because the folder holds only a few of the
    training sounds.

    Args:
        run: the run whose encoder is used.
        sounds: the sounds.
        class_name: one of `sounds.class_names`.
        group: one of `sounds.groups`; `None` takes all sounds of the class.

    Returns:
        The centre of `sounds.centre_members`, or `None` if there are no such sounds.
    """
    if run.card and sounds is run.sounds:
        return run.card.centres.get(centre_name(class_name, group))
    members = sounds.centre_members(sounds.class_names.index(class_name), group)
    if not len(members):
        return None
    means = _means_of(run, sounds, members)
    centre = means.mean(axis=0)
    nearest = members[np.argmin(np.linalg.norm(means - centre, axis=1))]
    return Centre(
        latent=centre,
        peak=float(np.median(sounds.peaks[members])),
        length_samples=round(float(np.median(sounds.lengths[members]))),
        nearest=sounds.names[nearest],
    )


def _means_of(run: Run, sounds: SoundSet, members: np.ndarray) -> np.ndarray:
    """Return the posterior means of some sounds, `[n, d]`."""
    if sounds.is_stored and sounds is run.sounds and has_latents(run):
        # A class of a large library takes minutes to encode.
        return latents_of(run).means[members]
    return encode_sounds(run, sounds.take(members)).means


def centre_name(class_name: str, group: str | None = None) -> str:
    """Return the name of a centre: `CLASS` or `GROUP/CLASS`."""
    return class_name if group is None else f"{group}/{class_name}"
