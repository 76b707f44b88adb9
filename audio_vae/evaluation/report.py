"""What report.json holds: every figure of the evaluation, computed once."""

from __future__ import annotations

from typing import Any

from audio_vae.audio import waveform
from audio_vae.data.sound_set import SoundSet
from audio_vae.evaluation import metrics
from audio_vae.evaluation.deviation import deviation_tables
from audio_vae.evaluation.outputs import Outputs
from audio_vae.evaluation.protocols import are_test_sounds_unseen, protocols
from audio_vae.evaluation.reconstruction import evaluate_reconstructions
from audio_vae.models.networks import hop_lengths
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run


def make_report(run: Run, sounds: SoundSet, outputs: Outputs) -> dict[str, Any]:
    """Return the report as plain JSON values; morphs are added to it where they are asked for.

    Args:
        run: the evaluated run.
        sounds: the sounds that it is evaluated on, with a training and a test set.
        outputs: what the model makes of them.
    """
    config, test = run.config, sounds.is_test
    are_unseen = are_test_sounds_unseen(run, sounds)
    sample = outputs.sample
    deviations, warnings = deviation_tables(sample.test, outputs.centres, outputs.train_centres)
    if are_unseen is None:
        warnings.insert(0, "these are not the run's own sounds: which of them the model was trained on is not known")
    elif not are_unseen:
        warnings.insert(0, "the model was trained on its test sounds too: no figure here is one of unseen sounds")
    of_reconstructions, more_warnings = evaluate_reconstructions(
        sample, outputs.reconstructions, hop_lengths(config.model)
    )
    n_of_sets = {"train": int((~sample.is_test).sum()), "test": int(sample.is_test.sum())}
    if len(sample) < len(sounds):
        warnings.insert(
            0,
            f"deviations, reconstructions and the map are of {n_of_sets['train']} training and {n_of_sets['test']} "
            "test sounds, evenly spaced over all; latents, 1-NN accuracy and class centres are of all",
        )
    return {
        "dataset": config.dataset,
        "preset": config.preset,
        **({"speakers": config.data["speakers"]} if "speakers" in config.data else {}),
        "epochs": run.epochs_done(),
        "seed": config.training.seed,
        "n_train": int((~test).sum()),
        "n_test": int(test.sum()),
        "evaluated": n_of_sets,
        "one_nn_accuracy": metrics.one_nn_accuracy(
            outputs.means[~test], sounds.labels[~test], outputs.means[test], sounds.labels[test]
        ),
        "test_sounds_unseen": are_unseen,
        "protocols": protocols(run, sounds, outputs),
        **deviations,
        **of_reconstructions,
        "decoded_centre_peaks": {
            name: waveform.peak(centre) for name, centre in outputs.centres_by_name(sounds.class_names).items()
        },
        "warnings": [*warnings, *more_warnings],
        "made_with": environment(),
    }
