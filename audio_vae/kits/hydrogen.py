"""Drum kits of Hydrogen: drumkit.xml by the schema of Hydrogen 1.2, and the same as an archive that it imports."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from audio_vae.kits.layout import HIGHEST_VELOCITY, Zone

NAMESPACE = "http://www.hydrogen-music.org/drumkit"

_INSTRUMENT = {
    "volume": "1",
    "isMuted": "false",
    "isSoloed": "false",
    "pan": "0",
    "pitchOffset": "0",
    "randomPitchFactor": "0",
    "gain": "1",
    "applyVelocity": "true",
    "filterActive": "false",
    "filterCutoff": "1",
    "filterResonance": "0",
    "Attack": "0",
    "Decay": "0",
    "Sustain": "1",
    "Release": "1000",
}
"""What all instruments have in common, in the order of the schema."""


def drumkit_text(name: str, zones: Sequence[Zone]) -> str:
    """Return the text of drumkit.xml, an instrument for each key; the sounds lie beside it."""
    root = ElementTree.Element("drumkit_info", xmlns=NAMESPACE)
    about = {"name": name, "author": "audio-vae", "info": "Made with audio-vae", "license": "undefined license"}
    _add(root, {**about, "image": "", "imageLicense": "undefined license"})
    components = ElementTree.SubElement(root, "componentList")
    _add(ElementTree.SubElement(components, "drumkitComponent"), {"id": "0", "name": "Main", "volume": "1"})
    instruments = ElementTree.SubElement(root, "instrumentList")
    by_key: dict[int, list[Zone]] = {}
    for zone in zones:
        by_key.setdefault(zone.key, []).append(zone)
    for number, members in enumerate(by_key.values()):
        _add_instrument(instruments, number, members)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def pack(folder: Path, archive: Path) -> None:
    """Pack the folder of a drum kit as a .h2drumkit file. The same files give the same bytes."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as file,
    ):
        file.add(folder, folder.name, filter=_without_owner)


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry of an archive without its time and owner, which everybody may read."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry


def _add_instrument(instruments: ElementTree.Element, number: int, members: Sequence[Zone]) -> None:
    first = members[0]
    is_robin = first.n_turns > 1
    instrument = ElementTree.SubElement(instruments, "instrument")
    title = first.instrument if is_robin or len(members) > 1 else first.name
    _add(instrument, {"id": str(number), "name": title, **_INSTRUMENT})
    _add(
        instrument,
        {
            "muteGroup": str(-1 if first.choke_group is None else first.choke_group),
            "midiOutChannel": "-1",
            "midiOutNote": str(first.key),
            "isStopNote": "false",
            "sampleSelectionAlgo": "ROUND_ROBIN" if is_robin else "VELOCITY",
            "isHihat": "-1",
            "lower_cc": "0",
            "higher_cc": "127",
            **{f"FX{each}Level": "0" for each in range(1, 5)},
        },
    )
    component = ElementTree.SubElement(instrument, "instrumentComponent")
    _add(component, {"component_id": "0", "gain": "1"})
    for zone in members:
        # Velocities are shares here, and each layer begins where the one below ends.
        low = 0.0 if zone.low_velocity == 1 else (zone.low_velocity - 0.5) / HIGHEST_VELOCITY
        high = 1.0 if zone.high_velocity == HIGHEST_VELOCITY else (zone.high_velocity + 0.5) / HIGHEST_VELOCITY
        place = {"min": f"{low:.6g}", "max": f"{high:.6g}", "gain": "1", "pitch": "0"}
        _add(ElementTree.SubElement(component, "layer"), {"filename": f"{zone.name}.wav", **place})


def _add(parent: ElementTree.Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = value
