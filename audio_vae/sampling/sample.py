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

from audio_vae.audio import io, waveform
from audio_vae.kits.write import KitOptions, require_kit
from audio_vae.morphing.options import LEVELS
from audio_vae.runs.environment import environment
from audio_vae.runs.run import Run
from audio_vae.sampling.folder import Named, SoundsResult, write_sounds
from audio_vae.sampling.made_sample import MadeSample, make_sample
from audio_vae.sampling.novelty import COPY_DB
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, safe_name
from audio_vae.utils.folders import require_writable_folder

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
) -> SoundsResult:
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
    kit = kit or KitOptions(layout="round-robin")
    shown = [safe_name(each) for each in classes] or ["all"]
    name = folder_name([*shown, f"seed{seed}"])
    out = run.results_path / "samples" / name if out is None else Path(out)
    require_writable_folder(out, MARKER)
    # Whether a kit has room for the sounds does not depend on what they are.
    require_kit([(str(each), str(place)) for place in range(max(1, len(classes))) for each in range(n_each)], kit)
    made = make_sample(run, classes, n_each, seed=seed, temperature=temperature, level=level)
    return write_sample(made, out, subtype=subtype, kit=kit)


def write_sample(
    made: MadeSample, out: Path, *, subtype: str = "PCM_24", kit: KitOptions | None = None
) -> SoundsResult:
    """Write the folder of new sounds.

    Raises:
        UserError: `out` holds other files or cannot be written, or the sounds do not fit into the kit.
    """
    sounds = [Named(each.name, each.class_name, each.given) for each in made.sounds]
    title = f"new sounds of {', '.join(made.classes)} (seed {made.seed})"

    def sidecar(of_kit: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "classes": list(made.classes),
            "n_each": made.n_each,
            "seed": made.seed,
            "temperature": made.temperature,
            "copy_db": COPY_DB,
            "level": made.level,
            "subtype": subtype,
            "sounds": [
                {
                    "file": f"{each.name}.wav",
                    "class": each.class_name,
                    "latent": each.latent.tolist(),
                    **described(each.given),
                    "nearest": each.nearest,
                    "nearest_distance_db": each.nearest_distance_db,
                }
                for each in made.sounds
            ],
            "kit": of_kit,
            **made_by(made.run),
        }

    kit = kit or KitOptions(layout="round-robin")
    kit_name = folder_name([*map(safe_name, made.classes), f"seed{made.seed}"])
    values = write_sounds(out, MARKER, sounds, title, sidecar, kit=kit, kit_name=kit_name, subtype=subtype)
    return SoundsResult(out, values, ())


def require_sound_options(level: str, subtype: str) -> None:
    """Refuse an unknown level or subtype with a `UserError`."""
    for name, value, known in (("level", level, LEVELS), ("subtype", subtype, io.SUBTYPES)):
        if value not in known:
            raise UserError(f"unknown {name} {value!r}: choose one of {', '.join(known)}")


def described(given) -> dict[str, Any]:
    """Return peak, length and rate of a sound as JSON values."""
    return {
        "peak": waveform.peak(given.samples),
        "length_samples": len(given.samples),
        "rate_hz": given.rate_hz,
        "n_channels": given.samples.shape[1],
    }


def made_by(run: Run) -> dict[str, Any]:
    """Return the config and the hash of the model, and versions and command, as JSON values."""
    return {"config": run.config.to_dict(), "model_sha256": run.model_sha256, "made_with": environment()}
