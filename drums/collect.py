"""Collect the sounds that the pretrained model of drums is trained on in one folder: the built-in kit and free sounds.

    python -m audio_vae.drums.collect KITS ONE_SHOTS OUT
    audio-vae drums train --labels folder --data OUT

KITS holds `kick/`, `snare/`, `tom/` and `hihat/`, ONE_SHOTS holds folders such as `clap/` and `cymbal/`, both with
files named `{source}__{file}`. The sounds are those of the Debian packages that `drums.sources` names; files of other
sources are left out, because their licences do not allow to pass on a model that is trained on them.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import click

from audio_vae.audio import io, waveform
from audio_vae.audio.waveform import AudioError
from audio_vae.drums import synth
from audio_vae.drums.preprocess import KIT_RATE_HZ
from audio_vae.drums.sources import BUILT_IN, KITS, ONE_SHOTS
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import write_json
from audio_vae.utils.folders import atomic_folder

MARKER = "sources.json"
"""File in the folder that says how many sounds are from which source."""

CLASSES = (
    "kick", "snare", "clap", "rim", "tom", "hihat-closed", "hihat-open", "hihat-pedal", "cymbal", "cowbell", "tabla",
)  # fmt: skip
"""Folders of ONE_SHOTS that are classes; the sounds of all other folders are `percussion`."""

N_BUILT_IN = 16
"""Sounds of each kind of the built-in kit: no more than the real ones of a kind."""

_OPEN_S = 0.3
"""A hi-hat of no stated kind that is heard for longer is an open one."""


def collect(kits: Path, one_shots: Path, out: Path) -> dict[str, int]:
    """Write a folder for each class, with sounds of the built-in kit and copies of the files of free sources.

    Args:
        kits: the folder of the kits.
        one_shots: the folder of the other one-shots.
        out: the folder to write, complete or not at all; an older one is replaced.

    Returns:
        Source → number of its sounds.

    Raises:
        UserError: a free source has no file, a hi-hat cannot be read, two files of a class have the same name, or
            `out` holds other files.
    """
    counts: Counter[str] = Counter()
    files = []
    for folder, sources in ((kits, KITS), (one_shots, ONE_SHOTS)):
        for path in (path for path in io.find_files(folder) if path.is_file()):
            source = next((each for each in sources if each.has(path.relative_to(folder).as_posix())), None)
            if source:
                counts[source.title] += 1
                files.append(path)
        missing = [source.title for source in sources if not counts[source.title]]
        if missing:
            raise UserError(f"no file of {', '.join(missing)} in {folder}: see the help for the folders to give")
    with atomic_folder(out, MARKER) as part:
        for name, kind, samples in synth.kit(KIT_RATE_HZ, n_each=N_BUILT_IN):
            path = part / _class_of(kind, samples, KIT_RATE_HZ) / f"{Path(name).name}.wav"
            path.parent.mkdir(exist_ok=True)
            io.write(path, samples, KIT_RATE_HZ)
            counts[BUILT_IN.title] += 1
        for path in files:
            folder = part / _class_of_file(path)
            folder.mkdir(exist_ok=True)
            if (folder / path.name).exists():
                raise UserError(f"{path} is the second file of its name of the class {folder.name}: rename it")
            shutil.copyfile(path, folder / path.name)
        write_json(part / MARKER, counts)
    return dict(counts)


def _class_of_file(path: Path) -> str:
    kind = path.parent.name
    if kind != "hihat":
        return kind if kind in CLASSES else "percussion"
    try:
        decoded = io.decode_file(path)
    except AudioError as error:
        raise UserError(f"{path} cannot be used ({error}): take it out") from error
    return _class_of(kind, decoded.samples, decoded.rate_hz)


def _class_of(kind: str, samples, rate_hz: int) -> str:
    """Return the class of a sound of the built-in kit or of a hi-hat: how long it is heard tells closed from open."""
    if kind != "hihat":
        return kind
    start, end = waveform.extent(samples, rate_hz, onset_db=40.0)
    return "hihat-open" if (end - start) / rate_hz > _OPEN_S else "hihat-closed"


@click.command()
@click.argument("kits", type=click.Path(path_type=Path))
@click.argument("one_shots", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def main(kits, one_shots, out):
    """Collect the built-in kit and the free sounds of KITS and ONE_SHOTS in OUT."""
    try:
        counts = collect(kits, one_shots, out)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: " + ", ".join(f"{title} {count}" for title, count in counts.items()))


if __name__ == "__main__":
    main()
