"""The morphs of a data set: what is usual for its sounds, and the functions behind its commands.

The help of the commands needs the former alone, so that what morphs is loaded when something is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_vae.data.dataset import Dataset
    from audio_vae.runs.run import Run
    from audio_vae.utils.folders import MadeFolder


@dataclass(frozen=True)
class DatasetMorphs:
    """The morphs of a data set.

    Attributes:
        dataset: imports the data set.
        example_ends: two classes, for the examples in the help of the commands.
        length: usual length of the steps, one of `morphing.options.LENGTHS`, for the help of the commands; the sounds
            of a run decide (`morphing.options.usual_options`).
        render: what the steps are usually made of, one of `morphing.options.RENDERS`; likewise.
    """

    dataset: Callable[[], Dataset]
    example_ends: tuple[str, str]
    length: str
    render: str

    def morph(
        self,
        start: str,
        end: str,
        run: Run | None = None,
        data: Path | None = None,
        out: Path | None = None,
        **options: Any,
    ) -> MadeFolder:
        """Morph from one sound to another and write the morph folder.

        Args:
            start: a class, `CLASS:N` for the N-th sound of a class, or a sound file; see
                `morphing.endpoints.parse_endpoint`.
            end: likewise.
            run: a trained run; by default `runs/<data set>`, or the pretrained model if there is no such run.
            data: a folder with the sounds that classes refer to; by default those of the run.
            out: the folder to write; see `morphing.morph.morph`.
            options: `via`, `kit` and those of `morphing.options.PathOptions`, such as `steps`; see
                `morphing.morph.morph`. The defaults of `length` and `render` are those that suit the run's sounds.

        Returns:
            The morph folder, and what is in it.

        Raises:
            UserError: an end or an option cannot be used, there is no model, or the folder cannot be written.
        """
        from audio_vae.morphing.morph import MARKER, morph
        from audio_vae.morphing.options import usual_options
        from audio_vae.pretrained.catalog import open_trained
        from audio_vae.runs.prepare import sounds_of_run
        from audio_vae.utils.folders import require_writable_folder

        if out is not None:
            require_writable_folder(out, MARKER)
        dataset = self.dataset()
        run = open_trained(dataset.name) if run is None else run
        with sounds_of_run(dataset, run, data) as sounds:
            return morph(run, start, end, out, sounds=sounds, **usual_options(run.config.audio, **options))

    def all_pairs(self, run: Run | None = None, *, show_progress: bool = False, **options: Any) -> dict[str, Any]:
        """Morph between all pairs of classes and compare each morph with a plain cross-fade; no file is written.

        Args:
            run: a trained run; by default `runs/<data set>`, or the pretrained model if there is no such run.
            show_progress: draw a progress bar.
            options: those of `morphing.options.PathOptions`, such as `steps`, with the defaults of `morph`.

        Returns:
            JSON values; see `morphing.all_pairs.all_pairs`.

        Raises:
            UserError: an option cannot be used, or there is no model.
        """
        from audio_vae.morphing.all_pairs import all_pairs
        from audio_vae.morphing.options import PathOptions, usual_options
        from audio_vae.pretrained.catalog import open_trained

        run = open_trained(self.dataset().name) if run is None else run
        chosen = PathOptions(**usual_options(run.config.audio, **options))
        return all_pairs(run, options=chosen, show_progress=show_progress)
