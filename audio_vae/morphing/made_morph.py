"""A morph in memory: its steps at once, and what it is compared with, its warnings and scores when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.checks import check_ends, check_levels, model_distances_db
from audio_vae.morphing.endpoints import Endpoint, file_warnings
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Scorer
from audio_vae.morphing.steps import Track, make_crossfade, make_path, score_tracks
from audio_vae.runs.run import Run
from audio_vae.shaping.correction import TRUE_PEAK_DB
from audio_vae.utils.files import step_names


@dataclass(frozen=True, eq=False)
class MadeMorph:
    """A morph, as `make_morph` makes it.

    Attributes:
        run: the run that made it.
        sounds: the real sounds that it is scored by.
        points: the start, the points between, and the end.
        options: how it goes from one to the next.
        path: its steps.
        remarks: warnings about the shape of the path.
    """

    run: Run
    sounds: SoundSet
    points: tuple[Endpoint, ...]
    options: PathOptions
    path: Track
    remarks: tuple[str, ...]

    @cached_property
    def crossfade(self) -> Track:
        """The same steps as a plain mix of the real sounds."""
        return make_crossfade(self.run, self.points, self.options)

    @cached_property
    def model_distances_db(self) -> list[float | None]:
        """How far what the model makes of each point is from its sound; `None` for silence."""
        return model_distances_db(self.run, self.points, self.path.decoded_ends)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of, one line each.

        Raises:
            UserError: the model decodes to silence.
        """
        lines = [*self.remarks, *file_warnings(self.points, are_cut=self.options.render == "model")]
        lines += self._level_warnings()
        return (*lines, *check_ends(self.run, self.points, self.model_distances_db))

    @cached_property
    def scorecard(self) -> dict[str, Any]:
        """The scores of the morph and of its cross-fade; see `morphing.steps.score_tracks`."""
        return score_tracks(Scorer(self.run, self.sounds), self.path, self.crossfade, self.points)

    def _level_warnings(self) -> list[str]:
        # What is cut off of a decoded step is not heard, and what is decoded beside real sounds only guides them.
        made = self.path.sounds if self.options.render == "model" else self.path.decoded
        peaks = [waveform.peak(sound) for sound in made]
        if self.options.render == "sound" and any(peaks):
            peaks = [peak or 1.0 for peak in peaks]
        names = step_names(self.options.steps)
        warnings = check_levels(self.run, peaks, names)
        if not all(waveform.peak(step.samples) for step in self.crossfade.steps):
            warnings.append("a step of the crossfade is silent: the sounds cancel out, or one starts too late")
        for name, step in zip(names, self.path.steps, strict=True):
            if self.options.subtype != "FLOAT" and waveform.peak(step.samples) > 1:
                warnings.append(
                    f"{name}.wav is scaled down to full scale, because {self.options.subtype} holds no more: "
                    "--subtype FLOAT keeps the sound as it was given"
                )
                continue
            peak_db = 20 * np.log10(max(waveform.true_peak(step.samples, step.rate_hz), 1e-9))
            if peak_db > TRUE_PEAK_DB + 0.01:
                warnings.append(
                    f"{name}.wav has a true peak of {peak_db:+.1f} dB of full scale, as the sound that was given: "
                    f"--level peak brings all steps to {TRUE_PEAK_DB} dB"
                )
        return warnings


def make_morph(run: Run, points: Sequence[Endpoint], options: PathOptions, sounds: SoundSet | None = None) -> MadeMorph:
    """Make the steps of a morph through some points. Nothing is written.

    Args:
        run: a trained run.
        points: the start, the points between, and the end.
        options: how to go from one to the next.
        sounds: the real sounds that it is scored by; by default, those of the run.

    Raises:
        UserError: the run has no model, or its output is not finite.
    """
    path, remarks = make_path(run, points, options)
    return MadeMorph(run, run.sounds if sounds is None else sounds, tuple(points), options, path, tuple(remarks))
