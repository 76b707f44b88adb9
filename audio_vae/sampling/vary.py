"""Variations of a sound, as a folder.

Contents of the folder:

    my-seed7-000.wav …    the variations: sound, seed or direction, number
    vary.png              waveforms and spectrograms of the sound and its first variations
    vary.json             latents, distances from the sound, and what made them
    kits/                 the same as kits, if they are asked for
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audio_vae.data.sound_set import SoundSet
from audio_vae.kits.write import KitOptions, require_kit
from audio_vae.morphing.endpoints import parse_endpoint
from audio_vae.runs.run import Run
from audio_vae.sampling.folder import Named, require_sound_options, write_sounds
from audio_vae.sampling.made_variations import (
    FULL_AMOUNT_DB,
    MadeVariations,
    Variation,
    make_variations,
    require_values,
    stem,
)
from audio_vae.utils.files import folder_name
from audio_vae.utils.folders import MadeFolder, require_writable_folder

MARKER = "vary.json"
"""The file by which a folder of variations is recognised."""


def vary(
    run: Run,
    sound: str,
    out: Path | None = None,
    *,
    amount: float = 0.3,
    n: int = 8,
    seed: int = 0,
    along: str | None = None,
    render: str = "sound",
    level: str = "keep",
    subtype: str = "PCM_24",
    sounds: SoundSet | None = None,
    kit: KitOptions | None = None,
) -> MadeFolder:
    """Make variations of a sound and write them into a folder, complete or not at all.

    An older folder of variations in `out` is replaced. The same inputs give the same bytes on the same machine.

    Args:
        run: a trained run.
        sound: a class, `CLASS:N`, the name of a sound or a sound file; see `morphing.endpoints.parse_endpoint`.
        out: the folder to write. The default is `RUN/variations/<sound>-seed<seed>` (or `<sound>-<direction>`), and
            `variations/…` for a pretrained model.
        amount: as for `sampling.made_variations.make_variations`, and so are the next four.
        n: see there.
        seed: see there.
        along: see there.
        render: see there.
        level: one of `morphing.options.LEVELS`.
        subtype: one of `audio.io.SUBTYPES`.
        sounds: the sounds that classes refer to; by default, those of the run.
        kit: the formats and the layout of its kit; none by default.

    Raises:
        UserError: the sound or a value cannot be used, or `out` holds other files or cannot be written.
    """
    require_sound_options(level, subtype)
    require_values(amount, n, seed, along, render)
    point = parse_endpoint(sound, run, run.sounds if sounds is None else sounds)
    if out is None:
        out = run.results_path / "variations" / folder_name([stem(point), along or f"seed{seed}"])
    require_writable_folder(Path(out), MARKER)
    kit = kit or KitOptions(layout="round-robin")
    require_kit([(str(each), stem(point)) for each in range(n)], kit)
    made = make_variations(run, point, amount, n, seed=seed, along=along, render=render, level=level)
    return write_variations(made, Path(out), subtype=subtype, kit=kit)


def write_variations(
    made: MadeVariations, out: Path, *, subtype: str = "PCM_24", kit: KitOptions | None = None
) -> MadeFolder:
    """Write the folder of variations.

    Raises:
        UserError: `out` holds other files or cannot be written, or the sounds do not fit into the kit.
    """
    point, name, middle = made.point, stem(made.point), made.along or f"seed{made.seed}"
    facts = {
        "sound": point.to_dict(),
        "amount": made.amount,
        "full_amount_db": FULL_AMOUNT_DB,
        "n": len(made.sounds),
        "seed": made.seed,
        "along": made.along,
        "render": made.render,
        "level": made.level,
        "warnings": list(made.warnings),
    }
    return write_sounds(
        out,
        MARKER,
        made.run,
        [Named(each.name, name, each.given, _facts(each)) for each in made.sounds],
        f"variations of {point.name} ({middle}, amount {made.amount:g})",
        facts,
        kit=kit,
        kit_name=folder_name([name, middle]),
        subtype=subtype,
        original=point.given,
    )


def _facts(variation: Variation) -> dict[str, Any]:
    return {
        "amount": variation.amount,
        "latent": variation.latent.tolist(),
        "distance_db": variation.distance_db,
    }
