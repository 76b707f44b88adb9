"""Presets of Decent Sampler: XML, by its developers' guide 1.11 (https://decentsampler-developers-guide.readthedocs.io)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from audio_vae.kits.layout import Zone

# A sound plays to its end after the key is released, unless another of its group ends it.
_RELEASE_S = 30


def preset_text(zones: Sequence[Zone]) -> str:
    """Return the text of a .dspreset file, whose sounds lie in the folder `samples` beside it."""
    root = ElementTree.Element("DecentSampler", minVersion="1.6.0")
    groups = ElementTree.SubElement(root, "groups", attack="0", release=str(_RELEASE_S))
    by_instrument: dict[str, list[Zone]] = {}
    for zone in zones:
        by_instrument.setdefault(zone.instrument, []).append(zone)
    for instrument, members in by_instrument.items():
        values = {"name": instrument, "ampVelTrack": "1"}
        if members[0].n_turns > 1:
            values |= {"seqMode": "round_robin", "seqLength": str(members[0].n_turns)}
        if members[0].choke_group is not None:
            tag = f"choke{members[0].choke_group}"
            values |= {"tags": tag, "silencedByTags": tag, "silencingMode": "fast"}
        group = ElementTree.SubElement(groups, "group", values)
        for zone in members:
            ElementTree.SubElement(group, "sample", _sample(zone))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _sample(zone: Zone) -> dict[str, str]:
    key = str(zone.key)
    values = {"path": f"samples/{zone.name}.wav", "rootNote": key, "loNote": key, "hiNote": key}
    values |= {"loVel": str(zone.low_velocity), "hiVel": str(zone.high_velocity), "pitchKeyTrack": "0"}
    return values | ({"seqPosition": str(zone.turn)} if zone.n_turns > 1 else {})
