"""A run judges sounds: by its real sounds and its classifier, with the measures of `scorecard`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.audio.features import mfcc
from audio_vae.data.sound_set import SoundSet, evenly_spaced
from audio_vae.morphing.measures import MEASURES, judge_sounds, scorecard
from audio_vae.runs.run import Run
from audio_vae.utils.tables import significant, text_table

MOST_REAL_SOUNDS = 1000
"""At most so many training sounds, spread over all of them, are what a step is to resemble: their MFCCs take 3 ms
each."""


class Judge:
    """Judges what a run decodes, and cross-fades, by the same measures.

    A sound is judged as it is heard (cut where it is cut), but with peak 1 and padded to the model's T samples, as
    the model's own sounds are; so neither level nor the length of the file decides.

    Args:
        run: a trained run; without a classifier nothing is said of confidence.
        sounds: the real sounds, of which the training sounds count (all where none is one).
    """

    def __init__(self, run: Run, sounds: SoundSet):
        self.run = run
        self.sounds = sounds

    @cached_property
    def real(self) -> dict[str, np.ndarray]:
        """Name → MFCCs of the real sounds, at most `MOST_REAL_SOUNDS`."""
        training = np.flatnonzero(~self.sounds.is_test)
        chosen = training if len(training) else np.arange(len(self.sounds))
        chosen = chosen[evenly_spaced(len(chosen), MOST_REAL_SOUNDS)]
        return {self.sounds.names[i]: mfcc(self.sounds.audio[i], self.sounds.rate_hz) for i in chosen}

    def mfccs(self, heard: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the MFCCs that sounds are judged by: S of float `[n]` → S of `[frames, n_mfcc]`."""
        return [mfcc(sound, self.run.config.audio.rate_hz) for sound in self._fitted(heard)]

    def each(
        self, heard: Sequence[np.ndarray], whole: np.ndarray, ends: np.ndarray, latents: np.ndarray | None = None
    ) -> dict[str, list]:
        """Judge sounds one by one; see `scorecard.judge_sounds`.

        Args:
            heard: S of float `[n]`.
            whole: the same before anything was cut, `[S, T]`.
            ends: what they could be a mix of, `[K, T]`.
            latents: what they were decoded from, `[S, d]`, if they were.
        """
        return self._each(self.mfccs(heard), heard, whole, ends, latents)

    def path(
        self, heard: Sequence[np.ndarray], whole: np.ndarray, ends: np.ndarray, latents: np.ndarray | None = None
    ) -> dict[str, Any]:
        """Judge the steps of a path or a cross-fade, the arguments as for `each`; see `scorecard.scorecard`."""
        mfccs = self.mfccs(heard)
        return scorecard(mfccs, self._each(mfccs, heard, whole, ends, latents))

    def _each(self, mfccs, heard, whole, ends, latents) -> dict[str, list]:
        known = {}
        if self.run.model.classifier is not None:
            means, _ = self.run.encode(self._fitted(heard))
            known["probabilities"] = self.run.class_probabilities(means)
            if latents is not None:
                known["latent_probabilities"] = self.run.class_probabilities(latents)
        return judge_sounds(mfccs, whole, ends, self.run.config.audio.rate_hz, real=self.real, **known)

    def _fitted(self, heard: Sequence[np.ndarray]) -> np.ndarray:
        fitted = np.zeros((len(heard), self.run.config.audio.n_samples), np.float32)
        for row, sound in zip(fitted, heard, strict=True):
            row[: len(sound)] = waveform.normalised(sound)
        return fitted


def comparison_lines(comparison: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what `scorecard.compare` says as lines of text, a measure a line."""
    names = [name for name in next(iter(comparison.values())) if name != "better"]
    rows = [
        [MEASURES[key].title, *(significant(each[name]) for name in names), _called(each["better"])]
        for key, each in comparison.items()
    ]
    return text_table([["", *map(_called, names), "better"], *rows], numbers=True, indent=2)


def _called(name: str | None) -> str:
    return "–" if name is None else name.replace("crossfade", "cross-fade")
