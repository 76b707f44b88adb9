"""`audio-vae <data set> evaluate`."""

from __future__ import annotations

import click

from audio_vae.cli import common
from audio_vae.morphing.dataset_morphs import DatasetMorphs


def command(dataset: str, own: DatasetMorphs) -> click.Command:
    """Make the command of a data set."""

    @click.command(
        "evaluate",
        epilog=f"Example:  audio-vae {dataset} evaluate --run runs/{dataset}  writes runs/{dataset}/report/report.html",
    )
    @common.data_option
    @common.run_option(dataset)
    @common.model_option
    @common.out_option
    @click.option(
        "--morphs", is_flag=True, help="Also score the morphs between all pairs of classes, beside plain cross-fades."
    )
    @common.quiet_option
    @common.debug_option
    def evaluate(data, run_path, model, out, morphs, quiet):
        """Evaluate the model: 1-NN accuracy, MFCC-DTW deviation, pictures and sounds."""
        from audio_vae.utils.folders import require_writable_folder

        run = common.chosen_run(dataset, run_path, model)
        with common.loading_keras():
            from audio_vae.evaluation.evaluate import MARKER, evaluate
            from audio_vae.evaluation.summary import summary_lines
            from audio_vae.models import vae  # noqa: F401
            from audio_vae.morphing.options import PathOptions

        if out is not None:
            require_writable_folder(out, MARKER)
        progress = common.shows_progress(quiet)
        options = {"show_progress": progress, "say": None if quiet else common.warn}
        with common.sounds_of(dataset, run, data, **options) as sounds:
            report = evaluate(
                run,
                sounds,
                out,
                morphs=PathOptions(length=own.length, render="model") if morphs else None,
                **options,
            )
        if not quiet:
            click.echo("\n".join(summary_lines(report)))
        click.echo(f"Report: {(out or run.results_path / 'report') / 'report.html'}")

    return evaluate
