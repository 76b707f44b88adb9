"""Collect the sounds that the pretrained model of drums is trained on in one folder: the built-in kit and free kits.

    python -m audio_vae.drums.collect KITS OUT
    audio-vae drums train --labels folder --data OUT

KITS holds `kick/`, `snare/`, `tom/` and `hihat/` with files named `{kit}__{file}`. Kits that `drums.sources` does not
name are left out, because their licences do not allow to pass on a model that is trained on them.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import click

from audio_vae.audio import io
from audio_vae.drums import synth
from audio_vae.drums.preprocess import KIT_RATE_HZ
from audio_vae.drums.sources import BUILT_IN, KITS
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder

MARKER = "sources.json"
"""File in the folder that says how many sounds are from which source."""


def collect(kits: Path, out: Path) -> dict[str, int]:
    """Write a folder for each kind of drum, with the sounds of the built-in kit and copies of the files of free kits.

    Args:
        kits: the folder of the kits.
        out: the folder to write, complete or not at all; an older one is replaced.

    Returns:
        Source → number of its sounds.

    Raises:
        UserError: a free kit has no file in `kits`, or `out` holds other files.
    """
    found = [path for kind in synth.KINDS for path in io.find_files(kits / kind) if path.is_file()]
    free = [(source, path) for path in found for source in KITS if source.has(path.relative_to(kits).as_posix())]
    counts = Counter(source.title for source, _ in free)
    missing = [source.title for source in KITS if not counts[source.title]]
    if missing:
        raise UserError(f"no file of {', '.join(missing)} in {kits}: give the folder with KIND/{missing[0]}__FILE")
    with atomic_folder(out, MARKER) as part:
        for kind in synth.KINDS:
            (part / kind).mkdir()
        for name, _, samples in synth.kit(KIT_RATE_HZ):
            io.write(part / f"{name}.wav", samples, KIT_RATE_HZ)
            counts[BUILT_IN.title] += 1
        for _, path in free:
            shutil.copyfile(path, part / path.relative_to(kits))
        write_json(part / MARKER, counts)
    return dict(counts)


@click.command()
@click.argument("kits", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def main(kits, out):
    """Collect the built-in kit and the free kits of KITS in OUT."""
    try:
        counts = collect(kits, out)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: " + ", ".join(f"{title} {count}" for title, count in counts.items()))


if __name__ == "__main__":
    main()
