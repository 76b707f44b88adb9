"""New sounds of classes, as a folder.

Contents of the folder:

    kick-seed7-000.wav …    the sounds: class, seed, number
    sample.png              waveforms and spectrograms of the first 64
    sample.json             latents, nearest training sounds, and what made them
    kits/                   the same as kits, if they are asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audio_vae.kits.write import KitOptions, require_kit
from audio_vae.runs.run import Run
from audio_vae.sampling.folder import Named, require_sound_options, write_sounds
from audio_vae.sampling.made_sample import MadeSample, NewSound, labels_of, make_sample, require_values
from audio_vae.sampling.novelty import COPY_DB
from audio_vae.utils.files import folder_name, safe_name
from audio_vae.utils.folders import MadeFolder, require_writable_folder

MARKER = "sample.json"
"""The file by which a folder of new sounds is recognised."""


def sample(
    run: Run,
    classes: Sequence[str] = (),
    out: Path | None = None,
    *,
    n_each: int = 8,
    seed: int = 0,
    temperature: float = 1.0,
    level: str = "keep",
    subtype: str = "PCM_24",
    kit: KitOptions | None = None,
) -> MadeFolder:
    """Draw new sounds of classes and write them into a folder, complete or not at all.

    An older folder of new sounds in `out` is replaced. The same inputs give the same bytes on the same machine.

    Args:
        run: a trained run.
        classes: as for `sampling.made_sample.make_sample`, and so are the next three.
        out: the folder to write. The default is `RUN/samples/<class>-…-seed<seed>`, and `samples/…` for a pretrained
            model.
        n_each: see there.
        seed: see there.
        temperature: see there.
        level: one of `morphing.options.LEVELS`.
        subtype: one of `audio.io.SUBTYPES`.
        kit: the formats and the layout of its kit; none by default.

    Raises:
        UserError: a value cannot be used, a class does not give so many new sounds, or `out` holds other files or
            cannot be written.
    """
    require_sound_options(level, subtype)
    require_values(n_each, seed, temperature)
    kit = kit or KitOptions(layout="round-robin")
    shown = [safe_name(each) for each in classes] or ["all"]
    name = folder_name([*shown, f"seed{seed}"])
    out = run.results_path / "samples" / name if out is None else Path(out)
    require_writable_folder(out, MARKER)
    # Whether a kit has room for the sounds does not depend on what they are.
    names = [run.sounds.class_names[label] for label in labels_of(run, classes)]
    require_kit([(str(each), name) for name in names for each in range(n_each)], kit)
    made = make_sample(run, classes, n_each, seed=seed, temperature=temperature, level=level)
    return write_sample(made, out, subtype=subtype, kit=kit)


def write_sample(made: MadeSample, out: Path, *, subtype: str = "PCM_24", kit: KitOptions | None = None) -> MadeFolder:
    """Write the folder of new sounds.

    Raises:
        UserError: `out` holds other files or cannot be written, or the sounds do not fit into the kit.
    """
    facts = {
        "classes": list(made.classes),
        "n_each": made.n_each,
        "seed": made.seed,
        "temperature": made.temperature,
        "copy_db": COPY_DB,
        "level": made.level,
    }
    return write_sounds(
        out,
        MARKER,
        made.run,
        [Named(each.name, each.class_name, each.given, _facts(each)) for each in made.sounds],
        f"new sounds of {', '.join(made.classes)} (seed {made.seed})",
        facts,
        kit=kit,
        kit_name=folder_name([*map(safe_name, made.classes), f"seed{made.seed}"]),
        subtype=subtype,
    )


def _facts(sound: NewSound) -> dict[str, Any]:
    return {
        "class": sound.class_name,
        "latent": sound.latent.tolist(),
        "nearest": sound.nearest,
        "nearest_distance_db": sound.nearest_distance_db,
    }
