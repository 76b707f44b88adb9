"""What a pretrained model of drums may be trained on: the built-in kit, and kits whose licence allows to pass it on.

The kits are those of the Debian package hydrogen-drumkits; `collect.py` looks for their files as `{kit}__{file}`.
"""

from audio_vae.data.sources import Source

BUILT_IN = Source(
    title="Built-in kit",
    by="computed by audio_vae.drums.synth",
    licence="no licence needed",
    url="",
    names=r"(kick|snare|tom|hihat)/\1-[0-9]+(\.wav)?",
)
KITS = (
    Source(
        title="Audiophob",
        by="freesound.org users menegass, stomachache, zgump, minorr, cbeeching, cubix and walter-odington",
        licence="CC0 1.0",
        url="https://tracker.debian.org/pkg/hydrogen-drumkits",
        names=r"(kick|snare|tom|hihat)/Audiophob__.+",
    ),
    Source(
        title="BJA_Pacific",
        by="Luc Tunguay",
        licence="CC BY-SA 3.0",
        url="https://tracker.debian.org/pkg/hydrogen-drumkits",
        names=r"(kick|snare|tom|hihat)/BJA_Pacific__.+",
    ),
)
SOURCES = (BUILT_IN, *KITS)
