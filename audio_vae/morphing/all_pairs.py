"""How good the morphs of a run are: all pairs of classes, each morph beside its cross-fade."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from audio_vae.data.sound_set import SoundSet
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.morphing.options import PathOptions
from audio_vae.morphing.scorecard import Scorer
from audio_vae.morphing.steps import make_crossfade, make_path, score_tracks
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.progress import Progress


def all_pairs(
    run: Run,
    sounds: SoundSet | None = None,
    options: PathOptions | None = None,
    *,
    show_progress: bool = False,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Morph between the centres of every pair of classes, and count how often the morph beats its cross-fade.

    Args:
        run: a trained run.
        sounds: the sounds that classes refer to; by default, those of the run.
        options: how to go from one sound to the other; by default, those of `morphing.options.PathOptions`.
        show_progress: draw a progress bar.
        say: receives lines on the progress if no bar is drawn.

    Returns:
        JSON values: the options; `n_pairs`; `measures`, measure → the means over the pairs of `morph` and
        `crossfade`, and the numbers of pairs that the morph has `won` and `lost`, and that are `equal`; and `pairs`,
        each with its `start`, its `end` and the `measures` of `morphing.scorecard.compare`. A mean is over the pairs
        in which both figures are known, and `None` where there are none.

    Raises:
        UserError: fewer than two classes have sounds, the run has no model, or its output is not finite.
    """
    options = options or PathOptions()
    sounds = run.sounds if sounds is None else sounds
    names = [name for label, name in enumerate(sounds.class_names) if len(sounds.of_class(label))]
    if len(names) < 2:
        raise UserError(f"{run.path} has sounds of {len(names)} class, and a morph takes two: choose another --run")
    centres = [parse_endpoint(name, run, sounds) for name in names]
    scorer = Scorer(run, sounds)
    pairs_of_centres = list(itertools.combinations(centres, 2))
    pairs = []
    with Progress(len(pairs_of_centres), "morphing", "pairs", show_bar=show_progress, say=say) as progress:
        for ends in pairs_of_centres:
            path, _ = make_path(run, ends, options)
            comparison = score_tracks(scorer, path, make_crossfade(run, ends, options), ends)["comparison"]
            pairs.append({"start": ends[0].name, "end": ends[1].name, "measures": comparison})
            progress.update()
    return {
        "steps": options.steps,
        "length": options.length,
        "shape": options.shape,
        "spacing": options.spacing,
        "render": options.render,
        "n_pairs": len(pairs),
        "measures": {key: _summary([pair["measures"][key] for pair in pairs]) for key in pairs[0]["measures"]},
        "pairs": pairs,
    }


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    known = [row for row in rows if row["better"] is not None]
    return {
        **{name: float(np.mean([row[name] for row in known])) if known else None for name in ("morph", "crossfade")},
        **{
            count: sum(row["better"] == better for row in known)
            for count, better in (("won", "morph"), ("lost", "crossfade"), ("equal", "equal"))
        },
    }
