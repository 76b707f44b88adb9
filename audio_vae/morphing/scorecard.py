"""Scorecards: how smooth, in between and convincing a morph or a blend is, beside those of a plain mix.

`Scorer` scores what a run decodes by the run's real sounds and its classifier, with the functions of
`morphing.measures`. A figure that stands for a whole morph is the mean over its inner steps: the ends of a cross-fade
are real sounds, which tell nothing about what lies between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from audio_vae.audio import fidelity, waveform
from audio_vae.audio.descriptors import Descriptors, describe
from audio_vae.audio.features import mfcc
from audio_vae.data.sound_set import SoundSet, evenly_spaced
from audio_vae.morphing import measures
from audio_vae.morphing.given import Given
from audio_vae.morphing.measures import MEASURES
from audio_vae.runs.run import Run
from audio_vae.utils.tables import UNKNOWN, significant, text_table

MOST_REAL_SOUNDS = 1000
"""Steps are compared with at most so many real sounds, evenly spaced over all of them: the MFCCs of each take 3 ms."""

SOUND_MEASURES = {
    "nearest_real_distance": "nearest_real_distances",
    "confidence": "confidences",
    "not_a_mix": "spectral_residuals",
}
"""Key of a measure that scores a single sound → key of its list in what `score_sounds` returns."""

_EQUAL = 1e-6

_real: WeakKeyDictionary[SoundSet, dict[str, np.ndarray]] = WeakKeyDictionary()


class Scorer:
    """Scores what a run decodes, and plain mixes, by the same measures.

    A sound is scored as it is heard, cut to its length, but with peak 1 and padded to the model's T samples, as the
    sounds of the training are. So neither its level nor the length of the file matters.

    Args:
        run: a trained run; without a classifier, there are no confidences.
        sounds: the real sounds. Only the training sounds of these count, or all where there are none.
    """

    def __init__(self, run: Run, sounds: SoundSet):
        self.run = run
        self.sounds = sounds

    @property
    def real(self) -> dict[str, np.ndarray]:
        """Name → MFCCs of the real sounds, at most `MOST_REAL_SOUNDS`; kept for a set of sounds."""
        if self.sounds in _real:
            return _real[self.sounds]
        training = np.flatnonzero(~self.sounds.is_test)
        chosen = training if len(training) else np.arange(len(self.sounds))
        chosen = chosen[evenly_spaced(len(chosen), MOST_REAL_SOUNDS)]
        _real[self.sounds] = {self.sounds.names[i]: mfcc(self.sounds.audio[i], self.sounds.rate_hz) for i in chosen}
        return _real[self.sounds]

    def mfccs(self, sounds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the MFCCs that sounds are scored by: S of float `[n]` → S of `[frames, n_mfcc]`."""
        return [mfcc(sound, self.run.config.audio.rate_hz) for sound in self._fitted(sounds)]

    def score_each(
        self, sounds: Sequence[np.ndarray], uncut: np.ndarray, ends: np.ndarray, latents: np.ndarray | None = None
    ) -> dict[str, list]:
        """Score sounds one by one.

        Args:
            sounds: the sounds as they are heard, S of float `[n]`.
            uncut: the same before anything was cut off, `[S, T]`.
            ends: what they could be a mix of, `[K, T]`.
            latents: what they were decoded from, `[S, d]`, if they were.

        Returns:
            See `score_sounds`.
        """
        return self._score_each(self.mfccs(sounds), uncut, ends, self.classify(sounds, latents))

    def classify(self, sounds: Sequence[np.ndarray], latents: np.ndarray | None = None) -> dict[str, Any]:
        """Return what the classifier says of sounds and of what they were decoded from.

        Args:
            sounds: as for `score_each`.
            latents: see there.

        Returns:
            The arguments of `score_sounds` that tell it; none without a classifier.
        """
        if self.run.model.classifier is None:
            return {}
        means, _ = self.run.encode(self._fitted(sounds))
        says: dict[str, Any] = {
            "class_names": self.run.sounds.class_names,
            "probabilities": self.run.class_probabilities(means),
        }
        if latents is not None:
            says["latent_probabilities"] = self.run.class_probabilities(latents)
        return says

    def score_path(
        self,
        sounds: Sequence[np.ndarray],
        uncut: np.ndarray,
        ends: np.ndarray,
        says: Mapping[str, Any],
        *,
        steps: Sequence[Given],
        given: Sequence[Given],
    ) -> dict[str, Any]:
        """Score the steps of a path or a cross-fade. No network is used, so that several can be scored at once.

        Args:
            sounds: as for `score_each`, and so are the next two.
            uncut: see there.
            ends: see there.
            says: what `classify` returns for the sounds.
            steps: the steps as they are written.
            given: the sounds that the first and the last step should be.

        Returns:
            See `scorecard`.
        """
        mfccs = self.mfccs(sounds)
        scores = self._score_each(mfccs, uncut, ends, says)
        pairs = ((steps[0], given[0]), (steps[-1], given[1]))
        return scorecard(
            mfccs,
            scores,
            np.array([describe(step.samples, step.rate_hz) for step in steps]),
            [given_distance_db(*pair) for pair in pairs],
        )

    def _score_each(self, mfccs, uncut, ends, says) -> dict[str, list]:
        return score_sounds(mfccs, uncut, ends, self.run.config.audio.rate_hz, real=self.real, **says)

    def _fitted(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        """Return sounds with peak 1, padded: S of float `[n]` → float32 `[S, T]`."""
        fitted = np.zeros((len(sounds), self.run.config.audio.n_samples), np.float32)
        for row, sound in zip(fitted, sounds, strict=True):
            row[: len(sound)] = waveform.normalised(sound)
        return fitted


def score_sounds(
    mfccs: Sequence[np.ndarray],
    uncut: np.ndarray,
    ends: np.ndarray,
    rate_hz: int,
    *,
    real: Mapping[str, np.ndarray] | None = None,
    class_names: Sequence[str] = (),
    probabilities: np.ndarray | None = None,
    latent_probabilities: np.ndarray | None = None,
) -> dict[str, list]:
    """Score sounds one by one: is each like a real one, and is it more than a mix?

    Args:
        mfccs: MFCCs of the sounds as they are heard, all with the same peak, so that their levels do not matter; S of
            `[frames, n_mfcc]`.
        uncut: the sounds before anything was cut off, float `[S, T]`.
        ends: what they could be a mix of, two sounds or more, `[K, T]`.
        rate_hz: sample rate of both.
        real: name → MFCCs of the real sounds that they should resemble.
        class_names: names of the classes, in the order of the classifier's outputs; needed with probabilities.
        probabilities: what the classifier says of each sound, encoded again, `[S, n_classes]`.
        latent_probabilities: what it says of the latents that the sounds were decoded from, `[S, n_classes]`.

    Returns:
        Plain JSON values, a list over the sounds for each measure. Measures that cannot be computed (no real sounds,
        no classifier) are left out.
    """
    scores: dict[str, list] = {
        "spectral_residuals": measures.spectral_residuals(uncut, ends, rate_hz).tolist(),
        "waveform_residuals": measures.waveform_residuals(uncut, ends).tolist(),
    }
    if real:
        distances, which = measures.nearest_real(mfccs, list(real.values()))
        names = list(real)
        scores["nearest_real_distances"] = distances.tolist()
        scores["nearest_real_names"] = [names[each] for each in which]
    for prefix, rows in (("", probabilities), ("latent_", latent_probabilities)):
        if rows is not None:
            scores[f"{prefix}confidences"] = measures.confidences(rows).tolist()
            scores[f"{prefix}confidence_classes"] = [class_names[label] for label in rows.argmax(axis=1)]
    return scores


def given_distance_db(made: Given, given: Given) -> float | None:
    """Return how far a sound is from the one that it should be (`audio.fidelity`); `None` if it is silent."""
    rate_hz = max(made.rate_hz, given.rate_hz)
    sounds = [waveform.resample(each.mono, each.rate_hz, rate_hz) for each in (made, given)]
    if min(map(waveform.peak, sounds)) < waveform.SILENCE:
        return None
    return fidelity.distance_db(*sounds, rate_hz)


def scorecard(
    mfccs: Sequence[np.ndarray],
    scores: Mapping[str, list],
    described: np.ndarray,
    end_distances_db: Sequence[float | None],
) -> dict[str, Any]:
    """Return the scorecard of a path from one sound to another, or of a cross-fade.

    Args:
        mfccs: MFCCs of the steps, as for `score_sounds`; two or more.
        scores: what `score_sounds` returns for the steps.
        described: descriptors of the steps, `[S, 5]`.
        end_distances_db: distances of the first and the last step from the sounds that they should be.

    Returns:
        Plain JSON values: the figures of `MEASURES`, the distances between the steps, their descriptors, and `scores`.
        A figure that is not known (no real sounds, no classifier, no inner steps) is `None`.
    """
    distances = measures.step_distances(mfccs)
    scaled = measures.in_ranges(described)
    outside = measures.outside(scaled)
    positions = np.linspace(0, 1, len(scaled))
    return {
        "smoothness": measures.smoothness(distances),
        "intermediateness": measures.intermediateness(mfccs),
        **{key: _inner_mean(scores.get(listed)) for key, listed in SOUND_MEASURES.items()},
        "outside": float(outside.mean()) if len(outside) else None,
        "worst": float(outside.max()) if len(outside) else None,
        "roughness": measures.roughness(scaled),
        "non_linearity": measures.non_linearity(scaled, positions),
        "non_smoothness": measures.non_smoothness(scaled),
        "detour": measures.detour(distances, mfccs),
        "end_distance_db": None if None in end_distances_db else float(np.mean(end_distances_db)),
        "end_distances_db": list(end_distances_db),
        "descriptors": {name: described[:, i].tolist() for i, name in enumerate(Descriptors._fields)},
        "latent_confidence": _inner_mean(scores.get("latent_confidences")),
        "step_distances": distances.tolist(),
        **scores,
    }


def compare(
    first: Mapping[str, Any], second: Mapping[str, Any], names: tuple[str, str] = ("morph", "crossfade")
) -> dict[str, dict[str, Any]]:
    """Tell which of two is better, for each measure that both have.

    Args:
        first: figures by the keys of `MEASURES`, such as the scorecard of a path.
        second: likewise, such as the scorecard of the cross-fade.
        names: what the two are called.

    Returns:
        Measure → both figures under their names, and `better`: a name, `equal`, or `None` where a figure is not known.
    """
    result = {}
    for key in (key for key in MEASURES if key in first and key in second):
        figures = first[key], second[key]
        better = None
        if None not in figures:
            gain = MEASURES[key].gain(*figures)
            is_equal = abs(gain) <= _EQUAL * max(1.0, *map(abs, figures))
            better = "equal" if is_equal else names[0] if gain > 0 else names[1]
        result[key] = {**dict(zip(names, figures, strict=True)), "better": better}
    return result


def comparison_lines(comparison: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what `compare` returns as a table in lines of text, one line for each measure."""
    names = [name for name in next(iter(comparison.values())) if name != "better"]
    rows = [
        [MEASURES[key].title, *(significant(each[name]) for name in names), _called(each["better"])]
        for key, each in comparison.items()
    ]
    return text_table([["", *map(_called, names), "better"], *rows], numbers=True, indent=2)


def _inner_mean(values: Sequence[float] | None) -> float | None:
    return float(np.mean(values[1:-1])) if values is not None and len(values) > 2 else None


def _called(name: str | None) -> str:
    return UNKNOWN if name is None else name.replace("crossfade", "cross-fade")
