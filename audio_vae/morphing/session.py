"""A morph, or all of them, from the options of a data set, as the `morph` module of each data set calls it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_vae.data.dataset import Dataset
from audio_vae.pretrained.catalog import open_trained
from audio_vae.runs.prepare import sounds_of_run
from audio_vae.utils.folders import MadeFolder, require_writable_folder

if TYPE_CHECKING:
    from audio_vae.runs.run import Run


def morph_dataset(
    dataset: Dataset,
    start: str,
    end: str,
    run: Run | None = None,
    data: Path | None = None,
    out: Path | None = None,
    **options: Any,
) -> MadeFolder:
    """Morph from one sound to another and write the morph folder.

    Args:
        dataset: the data set.
        start: a class, `CLASS:N` or a sound file; see `morphing.endpoints.parse_endpoint`.
        end: likewise.
        run: a trained run; by default `runs/<data set>`, or the pretrained model if there is no such run.
        data: a folder with the sounds that classes refer to; by default those of the run.
        out: the folder to write; see `morphing.morph.morph`.
        options: `via`, `kit` and those of `morphing.options.PathOptions`; see `morphing.morph.morph`.

    Raises:
        UserError: an end or an option cannot be used, there is no model, or `out` cannot be written.
    """
    from audio_vae.morphing.morph import MARKER, morph

    if out is not None:
        require_writable_folder(out, MARKER)
    run = open_trained(dataset.name) if run is None else run
    with sounds_of_run(dataset, run, data) as sounds:
        return morph(run, start, end, out, sounds=sounds, **options)


def all_pairs_of_dataset(
    dataset: Dataset, run: Run | None = None, *, show_progress: bool = False, **options: Any
) -> dict[str, Any]:
    """Morph between all pairs of classes and compare each morph with its cross-fade. Nothing is written.

    Args:
        dataset: the data set.
        run: a trained run; by default `runs/<data set>`, or the pretrained model if there is no such run.
        show_progress: draw a progress bar.
        options: those of `morphing.options.PathOptions`.

    Returns:
        JSON values; see `morphing.all_pairs.all_pairs`.

    Raises:
        UserError: an option cannot be used, or there is no model.
    """
    from audio_vae.morphing.all_pairs import all_pairs
    from audio_vae.morphing.options import PathOptions

    run = open_trained(dataset.name) if run is None else run
    return all_pairs(run, options=PathOptions(**options), show_progress=show_progress)
