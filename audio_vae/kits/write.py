"""Write the sounds of a kit in the formats of samplers.

Contents of a folder of kits named NAME:

    sfz/NAME.sfz                     with its sounds in sfz/samples/
    decentsampler/NAME.dspreset      with its sounds in decentsampler/samples/
    hydrogen/NAME/                   drumkit.xml and its sounds
    hydrogen/NAME.h2drumkit          the same as an archive, which Hydrogen imports
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from audio_vae.audio import io, waveform
from audio_vae.kits import decentsampler, hydrogen, sfz
from audio_vae.kits.layout import Pad, Zone, lay_out, require_layout
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import safe_name

FORMATS = ("sfz", "decentsampler", "hydrogen")
"""The formats that a kit can have."""

FOLDER = "kits"
"""The folder of the kits in a folder of sounds."""

MOST_SOUNDS = {
    # Hydrogen reads so many layers of an instrument and leaves out all further ones (m_nMaxLayers in its sources).
    ("hydrogen", "velocity"): 16,
    ("hydrogen", "round-robin"): 16,
    # seq_length and seq_position are 1 to 100 (https://sfzformat.com/opcodes/seq_length).
    ("sfz", "round-robin"): 100,
}
"""Format and layout → most sounds of an instrument, where there is a limit."""


@dataclass(frozen=True)
class KitOptions:
    """In which formats a kit is written, and how its sounds are laid out.

    Attributes:
        formats: some of `FORMATS`; none for no kit.
        layout: one of `layout.LAYOUTS`.

    Raises:
        UserError: a value is unknown.
    """

    formats: tuple[str, ...] = ()
    layout: str = "keys"

    def __post_init__(self):
        for each in self.formats:
            if each not in FORMATS:
                raise UserError(f"unknown kit {each!r}: choose one of {', '.join(FORMATS)}")
        require_layout(self.layout)


def require_kit(pads_named: Sequence[tuple[str, str]], options: KitOptions) -> None:
    """Refuse a kit that cannot be laid out, before its sounds are made.

    Args:
        pads_named: name and instrument of each sound.
        options: the formats and the layout.

    Raises:
        UserError: there are too many sounds for the layout or a format.
    """
    if options.formats:
        lay_out([Pad(name, instrument, None, 0) for name, instrument in pads_named], options.layout)
        _require_room([instrument for _, instrument in pads_named], options)


def with_room(instruments: Sequence[str], layout: str) -> tuple[KitOptions, list[str]]:
    """Choose the formats that have room for the sounds of a kit.

    Args:
        instruments: the instrument of each sound.
        layout: one of `layout.LAYOUTS`.

    Returns:
        The formats and the layout, and a line for each format that is left out.
    """
    reasons = {each: _crowded(instruments, each, layout) for each in FORMATS}
    formats = tuple(each for each, reason in reasons.items() if reason is None)
    return KitOptions(formats, layout), [f"{reason}: none is written" for reason in reasons.values() if reason]


def _require_room(instruments: Sequence[str], options: KitOptions) -> None:
    for each in options.formats:
        reason = _crowded(instruments, each, options.layout)
        if reason is not None:
            raise UserError(f"{reason}: make fewer, choose another --map, or leave --kit {each} out")


def _crowded(instruments: Sequence[str], kit_format: str, layout: str) -> str | None:
    """Return why a format has no room for the sounds of these instruments, or `None`."""
    most = MOST_SOUNDS.get((kit_format, layout))
    if most is None or not instruments:
        return None
    instrument, n_sounds = Counter(instruments).most_common(1)[0]
    if n_sounds <= most:
        return None
    return f"{n_sounds} sounds of {instrument} are too many for a kit of {kit_format} (at most {most})"


def write_kits(
    folder: Path, name: str, pads: Sequence[Pad], options: KitOptions, subtype: str = "PCM_24"
) -> dict[str, Any] | None:
    """Write a kit in all formats that are asked for.

    Sounds of different rates are resampled to the highest: not every sampler plays a mixture at the right pitch.

    Args:
        folder: the folder of the kits, which may not exist yet.
        name: name of the kit, safe for files.
        pads: the sounds, one or more.
        options: the formats and the layout.
        subtype: one of `audio.io.SUBTYPES`.

    Returns:
        JSON values of the kit: `formats`, `map`, `rate_hz`, `files` and `zones`; `None` if no format is asked for.

    Raises:
        UserError: there are too many sounds for the layout or a format.
    """
    if not options.formats:
        return None
    pads = unique_names(pads)
    zones = lay_out(pads, options.layout)
    _require_room([pad.instrument for pad in pads], options)
    rate_hz = max(pad.rate_hz for pad in pads)
    pads = [
        dataclasses.replace(pad, samples=waveform.resample(pad.samples, pad.rate_hz, rate_hz), rate_hz=rate_hz)
        for pad in pads
    ]
    files = [_WRITERS[each](folder / each, name, pads, zones, subtype) for each in dict.fromkeys(options.formats)]
    return {
        "formats": list(dict.fromkeys(options.formats)),
        "map": options.layout,
        "rate_hz": rate_hz,
        "files": [file.relative_to(folder).as_posix() for file in files],
        "zones": [dataclasses.asdict(zone) for zone in zones],
    }


def instrument_named(name: str, kind: str) -> str:
    """Return the instrument that variations of a sound are, which is also how the names of their files begin.

    Args:
        name: what the sound is called: a class, `GROUP/CLASS`, `CLASS:N`, a sound or the path of a file.
        kind: its kind, as `morphing.endpoints.Endpoint` has it; of a `file`, the name without folder and suffix counts.
    """
    return safe_name(PurePath(name).stem if kind == "file" else name.replace("/", "_"))


def unique_names(pads: Sequence[Pad]) -> list[Pad]:
    """Return sounds with names of their own: those that several share are numbered."""
    shared = Counter(pad.name.lower() for pad in pads)
    taken = {name for name, count in shared.items() if count == 1}
    named = []
    for pad in pads:
        name, number = pad.name, 1
        while shared[pad.name.lower()] > 1 and (number == 1 or name.lower() in taken):
            name, number = f"{pad.name}-{number}", number + 1
        taken.add(name.lower())
        named.append(dataclasses.replace(pad, name=name))
    return named


def _write_samples(folder: Path, pads: Sequence[Pad], subtype: str) -> None:
    folder.mkdir(parents=True)
    for pad in pads:
        io.write(folder / f"{pad.name}.wav", pad.samples, pad.rate_hz, subtype)


def _write_sfz(folder: Path, name: str, pads: Sequence[Pad], zones: Sequence[Zone], subtype: str) -> Path:
    _write_samples(folder / "samples", pads, subtype)
    file = folder / f"{name}.sfz"
    file.write_text(sfz.sfz_text(zones), encoding="utf-8")
    return file


def _write_decentsampler(folder: Path, name: str, pads: Sequence[Pad], zones: Sequence[Zone], subtype: str) -> Path:
    _write_samples(folder / "samples", pads, subtype)
    file = folder / f"{name}.dspreset"
    file.write_text(decentsampler.preset_text(zones), encoding="utf-8")
    return file


def _write_hydrogen(folder: Path, name: str, pads: Sequence[Pad], zones: Sequence[Zone], subtype: str) -> Path:
    _write_samples(folder / name, pads, subtype)
    (folder / name / "drumkit.xml").write_text(hydrogen.drumkit_text(name, zones), encoding="utf-8")
    file = folder / f"{name}.h2drumkit"
    hydrogen.pack(folder / name, file)
    return file


_WRITERS = {"sfz": _write_sfz, "decentsampler": _write_decentsampler, "hydrogen": _write_hydrogen}
