"""RESULTS.md: the paper's figures and ours side by side, written from the folder of results.

Every number on the page is read from that folder or is one of the paper's (`evaluation.paper`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_vae.evaluation.mfcc import PROTOCOL_READINGS
from audio_vae.morphing.scorecard import comparison_lines
from audio_vae.reproduction.experiment import Experiment
from audio_vae.reproduction.experiments import (
    BOUNDS,
    CODE,
    DRUMS,
    EXPERIMENTS,
    OTHER_SPEAKERS,
    PAPER,
    SEEDS,
    SMALL,
    SPEAKERS,
    STUDIO,
    STUDIO_SEEDS,
    TOGETHER,
    TRIED,
    TURNED,
)
from audio_vae.reproduction.protocol_tables import AS_PUBLISHED, HELD_OUT, protocol_table, turned_table
from audio_vae.reproduction.results import NO_RESULT_LINE, NOTES_FILE, RESULTS_FOLDER, Result, load_bounds, load_results
from audio_vae.reproduction.tables import (
    Results,
    all_morphs_table,
    bounds_table,
    classes_table,
    digits_table,
    figures_table,
    losses_table,
    making_table,
    outcomes_table,
    pictures_tables,
    table_3,
    tried_table,
    versions_lines,
)
from audio_vae.reproduction.targets import PUBLISHED_READING, paper_outcomes, published_outcomes, studio_outcomes
from audio_vae.utils.files import atomic_file

PAGE = "RESULTS.md"

_HEADING = "### "
"""Start of a heading in the notes, which is one below those of the page."""


@dataclass(frozen=True, eq=False)
class Material:
    """The material of the page.

    Attributes:
        results: name → result.
        bounds: speaker → bound → figure.
        notes: comments on the figures, Markdown; may be empty. Their first heading and what follows it come after the
            tables.
    """

    results: Mapping[str, Result]
    bounds: Mapping[str, Mapping[str, float]]
    notes: str = ""

    def of(self, *groups: Iterable[Experiment]) -> Results:
        """Return the results of some experiments, `None` where there is none."""
        return {each.name: self.results.get(each.name) for group in groups for each in group}

    def present(self, *groups: Iterable[Experiment]) -> dict[str, Result]:
        """Return the results of some experiments, without those that are not there."""
        return {name: result for name, result in self.of(*groups).items() if result}


def write_results_page(out: Path) -> Path:
    """Write OUT/RESULTS.md from OUT/results, and return its path.

    Raises:
        UserError: a result is damaged.
    """
    folder = out / RESULTS_FOLDER
    notes = folder / NOTES_FILE
    comments = notes.read_text(encoding="utf-8").strip() if notes.is_file() else ""
    found = load_results(folder)
    order = [each.name for each in EXPERIMENTS if each.name in found]
    material = Material({name: found[name] for name in [*order, *found]}, load_bounds(folder), comments)
    path = out / PAGE
    with atomic_file(path) as part:
        part.write_text(page(material), encoding="utf-8")
    return path


def page(material: Material) -> str:
    """Return the page as Markdown."""
    # What the notes say before their first heading belongs to the outcomes; the rest is for those who read on.
    summary, _, details = material.notes.partition(f"\n\n{_HEADING}")
    parts = [
        "# Results",
        "Written by `audio-vae reproduce` from what it measured; no number in its tables is typed by hand. The "
        "deviation is that of the paper's Eq. 2: lower is better, and 0 is as far from the sounds of a class as these "
        "are from one another.",
        "## In short",
        f"Spoken digits of `{SPEAKERS[0]}`, **held out**: of test takes that the models never saw.",
        outcomes_table(paper_outcomes(material.results)),
        "The same figures **as published**: of takes that the models were trained on, as in the code of the paper's "
        f"first author ([docs/paper.md](docs/paper.md)); deviations by {PROTOCOL_READINGS[PUBLISHED_READING][0]}.",
        outcomes_table(published_outcomes(material.results)),
        *(["## What is missed, and why", summary] if summary else []),
        *_protocols(material),
        *_turned(material),
        *_paper_models(material),
        *_bounds(material),
        *_training(material),
        *_speakers_and_seeds(material),
        *_drums(material),
        *_studio(material),
        *_tried(material),
        *(["## Notes", f"{_HEADING}{details}"] if details else []),
        *_making(material),
    ]
    return "\n\n".join(parts) + "\n"


def _protocols(material: Material) -> list[str]:
    shown = material.of(PAPER, CODE, TOGETHER, SMALL)
    return [
        "## Two protocols",
        "The paper's figures depend on what is evaluated. **Held out** are ten takes of each digit that the model was "
        "not trained on. **As published** are the first ten takes of each digit that it *was* trained on, with "
        "leave-one-out 1-NN on drawn latents, as in the code of the paper's first author: such a figure says how well "
        "a model has kept what it was shown, and nothing about new sounds. [docs/paper.md](docs/paper.md) has every "
        "point. Deviations are means ± standard deviations as in Table 3, by four readings of MFCCs; the "
        "reconstruction is the median signal-to-noise ratio. A dash stands where a model was trained on all takes, "
        "so that none is held out, and where an older report does not tell. The code's training shows its model 1.2 "
        "million sounds. `cc-together`, `dc-together` and `dc-nonclass-together` are the networks of the tables with "
        "those points of the code that turned out to count (One point at a time): all of its takes and the averages "
        "of these among the training sounds, and the dense layer T → T at the output; and with learning rates that "
        "fall to 0, clipping, and batches of 24. `cc-small`, `dc-small` and `dc-nonclass-small` are smaller, a quarter "
        "of the filters and a fifth of the layers, and depart from paper and code in two settings: the KL weighs 0.1 "
        "in place of 1e-4, and ∇₂ has a rate of 5e-3 in place of 1e-3.",
        "### Held out: takes that the model never saw",
        protocol_table(shown, HELD_OUT),
        "### As published: takes that the model was trained on",
        protocol_table(shown, AS_PUBLISHED),
    ]


def _turned(material: Material) -> list[str]:
    return [
        "## One point at a time",
        "Short trainings, each with one point of the code turned: first at a quarter of the width of `cc`, from our "
        "setting towards the code's (`quarter`), then at a quarter of that of `cc-code`, from the code's towards ours "
        "(`code-quarter`); those with `kl` and `rate` turn what paper and code have in common. Most show a fifteenth "
        "or less of the sounds that the code's training shows, so a figure ranks the points and does not tell how good "
        "a model becomes; `quarter-all-long`, `-sigmoid` and `-glorot` show more, and `code-eighth-long` is meant to "
        "show as many as the code. Takes are held out of all of them but those with `all`, `together` or `eighth` in "
        "their names, so that both protocols are of the same model. Losses are those of the last epoch.",
        turned_table(TURNED, material.results),
    ]


def _paper_models(material: Material) -> list[str]:
    unfinished = [
        f"`{name}` after {each.epochs_shown} epochs"
        for name, each in material.present(PAPER).items()
        if not each.is_finished
    ]
    return [
        "## Table 3",
        "Deviation of the test sounds from the decoded centre of their class, mean ± standard deviation; centres are "
        "means over the test set's latents, as in the paper.",
        table_3(material.results),
        *([f"Not trained to the end: {', '.join(unfinished)}."] if unfinished else []),
        "## 1-NN accuracy, reconstruction, and other readings of the deviation",
        "1-NN is the share of test sounds whose nearest training sound in the latent space is of their class. Training "
        "centres are means over the training set's latents: the fairer reading, since the paper's centres are means of "
        "the very sounds that are compared with them. “Peak 1” brings the decoded centre to the level of the sounds. "
        "SNR is the signal-to-noise ratio of the reconstructions, “log-spectral” their distance in the spectrogram, "
        "which is blind to phase, “attack” the mean error of their attack time.",
        figures_table(material.of(PAPER)),
        "## Latent space",
        "t-SNE of the test set's latents, with and without the classifier (the paper's Figure 2).",
        *pictures_tables(material.of(PAPER), "latents.png"),
    ]


def _bounds(material: Material) -> list[str]:
    return [
        "## Bounds",
        "Eq. 2 with something else in the place of the decoded centre, on the recordings themselves: what a perfect "
        "decoder could reach. The sample-wise means of the waveforms are what a squared error in the time domain asks "
        "of a decoder where the latent tells no more than the class. “Without c0” compares by MFCCs that hear no "
        "level. The last row is 1-NN by MFCC-DTW, without any model.",
        bounds_table(material.bounds) if material.bounds else f"{NO_RESULT_LINE} `audio-vae reproduce --only {BOUNDS}`",
    ]


def _training(material: Material) -> list[str]:
    trained = material.present([each for each in EXPERIMENTS if each not in (*TRIED, *TURNED)])
    return [
        "## Training",
        "Every loss term over the epochs: its least value, and its last.",
        losses_table(trained),
        *(f"`{name}`:\n\n![{name}]({each.picture('training.png')})" for name, each in trained.items() if each.history),
    ]


def _speakers_and_seeds(material: Material) -> list[str]:
    base = [each for each in PAPER if each.preset == OTHER_SPEAKERS[0].preset]
    return [
        "## Other speakers",
        "The cheaper model on each speaker; deviation from test centres, as in Table 3.",
        digits_table(material.of(base, OTHER_SPEAKERS)),
        figures_table(material.of(base, OTHER_SPEAKERS)),
        "## Seeds",
        "The same setting with another seed for the initial weights, the shuffling and the latent noise.",
        figures_table(material.of(base, SEEDS)),
    ]


def _drums(material: Material) -> list[str]:
    found = material.present(DRUMS)
    text = (
        "The paper's second data set, 154 one-shots, with `cc`, the cheaper of its models, and with `dc`. Classes are "
        "k-means clusters of the attack's MFCCs, named after what most of their files are called."
    )
    return [
        "## Drums",
        text,
        figures_table(material.of(DRUMS)),
        "The same models as published: one-shots that they were trained on (Two protocols).",
        protocol_table(material.of(DRUMS), AS_PUBLISHED),
        *(part for name, result in found.items() for part in _drums_of(name, result)),
        *(pictures_tables(found, "latents.png")),
    ]


def _drums_of(name: str, result: Result) -> list[str]:
    report = result.report
    return [
        f"`{name}`, {report['n_train']} training and {report['n_test']} test one-shots:",
        classes_table(result),
        *_drawn_morph(result, "Figure 3"),
    ]


def _drawn_morph(result: Result, title: str) -> list[str]:
    morph = result.morph
    if not morph:
        return []
    ends = f"{morph['start']} → {morph['end']}"
    if "problem" in morph:
        return [f"{title}, {ends}, could not be drawn: {morph['problem']}."]
    return [
        f"{title}: {ends} (left), beside the plain cross-fade (right), and how the two compare.",
        f"![{ends}]({result.picture('morph.png')})",
        "\n".join(["```", *comparison_lines(morph["comparison"]), "```"]),
        *(f"*{warning}*" for warning in morph["warnings"]),
    ]


def _studio(material: Material) -> list[str]:
    beside = [each for each in (*PAPER, *DRUMS) if each.scores_morphs]
    morphs = all_morphs_table(material.of(beside, STUDIO))
    explained = (
        "Morphs between all pairs of classes, in steps of the same MFCC-DTW distance: the model's figure / that of the "
        "plain cross-fade, and in how many of the pairs the model is better."
    )
    studio = material.present(STUDIO)
    return [
        "## Beyond the paper: `studio`",
        "The preset that lifts the paper's limits, beside the paper's models. For digits its loss comes close to the "
        "deviation on training sounds (docs/studio.md), so that a low one is what it is trained for; no other figure "
        "is, and of one-shots the deviation is not either.",
        outcomes_table(studio_outcomes(material.results)),
        figures_table(material.of(beside, STUDIO, STUDIO_SEEDS)),
        *([explained, morphs] if morphs else []),
        *(text for name, each in studio.items() for text in _drawn_morph(each, f"`{name}`")),
        *pictures_tables(studio, "latents.png"),
    ]


def _tried(material: Material) -> list[str]:
    elsewhere = {each.name for each in EXPERIMENTS if each not in TRIED}
    return [
        "## What was tried",
        "Trainings that each change something in the paper's presets, most of them short. After few epochs a figure "
        "ranks the changes, but does not tell how good they become; the losses are those of the last epoch.",
        tried_table(TRIED, {name: each for name, each in material.results.items() if name not in elsewhere}),
    ]


def _making(material: Material) -> list[str]:
    return [
        "## How this was made",
        "All of it: `audio-vae reproduce`, which goes on with what is there. Each experiment can be run on its own, "
        "and `audio-vae reproduce --render` writes this page again from the folder of results.",
        making_table(material.results) if material.results else NO_RESULT_LINE,
        *versions_lines(material.results),
    ]
