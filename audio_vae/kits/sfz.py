"""SFZ files: plain text, one region for each sound (https://sfzformat.com)."""

from __future__ import annotations

from collections.abc import Sequence

from audio_vae.kits.layout import HIGHEST_VELOCITY, Zone


def sfz_text(zones: Sequence[Zone]) -> str:
    """Return the text of an SFZ file of version 1, whose sounds lie in the folder `samples` beside it.

    A sound plays to its end whatever the key does. A sound of a choke group ends the others of its group.
    """
    lines = ["// Made with audio-vae", "<global>", "loop_mode=one_shot", ""]
    for zone in zones:
        lines.append("<region>")
        lines.append(f"sample=samples/{zone.name}.wav")
        lines.append(f"key={zone.key}")
        if (zone.low_velocity, zone.high_velocity) != (1, HIGHEST_VELOCITY):
            lines += [f"lovel={zone.low_velocity}", f"hivel={zone.high_velocity}"]
        if zone.n_turns > 1:
            lines += [f"seq_length={zone.n_turns}", f"seq_position={zone.turn}"]
        if zone.choke_group is not None:
            lines += [f"group={zone.choke_group}", f"off_by={zone.choke_group}", "off_mode=fast"]
        lines.append("")
    return "\n".join(lines)
