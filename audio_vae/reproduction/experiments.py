"""What `audio-vae reproduce` trains, as data: the paper's models, and the trainings that put them to the test.

An experiment is a preset of `audio_vae.config` with what is changed in it; nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audio_vae.config import Config
from audio_vae.model_config import with_values
from audio_vae.presets import joined

SPEAKERS = ("jackson", "theo", "nicolas")
"""Speakers of the Free Spoken Digit Dataset, the paper's male one first."""

SCREENING_EPOCHS = 30
"""Of a training that only screens one open point: past the epochs in which the decoder is silent."""

DATA_FOLDERS = {"digits": "fsdd", "drums": "drums"}
"""Data set → its folder in the one that `--data` names."""

BOUNDS = "bounds"
"""What measures the bounds is called; it trains nothing."""


@dataclass(frozen=True)
class Experiment:
    """A training with its evaluation.

    Attributes:
        name: of its run folder and of its folder of results.
        group: the experiments that are asked for together.
        dataset: `digits` or `drums`.
        preset: name of a preset of `audio_vae.presets.PRESETS`.
        shows: what it is for, in a few words.
        options: of the data set's `make_config`.
        changes: part of the config → name → value that differs from the preset's.
        epochs: `None` for the preset's.
        judges_morphs: whether morphs between all pairs of classes are judged.
        morph: the ends of a morph that is drawn as in Figure 3 of the paper.
    """

    name: str
    group: str
    dataset: str
    preset: str
    shows: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    epochs: int | None = None
    judges_morphs: bool = False
    morph: tuple[str, str] | None = None

    def change(self, config: Config) -> Config:
        """Return a preset's config with the experiment's own values.

        Raises:
            ValueError: a value is out of range.
            TypeError: the config knows no such value.
        """
        changes = {part: dict(values) for part, values in self.changes.items()}
        if self.epochs:
            changes.setdefault("training", {})["epochs"] = self.epochs
        return with_values(config, changes)


def _digits(name: str, group: str, preset: str, shows: str, *speakers: str, **more: Any) -> Experiment:
    options = {"speakers": speakers or SPEAKERS[:1]}
    return Experiment(name, group, "digits", preset, shows, options, **more)


# The paper's models take hours, in float32 nearly twice as many.
_IN_BFLOAT16 = {"training": {"precision": "bfloat16"}}


def _tried(
    name: str, preset: str, shows: str, *, epochs: int | None = SCREENING_EPOCHS, **changes: Mapping[str, Any]
) -> Experiment:
    return _digits(name, "tried", preset, shows, changes=joined(_IN_BFLOAT16, changes), epochs=epochs)


_TO_HEAR = {"judges_morphs": True, "morph": ("3", "7")}
_DRUMS_TO_HEAR = {"judges_morphs": True, "morph": ("hihat", "tom")}

PAPER = (
    _digits("cc", "paper", "cc", "Table 2", changes=_IN_BFLOAT16, **_TO_HEAR),
    _digits("dc", "paper", "dc", "Table 1", changes=_IN_BFLOAT16, **_TO_HEAR),
    _digits("dc-nonclass", "paper", "dc-nonclass", "Table 1 without the classifier", changes=_IN_BFLOAT16),
)

DRUMS = (
    Experiment("drums", "drums", "drums", "cc", "the paper's second data set", changes=_IN_BFLOAT16, **_DRUMS_TO_HEAR),
)

SEEDS = (_digits("cc-seed-1", "seeds", "cc", "another seed", changes=joined(_IN_BFLOAT16, {"training": {"seed": 1}})),)

OTHER_SPEAKERS = tuple(
    _digits(f"cc-{speaker}", "speakers", "cc", f"speaker {speaker}", speaker, changes=_IN_BFLOAT16)
    for speaker in SPEAKERS[1:]
)

STUDIO = (
    *(
        _digits(f"studio-{speaker}", "studio", "studio", f"speaker {speaker}", speaker, **_TO_HEAR)
        for speaker in SPEAKERS
    ),
    # Three times the sounds in fewer epochs; with the larger steps of one speaker's digits it diverged.
    _digits(
        "studio-speakers",
        "studio",
        "studio",
        "several speakers in one model",
        *SPEAKERS,
        changes={"training": {"vae_learning_rate": 1e-3, "classifier_learning_rate": 1e-3, "clip_norm": 1.0}},
        epochs=25,
        **_TO_HEAR,
    ),
    Experiment("studio-drums", "studio", "drums", "studio", "drums", **_DRUMS_TO_HEAR),
)

# Means over samples and over dimensions, as the paper's text has them, in place of the sums of its Eq. 1.
_MEANS: dict[str, Mapping[str, Any]] = {
    "model": {"log_variance_start": -4.0},
    "loss": {"likelihood_reduction": "mean", "kl_reduction": "mean"},
}

TRIED = (
    _tried(
        "cc-literal",
        "cc",
        "latents that start with a variance of 1",
        epochs=None,
        model={"log_variance_start": 0.0},
        training={"precision": "float32"},
    ),
    _tried("cc-falling", "cc", "learning rates that fall to 0", epochs=None, training={"decay": "cosine"}),
    _tried("dc-means", "dc", "means in both terms", epochs=None, **_MEANS, training={"adam_epsilon": 1e-10}),
    _tried("dc-epsilon", "dc", "the same with ε of Adam as Keras has it", epochs=9, **_MEANS),
    _tried("cc-unchanged", "cc", "what the others are compared with"),
    _tried(
        "cc-tanh", "cc", "single-channel convolutions with an activation", model={"single_channel_activation": "tanh"}
    ),
    _tried("cc-batch-2", "cc", "more and smaller steps", training={"batch_size": 2}),
    _tried("dc-product", "dc", "the gate as the paper writes it", model={"dc": {"gate": "product"}}),
)

EXPERIMENTS = (*PAPER, *DRUMS, *SEEDS, *OTHER_SPEAKERS, *STUDIO, *TRIED)
"""All of them, in the order in which they run."""


def names() -> list[str]:
    """Return what can be asked for: groups and `bounds`, then experiments."""
    return list(dict.fromkeys([BOUNDS, *(each.group for each in EXPERIMENTS), *(each.name for each in EXPERIMENTS)]))


def choose(asked: Iterable[str]) -> tuple[Experiment, ...]:
    """Return the experiments of some names and groups, in their own order; all where none is named.

    Args:
        asked: of `names()`.
    """
    wanted = set(asked)
    return tuple(each for each in EXPERIMENTS if not wanted or wanted & {each.name, each.group})
