"""The folder of new sounds: a file for each, a picture of all, kits, and the JSON file that says how to repeat them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from audio_vae.audio import io, waveform
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import FOLDER, KitOptions, write_kits
from audio_vae.morphing.given import Given, together
from audio_vae.plots.morph import save_morph_plot
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder

MOST_PICTURED = 64
"""Sounds in the picture, the first ones."""


class Named(NamedTuple):
    """A sound with its name and the instrument that it is in a kit."""

    name: str
    instrument: str
    given: Given


class SoundsResult(NamedTuple):
    """What was made.

    Attributes:
        folder: the folder.
        sidecar: the values of its JSON file.
        warnings: one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    warnings: tuple[str, ...]


def write_sounds(
    out: Path,
    marker: str,
    sounds: Sequence[Named],
    title: str,
    sidecar: Callable[[dict[str, Any] | None], dict[str, Any]],
    *,
    kit: KitOptions,
    kit_name: str,
    subtype: str,
    pictured_first: Sequence[Named] = (),
) -> dict[str, Any]:
    """Write a folder of sounds, complete or not at all; an older one of its kind is replaced.

    Args:
        out: the folder.
        marker: name of its JSON file.
        sounds: the sounds.
        title: heading of the picture.
        sidecar: makes the values of the JSON file of what `kits.write.write_kits` returns.
        kit: the formats and the layout of its kit.
        kit_name: name of the kit.
        subtype: one of `audio.io.SUBTYPES`.
        pictured_first: sounds that are only drawn, above the others.

    Returns:
        The values of the JSON file.
    """
    drawn = [*pictured_first, *sounds][:MOST_PICTURED]
    joined, rate_hz = together([each.given for each in drawn])
    columns = {title: [waveform.mean_of_columns(sound) for sound in joined]}
    with atomic_folder(out, marker) as folder:
        for each in sounds:
            io.write(folder / f"{each.name}.wav", each.given.samples, each.given.rate_hz, subtype)
        save_morph_plot(
            folder / Path(marker).with_suffix(".png"), columns, rate_hz, [[each.name for each in drawn]], "sound"
        )
        pads = [Pad(each.name, each.instrument, *each.given) for each in sounds]
        values = sidecar(write_kits(folder / FOLDER, kit_name, pads, kit, subtype))
        write_json(folder / marker, values)
    return values
