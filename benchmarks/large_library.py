"""Make a large library of sounds out of a small one, by speed, gain and cutting: what to try large trainings on.

    python benchmarks/large_library.py SOUNDS LIBRARY --n 100000

Each is a sound file below SOUNDS, drawn at random, played at half to twice its speed, up to 20 dB quieter, and cut to
0.2 to 1.5 s; a shorter one is repeated until then. The files are LIBRARY/<class>/<number>.wav, 16 bits, where <class>
is the folder that the file was in, of folders with 20 files or more. The same seed makes the same files, and a smaller
library is the beginning of a larger one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile

SPEEDS = (0.5, 2.0)
MOST_QUIETER_DB = 20.0
DURATIONS_S = (0.2, 1.5)
LEAST_FILES = 20
_AT_ONCE = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--n", type=int, default=1000, help="number of files")
    parser.add_argument("--rate", type=int, default=22050, help="their sample rate in hertz")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    paths = sorted(path for kind in ("wav", "flac", "aiff") for path in options.sounds.rglob(f"*.{kind}"))
    counts = Counter(path.parent.name for path in paths)
    paths = [path for path in paths if counts[path.parent.name] >= LEAST_FILES]
    if not paths:
        sys.exit(f"Error: no folder in {options.sounds} has {LEAST_FILES} WAV, FLAC or AIFF files: give another one")
    for name in {path.parent.name for path in paths}:
        (options.library / name).mkdir(parents=True, exist_ok=True)
    write = partial(write_some, paths, options.library, options.rate, options.seed)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        parts = [range(start, min(start + _AT_ONCE, options.n)) for start in range(0, options.n, _AT_ONCE)]
        for part, _ in zip(parts, pool.map(write, parts), strict=True):
            print(f"\r{part.stop} of {options.n}", end="", flush=True)
    print()


def write_some(paths: Sequence[Path], library: Path, rate_hz: int, seed: int, numbers: range) -> None:
    """Write some files of the library."""
    for number in numbers:
        draw = np.random.default_rng((seed, number))
        path = paths[draw.integers(len(paths))]
        varied = variation(*_read(path), rate_hz, draw)
        soundfile.write(library / path.parent.name / f"{number:06d}.wav", varied, rate_hz)


def variation(samples: np.ndarray, from_hz: int, rate_hz: int, draw: np.random.Generator) -> np.ndarray:
    """Return a sound at another speed and level, cut.

    Args:
        samples: mono `[n]`.
        from_hz: their sample rate.
        rate_hz: sample rate of the result.
        draw: what decides speed, level and duration.
    """
    speed = np.exp(draw.uniform(*np.log(SPEEDS)))
    step = speed * from_hz / rate_hz
    n_samples = round(draw.uniform(*DURATIONS_S) * rate_hz)
    faded = np.interp(step * np.arange(n_samples), np.arange(len(samples)), samples, period=len(samples))
    n_fade = rate_hz // 50
    faded[n_samples - n_fade :] *= np.linspace(1, 0, n_fade)
    level = 10 ** (-draw.uniform(0, MOST_QUIETER_DB) / 20) / max(np.abs(faded).max(initial=0.0), 1e-9)
    return level * faded


@cache
def _read(path: Path) -> tuple[np.ndarray, int]:
    samples, rate_hz = soundfile.read(path, always_2d=True)
    return samples.mean(axis=1), rate_hz


if __name__ == "__main__":
    main()
