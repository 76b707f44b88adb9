"""The folder of new sounds: a file for each, a picture of all, kits, and the JSON file that says how to repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from audio_vae.audio import io, waveform
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import FOLDER, KitOptions, write_kits
from audio_vae.morphing.given import Given, together
from audio_vae.morphing.options import LEVELS
from audio_vae.plots.morph import save_morph_plot
from audio_vae.runs.environment import made_by
from audio_vae.runs.run import Run
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import MadeFolder, atomic_folder

MOST_PICTURED = 64
"""Sounds in the picture, the first ones."""


class Named(NamedTuple):
    """A sound with its name, the instrument that it is in a kit, and what the JSON file says of it alone."""

    name: str
    instrument: str
    given: Given
    facts: dict[str, Any]


def require_sound_options(level: str, subtype: str) -> None:
    """Refuse an unknown level or subtype with a `UserError`."""
    for name, value, known in (("level", level, LEVELS), ("subtype", subtype, io.SUBTYPES)):
        if value not in known:
            raise UserError(f"unknown {name} {value!r}: choose one of {', '.join(known)}")


def write_sounds(
    out: Path,
    marker: str,
    run: Run,
    sounds: Sequence[Named],
    title: str,
    facts: dict[str, Any],
    *,
    kit: KitOptions | None,
    kit_name: str,
    subtype: str,
    original: Given | None = None,
) -> MadeFolder:
    """Write a folder of sounds, complete or not at all; an older one of its kind is replaced.

    Args:
        out: the folder.
        marker: name of its JSON file.
        run: the run that made the sounds.
        sounds: the sounds.
        title: heading of the picture.
        facts: what the JSON file says of all of them; `warnings` among them are told to the user.
        kit: the formats and the layout of its kit; `None` writes none.
        kit_name: name of the kit.
        subtype: one of `audio.io.SUBTYPES`.
        original: the sound that they were made of, which is drawn above them.

    Raises:
        UserError: `out` holds other files or cannot be written, or the sounds do not fit into the kit.
    """
    drawn = [(each.name, each.given) for each in sounds]
    if original is not None:
        drawn.insert(0, ("the sound", original))
    names, givens = zip(*drawn[:MOST_PICTURED], strict=True)
    joined, rate_hz = together(givens)
    columns = {title: [waveform.mean_of_columns(sound) for sound in joined]}
    with atomic_folder(out, marker) as folder:
        for each in sounds:
            io.write(folder / f"{each.name}.wav", each.given.samples, each.given.rate_hz, subtype)
        save_morph_plot(folder / Path(marker).with_suffix(".png"), columns, rate_hz, [names], "sound")
        pads = [Pad(each.name, each.instrument, *each.given) for each in sounds]
        sidecar = {
            **facts,
            "subtype": subtype,
            "sounds": [{"file": f"{each.name}.wav", **each.facts, **_described(each.given)} for each in sounds],
            "kit": write_kits(folder / FOLDER, kit_name, pads, kit or KitOptions(), subtype),
            **made_by(run),
        }
        write_json(folder / marker, sidecar)
    return MadeFolder(out, sidecar, tuple(facts.get("warnings", ())))


def _described(given: Given) -> dict[str, Any]:
    return {
        "peak": waveform.peak(given.samples),
        "length_samples": len(given.samples),
        "rate_hz": given.rate_hz,
        "n_channels": given.samples.shape[1],
    }
