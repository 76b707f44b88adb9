"""How long a morph of two sound files takes with the pretrained drums model: from the command line, and from Python.

    python benchmarks/morph.py                          a kick and a snare of the built-in kit
    python benchmarks/morph.py A.wav B.wav --repeats 5
    taskset -c 0,1 python benchmarks/morph.py           on two cores of more

Each line is wall time and, beside it, the processor time of the process, which a busy machine disturbs less. The best
of the repeats counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = "import audio_vae.models.vae, audio_vae.morphing.morph"
COMMAND = "from audio_vae.cli.start import run; run()"


class Seconds(NamedTuple):
    """What something took."""

    wall: float
    processor: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each way to make a morph."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ends", nargs="*", type=Path, metavar="FILE", help="two sound files")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    if len(options.ends) not in (0, 2):
        parser.error("give two sound files, or none")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    from audio_vae.backend.keras_backend import machine_name

    print(machine_name())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start, end = options.ends or built_in_ends(folder)
        for what, took in measure(str(start), str(end), folder / "morph", options.repeats).items():
            print(f"{what:36}{took.wall:7.2f} s  ({took.processor:.2f} s)", flush=True)


def built_in_ends(folder: Path) -> list[Path]:
    """Write a kick and a snare of the built-in kit into a folder, and return the files."""
    from audio_vae.audio import io
    from audio_vae.drums.synth import kit

    rate_hz = 44100
    paths = []
    for _, kind, samples in kit(rate_hz, n_each=1):
        if kind in ("kick", "snare"):
            paths.append(folder / f"{kind}.wav")
            io.write(paths[-1], samples, rate_hz)
    return paths


def measure(start: str, end: str, out: Path, repeats: int) -> dict[str, Seconds]:
    """Return what each way of making a morph takes.

    Args:
        start: a sound file.
        end: another one.
        out: the folder that each morph is written to.
        repeats: of which the best counts.
    """
    drums = ["drums", "morph", start, end, "--model", "drums", "--out", str(out)]
    took = {
        "loading the libraries": best(lambda: run_python(LIBRARIES), repeats),
        "command line": best(lambda: run_python(COMMAND, *drums), repeats),
    }
    from audio_vae.morphing.morph import morph
    from audio_vae.pretrained.catalog import open_trained

    run = open_trained("drums", model="drums")
    took["Python, first morph of a run"] = best(lambda: morph(run, start, end, out), 1)
    took["Python, later morphs"] = best(lambda: morph(run, start, end, out), repeats)
    return took


def run_python(program: str, *arguments: str) -> None:
    """Run a program in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)


def best(function: Callable[[], object], repeats: int) -> Seconds:
    """Call a function and return the shortest times, with those of the processes that it starts."""
    times = []
    for _ in range(repeats):
        wall_s, processor_s = time.perf_counter(), _processor_s()
        function()
        times.append(Seconds(time.perf_counter() - wall_s, _processor_s() - processor_s))
    return Seconds(*map(min, zip(*times, strict=True)))


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
