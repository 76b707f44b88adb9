"""One kit of folders that were made before: morphs, blends, new sounds, variations.

Contents of the folder:

    kit.json    the folders, and the kit
    sfz/ …      the formats; see `kits.write`
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import soundfile

from audio_vae.audio import decoding
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import KitOptions, instrument_named, require_kit, with_room, write_kits
from audio_vae.runs.environment import environment
from audio_vae.utils.errors import UserError, one_line
from audio_vae.utils.files import folder_name, read_json, safe_name, step_names, write_json
from audio_vae.utils.folders import MadeFolder, atomic_folder, require_writable_folder

MARKER = "kit.json"
"""The file by which the folder of a kit is recognised."""


def make_kit(folders: Sequence[Path], out: Path | None = None, options: KitOptions | None = None) -> MadeFolder:
    """Make a kit of the sounds of some folders and write it, complete or not at all. An older kit is replaced.

    Args:
        folders: folders of a morph, a blend, new sounds or variations.
        out: the folder to write. The default is `kits/<folder>-…`.
        options: the formats and the layout, by default round robin. Where they name no format, the kit has all formats
            but those that have no room for the sounds; a remark says which.

    Raises:
        UserError: a folder is none of these or damaged, the sounds do not fit into the layout or a format, or `out`
            holds other files or cannot be written.
    """
    options = options or KitOptions(layout="round-robin")
    name = folder_name([safe_name(Path(os.path.realpath(folder)).name) for folder in folders])
    out = Path("kits", name) if out is None else Path(out)
    require_writable_folder(out, MARKER)
    pads = [pad for folder in folders for pad in read_pads(folder)]
    remarks = []
    if not options.formats:
        options, remarks = with_room([pad.instrument for pad in pads], options.layout)
    require_kit([(pad.name, pad.instrument) for pad in pads], options)
    rates_hz = sorted({pad.rate_hz for pad in pads})
    if len(rates_hz) > 1:
        shown = ", ".join(f"{each} Hz" for each in rates_hz)
        remarks.append(f"the sounds have different rates ({shown}): those of lower ones are resampled to the highest")
    with atomic_folder(out, MARKER) as folder:
        kit = write_kits(folder, name, pads, options)
        sidecar = {"folders": [str(each) for each in folders], "kit": kit, "remarks": remarks}
        sidecar["made_with"] = environment()
        write_json(folder / MARKER, sidecar)
    return MadeFolder(out, sidecar, remarks=tuple(remarks))


def read_pads(folder: Path) -> list[Pad]:
    """Return the sounds of a folder that was made before, named after the folder where their own names say nothing.

    Raises:
        UserError: it is no such folder, or a file is missing or damaged.
    """
    marker = next((each for each in _NAMED if (Path(folder) / each).is_file()), None)
    if marker is None:
        raise UserError(
            f"{folder} is no folder of a morph, a blend, new sounds or variations (none of {', '.join(_NAMED)}): "
            "choose another folder"
        )
    try:
        found = _NAMED[marker](Path(folder), read_json(Path(folder) / marker))
        return [_read(path, name, instrument) for path, name, instrument in found]
    # Damaged JSON of any kind, and files that are missing or no sounds.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"{folder} cannot be used ({one_line(error)}): make it again") from error


def _read(path: Path, name: str, instrument: str) -> Pad:
    samples, rate_hz = soundfile.read(decoding.openable(path), dtype="float32", always_2d=True)
    return Pad(name, instrument, samples, rate_hz)


def _of_morph(folder: Path, values: dict[str, Any]) -> list[tuple[Path, str, str]]:
    title = safe_name(Path(os.path.realpath(folder)).name)
    return [(folder / f"{name}.wav", f"{title}-{name}", title) for name in step_names(values["steps"])]


def _of_blend(folder: Path, values: dict[str, Any]) -> list[tuple[Path, str, str]]:
    title = safe_name(Path(os.path.realpath(folder)).name)
    return [(folder / "blend.wav", title, title)]


def _of_sounds(folder: Path, values: dict[str, Any]) -> list[tuple[Path, str, str]]:
    names = [str(each["file"]) for each in values["sounds"]]
    sound = values.get("sound")
    title = instrument_named(sound["name"], sound["kind"]) if sound else None
    instruments = [title or each["class"] for each in values["sounds"]]
    # Only the last part of a name counts, so that no file outside of the folder is read.
    return [
        (folder / Path(name).name, Path(name).stem, instrument)
        for name, instrument in zip(names, instruments, strict=True)
    ]


_NAMED = {"morph.json": _of_morph, "blend.json": _of_blend, "sample.json": _of_sounds, "vary.json": _of_sounds}
