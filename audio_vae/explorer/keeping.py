"""What is kept: a WAV file, a folder or a kit as a ZIP archive. All of it is what the command line writes."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audio_vae.api.results import Blend
from audio_vae.audio.io import wav_bytes
from audio_vae.explorer.values import share
from audio_vae.explorer.workbench import Workbench
from audio_vae.kits.layout import LAYOUTS
from audio_vae.kits.write import FOLDER, FORMATS
from audio_vae.utils.errors import UserError
from audio_vae.utils.files import folder_name, safe_name

N_STEPS = 9
"""Number of steps of a morph that is kept, as by default on the command line."""

SUBTYPE = "PCM_24"
"""How samples are held, as by default on the command line."""


def file_name(names: Sequence[str], ending: str) -> str:
    """Return the name that a browser is to give to a file, made of what sounds are called, in ASCII."""
    name = folder_name([safe_name(each) for each in names])
    return f"{name.encode('ascii', 'replace').decode().replace('?', '_')}{ending}"


def zipped(folder: Path, name: str) -> bytes:
    """Return a folder as a ZIP archive, in which it is called `name`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            file.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
    return archive.getvalue()


class Kept:
    """Files of what the page has made. Each method takes what the page's `keepable` says.

    Args:
        bench: what makes the sounds.
    """

    def __init__(self, bench: Workbench):
        self.bench = bench

    def wav(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """Return a single sound as a WAV file, and its name.

        Raises:
            UserError: something cannot be used.
        """
        make = values.get("make")
        if make == "morph":
            ends, at = [values.get("a"), values.get("b")], share(values.get("at"))
            (sound,) = self.bench.path(*ends, at, 2, values.get("render", self.bench.render))
            names = [*map(self._name, ends), f"{100 * at:g}"]
            if values.get("render") == "crossfade":
                names.append("crossfade")
        elif make == "blend":
            parts = values.get("parts")
            sound = self.bench.blend(parts, values.get("render", self.bench.render)).made.blend.step
            names = self._names_of_parts(parts)
        else:
            ref = values.get("sound")
            sound, names = self.bench.point(ref).given, [self._name(ref)]
        return wav_bytes(sound.samples, sound.rate_hz, SUBTYPE), file_name(names, ".wav")

    def zip(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """Return all of what was made as a folder in a ZIP archive, and the archive's name.

        Raises:
            UserError: something cannot be used.
        """
        made, names = self._result(values)
        name = file_name(names, "")
        with tempfile.TemporaryDirectory(dir=self.bench.scratch) as place:
            return zipped(made.save(Path(place, "kept")), name), f"{name}.zip"

    def kit(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """Return the same as a kit for a sampler: for Hydrogen a file that it imports, else a ZIP archive.

        Raises:
            UserError: something cannot be used.
        """
        kind, layout = values.get("format"), values.get("layout")
        if kind not in FORMATS or layout not in LAYOUTS:
            raise UserError(f"unknown kit: choose one of {', '.join(FORMATS)}, and one of {', '.join(LAYOUTS)}")
        made, names = self._result(values)
        # A blend is a single sound, which has no layout.
        options = {} if isinstance(made, Blend) else {"layout": layout}
        with tempfile.TemporaryDirectory(dir=self.bench.scratch) as place:
            folder = made.save(Path(place, "kept"), kit=(kind,), **options) / FOLDER / kind
            for file in folder.glob("*.h2drumkit"):
                return file.read_bytes(), file_name(names, file.suffix)
            name = file_name([*names, kind], "")
            return zipped(folder, name), f"{name}.zip"

    def _result(self, values: Mapping[str, Any]) -> tuple[Any, list[str]]:
        make = values.get("make")
        if make == "morph":
            ends = values.get("a"), values.get("b")
            return self.bench.morph(*ends, N_STEPS), list(map(self._name, ends))
        if make == "blend":
            parts = values.get("parts")
            return self.bench.blend(parts, self.bench.render), self._names_of_parts(parts)
        if make == "vary":
            ref = values.get("ref")
            varied = self.bench.vary(ref, values.get("amount"), values.get("direction"))
            return varied, [self._name(ref), "varied"]
        if make == "sample":
            return self.bench.sample(values.get("kind"), values.get("draw")), [str(values["kind"]), "new"]
        raise UserError("there is nothing to keep")

    def _name(self, ref: Any) -> str:
        """Return what a reference is called, without folder and extension."""
        return Path(self.bench.point(ref).name).stem

    def _names_of_parts(self, parts: Sequence[tuple[str, float]]) -> list[str]:
        return ["blend", *(self._name(ref) for ref, _ in parts)]
