"""What a pretrained model of drums may be trained on: the built-in kit, and sounds whose licence allows to pass it on.

`collect.py` looks for the files of a source as `{name}__{file}`.
"""

from audio_vae.data.sources import Source

BUILT_IN = Source(
    title="Built-in kit",
    by="computed by audio_vae.drums.synth",
    licence="no licence needed",
    url="",
    names=r"(?:(kick|snare|tom|hihat)/\1|hihat-(?:closed|open)/hihat)-[0-9]+(\.wav)?",
)
KITS = (
    Source(
        title="Audiophob",
        by="freesound.org users menegass, stomachache, zgump, minorr, cbeeching, cubix and walter-odington",
        licence="CC0 1.0",
        url="https://tracker.debian.org/pkg/hydrogen-drumkits",
        names=r"[a-z-]+/Audiophob__.+",
    ),
    Source(
        title="BJA_Pacific",
        by="Luc Tunguay",
        licence="CC BY-SA 3.0",
        url="https://tracker.debian.org/pkg/hydrogen-drumkits",
        names=r"[a-z-]+/BJA_Pacific__.+",
    ),
)
"""Kits of the Debian package hydrogen-drumkits."""

ONE_SHOTS = (
    Source(
        title="FluidR3",
        by="Frank Wen and others",
        licence="MIT",
        url="https://tracker.debian.org/pkg/fluid-soundfont",
        names=r"[a-z-]+/FluidR3__.+",
    ),
    Source(
        title="AVL Drumkits",
        by="Glen MacArthur",
        licence="CC BY-SA 3.0",
        url="https://tracker.debian.org/pkg/avldrums.lv2",
        names=r"[a-z-]+/AVL(Black_Pearl|Red_Zeppelin)__.+",
    ),
    Source(
        title="Sonic Pi",
        by="users of freesound.org, named in the copyright file of the Debian package sonic-pi-samples",
        licence="CC0 1.0",
        url="https://tracker.debian.org/pkg/sonic-pi",
        names=r"[a-z-]+/SonicPi__.+",
    ),
)
"""Percussion of the Debian packages fluid-soundfont-gm, avldrums.lv2-soundfont and sonic-pi-samples."""

SOURCES = (BUILT_IN, *KITS, *ONE_SHOTS)
