"""What `audio-vae reproduce` trains, as data: the paper's models, and the trainings that put them to the test."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from audio_vae.presets import joined
from audio_vae.reproduction.experiment import Experiment

SPEAKERS = ("jackson", "theo", "nicolas")
"""Speakers of the Free Spoken Digit Dataset, the paper's male one first."""

SCREENING_EPOCHS = 30
"""Epochs of a training that only tries one change: more than those in which the decoder is still silent."""

BOUNDS = "bounds"
"""Name by which the measurement of the bounds is asked for; it trains nothing."""


def _digits(name: str, group: str, preset: str, shows: str, *speakers: str, **more: Any) -> Experiment:
    options = {"speakers": speakers or SPEAKERS[:1]}
    return Experiment(name, group, "digits", preset, shows, options, **more)


# The paper's models train for hours, and in float32 for nearly twice as long.
_IN_BFLOAT16 = {"training": {"precision": "bfloat16"}}
_FALLING = {"training": {"decay": "cosine"}}


def _tried(
    name: str, preset: str, shows: str, *, epochs: int | None = SCREENING_EPOCHS, **changes: Mapping[str, Any]
) -> Experiment:
    return _digits(name, "tried", preset, shows, changes=joined(_IN_BFLOAT16, changes), epochs=epochs)


_DIGIT_MORPHS = {"scores_morphs": True, "morph": ("3", "7")}
_DRUM_MORPHS = {"scores_morphs": True, "morph": ("hihat", "tom")}


def _drums(name: str, preset: str, shows: str) -> Experiment:
    return Experiment(name, "paper-drums", "drums", preset, shows, changes=_IN_BFLOAT16, **_DRUM_MORPHS)


PAPER = (
    _digits("cc", "paper", "cc", "Table 2", changes=_IN_BFLOAT16, **_DIGIT_MORPHS),
    _digits("dc", "paper", "dc", "Table 1", changes=_IN_BFLOAT16, **_DIGIT_MORPHS),
    _digits("dc-nonclass", "paper", "dc-nonclass", "Table 1 without the classifier", changes=_IN_BFLOAT16),
)

# In float32: in bfloat16 the KL of `cc-code` is beyond all numbers within thirty steps.
CODE = (
    _digits("cc-code", "code", "cc-code", "the code's CC-VAE"),
    _digits("dc-code", "code", "dc-code", "the code's DC-VAE"),
    _digits(
        "dc-code-nonclass", "code", "dc-code", "the same without the classifier", changes={"model": {"n_classes": 0}}
    ),
)
"""What the paper's figures were most likely measured on: the networks and the training of its author's code."""

# The points that turned out to count (`TURNED`), around the network of Table 2 and with our losses.
_TOGETHER: dict[str, Mapping[str, Any]] = {
    "model": {"dense_output": True},
    "training": {"sounds": "all", "averages": "first", "batch_size": 24, "clip_norm": 1.0},
}


def _together(
    group: str, preset: str, shows: str, epochs: int, changes: Mapping[str, Mapping[str, Any]] = _TOGETHER
) -> Experiment:
    changes = joined(_IN_BFLOAT16, changes, _FALLING)
    return _digits(f"{preset}-{group}", group, preset, shows, changes=changes, epochs=epochs)


TOGETHER = (
    _together("together", "cc", "Table 2 with the points of the code that count", 6),
    _together("together", "dc", "Table 1 with the points of the code that count", 3),
    _together("together", "dc-nonclass", "the same without the classifier", 3),
)
"""The networks of the tables with the points of the code that count, and learning rates that fall: as near to the
figures as published as two cores come in an hour and a half."""


def _pulled(kl_weight: float, classifier_learning_rate: float = 1e-3) -> dict[str, Mapping[str, Any]]:
    """Return `_TOGETHER` with another weight of the KL (Eq. 1: 1e-4) and another rate of ∇₂ (paper: 1e-3)."""
    training = {"classifier_learning_rate": classifier_learning_rate}
    return joined(_TOGETHER, {"loss": {"kl_weight": kl_weight}, "training": training})


_QUARTER_WIDTH: dict[str, Mapping[str, Any]] = {"model": {"cc": {"filters": (32, 32, 64, 128, 256)}}}
_FIFTH_DEPTH: dict[str, Mapping[str, Any]] = {"model": {"dc": {"depth": 10}}}


_SMALL_CC, _SMALL_DC = (joined(_pulled(0.1, 5e-3), size) for size in (_QUARTER_WIDTH, _FIFTH_DEPTH))

SMALL = (
    _together("small", "cc", "Table 2 at a quarter of its width, classes pulled apart", 30, _SMALL_CC),
    _together("small", "dc", "Table 1 with a fifth of its layers, classes pulled apart", 6, _SMALL_DC),
    _together("small", "dc-nonclass", "the same without the classifier", 6, _SMALL_DC),
)
"""Smaller networks, which two cores train for longer, with the points of `TOGETHER` and two that neither the paper nor
its code has: a KL that weighs a thousand times more, and ∇₂ at five times its rate."""

DRUMS = (
    _drums("drums", "cc", "the paper's second data set"),
    _drums("drums-dc", "dc", "the same with the network of the paper's Figure 3"),
)

SEEDS = (_digits("cc-seed-1", "seeds", "cc", "another seed", changes=joined(_IN_BFLOAT16, {"training": {"seed": 1}})),)

OTHER_SPEAKERS = tuple(
    _digits(f"cc-{speaker}", "speakers", "cc", f"speaker {speaker}", speaker, changes=_IN_BFLOAT16)
    for speaker in SPEAKERS[1:]
)

STUDIO = (
    *(
        _digits(f"studio-{speaker}", "studio", "studio", f"speaker {speaker}", speaker, **_DIGIT_MORPHS)
        for speaker in SPEAKERS
    ),
    # Three times the sounds in fewer epochs.
    _digits(
        "studio-speakers",
        "studio",
        "studio",
        "several speakers in one model",
        *SPEAKERS,
        epochs=25,
        **_DIGIT_MORPHS,
    ),
    Experiment("studio-drums", "studio", "drums", "studio", "drums", **_DRUM_MORPHS),
    # The sounds are what `python -m audio_vae.drums.collect` writes.
    Experiment(
        "studio-free-drums",
        "studio",
        "drums",
        "studio",
        "the drums model of the package",
        options={"labels": "folder", "n_classes": 12},
        scores_morphs=True,
        morph=("hihat-closed", "tom"),
        folder="free-drums",
    ),
)

STUDIO_SEEDS = tuple(
    replace(
        each,
        name=f"{each.name}-seed-1",
        group="studio-seeds",
        shows="another seed",
        changes=joined(each.changes, {"training": {"seed": 1}}),
    )
    for each in STUDIO
    if each.name in ("studio-speakers", "studio-free-drums")
)
"""The models of the package once more, to tell how much of a figure is chance."""

# The paper's text has means over samples and over dimensions, its Eq. 1 has sums.
_MEANS: dict[str, Mapping[str, Any]] = {
    "model": {"log_variance_start": -4.0},
    "loss": {"likelihood_reduction": "mean", "kl_reduction": "mean"},
}

_SIGMOID = {"model": {"classifier_output": "sigmoid", "classifier_start_std": 1.0}}
_CLASSES_FIRST = {"loss": {"first_pass": "classifier"}, "training": {"clipped_passes": ("vae",)}}
# What the code sums over its batch.
_BATCHES_OF_8 = {"likelihood_weight": 8.0, "kl_weight": 8e-4}

QUARTER_EPOCHS, CODE_QUARTER_EPOCHS = 8, 5
"""Epochs of the trainings that turn one point: 67 to 84 and 42 thousand sounds, of 1.2 million in the code's."""

_QUARTER: dict[str, Mapping[str, Any]] = {
    **_QUARTER_WIDTH,
    "training": {"averages": "first", "clip_norm": 1.0},
}
_CODE_QUARTER: dict[str, Mapping[str, Any]] = {
    "model": {"cc": {"filters": (64, 64, 64, 128, 256)}},
    # Takes are held out of these, so that each shows both protocols.
    "training": {"sounds": "training"},
}

_NOISE = {"loss": {"prior_std": 4.0}, "model": {"log_variance_start": math.log(16)}}
_LONGER = joined(_TOGETHER, _SIGMOID, _CLASSES_FIRST, _FALLING)
_GLOROT = joined(_LONGER, {"model": {"classifier_start_std": None}})


def _turned(
    point: str, shows: str, *, code: bool = False, epochs: int | None = None, **changes: Mapping[str, Any]
) -> Experiment:
    base, preset, values = ("code-quarter", "cc-code", _CODE_QUARTER) if code else ("quarter", "cc", _QUARTER)
    return _digits(
        f"{base}-{point}" if point else base,
        f"turned-{base}",
        preset,
        shows,
        changes=joined(_IN_BFLOAT16, values, changes),
        epochs=epochs or (CODE_QUARTER_EPOCHS if code else QUARTER_EPOCHS),
    )


TURNED = (
    _turned("", "ours, with averages of pairs and clipping: what the next ones change"),
    # As many sounds: 168 times 400 takes, in place of 8 times these and 8,000 averages.
    _turned("no-averages", "the takes alone, as often", epochs=168, training={"averages": "none"}),
    _turned("anew", "averages drawn anew each epoch", training={"averages": "each_epoch"}),
    _turned("sigmoid", "a softmax of sigmoids", **_SIGMOID),
    _turned("variance", "latents that start with a variance of 1", model={"log_variance_start": 0.0}),
    _turned("prior", "the prior N(0, 4²)", loss={"prior_std": 4.0}),
    _turned("tanh", "tanh", model={"cc": {"activation": "tanh"}, "single_channel_activation": "tanh"}),
    _turned("order", "∇₂ first, of which ∇₁ alone is clipped", **_CLASSES_FIRST),
    _turned("layers", "two dense layers behind the latent", model={"latent_layers": 2}),
    _turned("output", "the dense layer T → T at the output", model={"dense_output": True}),
    _turned("batch", "batches of 50 in one fixed order", training={"batch_size": 50, "shuffle": "once"}),
    _turned("audio", "no mean, and takes trimmed as in the code", audio={"removes_mean": True, "trims_long": True}),
    _turned("all", "the evaluated takes of the code among the training sounds", training={"sounds": "all"}),
    _turned("all-long", "the same for five times as long", epochs=5 * QUARTER_EPOCHS, training={"sounds": "all"}),
    _turned("together", "these takes, the dense layer at the output, and batches of 24", **_TOGETHER),
    _turned("together-noise", "the same with the code's prior and latent noise of cc", **joined(_TOGETHER, _NOISE)),
    _turned("together-sigmoid", "the same with sigmoids and ∇₂ first, for longer", epochs=40, **_LONGER),
    _turned("together-glorot", "the same, of which no first weight of the classifier is large", epochs=30, **_GLOROT),
    _turned("together-kl-tenth", "`together` with a KL that weighs 0.1 in place of 1e-4", **_pulled(0.1)),
    _turned("together-kl-one", "the same with 1", **_pulled(1.0)),
    _turned("together-rate-high", "`together` with ∇₂ at a rate of 1e-2 in place of 1e-3", **_pulled(1e-4, 1e-2)),
    _turned("together-rate-alone", "the same with 5e-3", **_pulled(1e-4, 5e-3)),
    _turned("together-rate", "the same with 5e-3, and a KL that weighs 0.2", **_pulled(0.2, 5e-3)),
    _turned("", "the code's setting: what the next ones change", code=True),
    _turned("no-averages", "the takes alone, as often", code=True, epochs=105, training={"averages": "none"}),
    _turned("linear", "linear outputs in front of the softmax", code=True, model={"classifier_output": "linear"}),
    _turned("variance", "latents that start with little noise", code=True, model={"log_variance_start": -6.0}),
    _turned("prior", "the prior N(0, 1)", code=True, loss={"prior_std": 1.0}),
    _turned("relu", "ReLU", code=True, model={"cc": {"activation": "relu"}, "single_channel_activation": "linear"}),
    _turned("order", "∇₁ first", code=True, loss={"first_pass": "vae"}),
    _turned("layers", "one dense layer behind the latent", code=True, model={"latent_layers": 1}),
    _turned("output", "no dense layer T → T at the output", code=True, model={"dense_output": False}),
    _turned("batch", "batches of 8", code=True, loss=_BATCHES_OF_8, training={"batch_size": 8}),
    _digits(
        "code-eighth-long",
        "turned-code-eighth",
        "cc-code",
        "all of the code at an eighth of its width, for as long as it trains",
        changes=joined(_IN_BFLOAT16, {"model": {"cc": {"filters": (32, 32, 32, 64, 128)}}}),
    ),
)
"""One point at a time: a quarter of `cc`'s width and a fraction of the code's training, first from our setting towards
the code's, then from the code's towards ours; and the code's at an eighth of its width for as long as it trains."""

TRIED = (
    _tried(
        "cc-literal",
        "cc",
        "latents that start with a variance of 1",
        epochs=None,
        model={"log_variance_start": 0.0},
        training={"precision": "float32"},
    ),
    _tried("cc-falling", "cc", "learning rates that fall to 0", epochs=None, **_FALLING),
    _tried("dc-means", "dc", "means in both terms", epochs=None, **_MEANS, training={"adam_epsilon": 1e-10}),
    _tried("dc-epsilon", "dc", "the same with ε of Adam as Keras has it", epochs=9, **_MEANS),
    _tried("cc-unchanged", "cc", "what the others are compared with"),
    _tried(
        "cc-tanh", "cc", "single-channel convolutions with an activation", model={"single_channel_activation": "tanh"}
    ),
    _tried("cc-batch-2", "cc", "more and smaller steps", training={"batch_size": 2}),
    _tried("dc-product", "dc", "the gate as the paper writes it", model={"dc": {"gate": "product"}}),
)

EXPERIMENTS = (
    *PAPER,
    *CODE,
    *TOGETHER,
    *SMALL,
    *DRUMS,
    *SEEDS,
    *OTHER_SPEAKERS,
    *STUDIO,
    *STUDIO_SEEDS,
    *TURNED,
    *TRIED,
)
"""All experiments, in the order in which they run."""


def names() -> list[str]:
    """Return the names that can be asked for: `bounds`, the groups, and the experiments."""
    return list(dict.fromkeys([BOUNDS, *(each.group for each in EXPERIMENTS), *(each.name for each in EXPERIMENTS)]))


def choose(asked: Iterable[str]) -> tuple[Experiment, ...]:
    """Return the experiments of some names and groups, in the order in which they run; all where none is named.

    Args:
        asked: some of `names()`.
    """
    wanted = set(asked)
    return tuple(each for each in EXPERIMENTS if not wanted or wanted & {each.name, each.group})
