"""audio-vae beside RAVE v2 and a plain cross-fade: speed of decoding, training in equal time, memory and size.

Two virtual environments are needed: this package in the one that runs this file, RAVE in the other. What was measured:

    python3.11 -m venv rave
    rave/bin/pip install scipy==1.10.0 pytorch-lightning==1.9.0 'numpy<2' 'setuptools<70' gin-config einops GPUtil \
        librosa scikit-learn udls tqdm tensorboard PyYAML absl-py Flask pytest
    rave/bin/pip install --no-deps acids-rave cached-conv nn-tilde torchaudio

with a torch 2.13.0 for CPUs in place of the one that came along, and without `torchaudio/lib/*.so`, which want CUDA:
RAVE takes spectrograms alone from torchaudio. (`pip install acids-rave` alone chose a torch and a torchaudio that do
not fit each other, in November 2026.) Then

    taskset -c 1 python benchmarks/peers/run.py decode --rave rave/bin/python --processor      on one core
    python benchmarks/peers/run.py decode --rave rave/bin/python                               on all
    python benchmarks/peers/run.py train --rave rave/bin/python --out DIR FOLDER…              20 minutes, two cores
    python benchmarks/peers/run.py score --rave rave/bin/python --out DIR

`decode` asks a process of each for sounds in turn, so that ratios hold on a busy machine; the best of the repeats
counts. `train` takes folders with `<class>/<file>`, chooses 150 sounds to train on and 30 that are held out
(`peers/sounds.py`), and trains both at the same time, each on a core of its own. `score` measures what both give back
at each mark by `audio_vae.audio.fidelity`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent

MARKS_S = (60, 120, 180, 240, 300, 450, 600, 750, 900, 1200)
"""Seconds of processor time at which the weights are kept."""


class Worker:
    """A process that decodes as many sounds as it is asked for, and says how long that took.

    Args:
        command: its command line.
    """

    def __init__(self, command: Sequence[str]):
        self.process = subprocess.Popen(
            [*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.about = json.loads(self.process.stdout.readline())

    def decode(self, n_sounds: int) -> dict:
        """Decode, and return `seconds`, `processor_s` (for each core) and `memory_gib`, the most that was held."""
        self.process.stdin.write(f"{n_sounds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def decode(rave: Path, configs: Sequence[str], batches: Sequence[int], repeats: int, clock: str) -> None:
    """Measure decoding and print a table.

    Args:
        rave: the Python of RAVE's environment.
        configs: names of RAVE's configurations.
        batches: sounds at once.
        repeats: of which the best counts.
        clock: `seconds` or `processor_s`.
    """
    scratch = Path.cwd() / "peer.pt"
    workers = [Worker([sys.executable, HERE / "ours.py", "decode"])]
    for config in configs:
        workers.append(Worker([rave, HERE / "rave_v2.py", "decode", "--config", config, "--out", scratch]))
    workers.append(Worker([sys.executable, HERE / "ours.py", "crossfade"]))
    for n_sounds in batches:
        taken = [[worker.decode(n_sounds) for worker in workers] for _ in range(repeats + 1)][1:]
        print(
            f"\n{n_sounds} sound{'s' if n_sounds > 1 else ''} at once",
            *table(workers, n_sounds, taken, clock),
            sep="\n",
        )
    for worker in workers:
        worker.close()


def table(workers: Sequence[Worker], n_sounds: int, taken: Sequence[Sequence[dict]], clock: str) -> list[str]:
    """Return a line for each worker: time, times real time and as a share of the first, memory, weights, size.

    Args:
        workers: the processes.
        n_sounds: decoded at once.
        taken: what each answered, one row for each repeat.
        clock: which of its times counts.
    """
    lines = [f"{'':20}{'ms a sound':>12}{'x real time':>13}{'of ours':>9}{'GiB':>7}{'M weights':>11}{'MB':>8}"]
    rates = []
    for column, worker in enumerate(workers):
        about, answers = worker.about, [row[column] for row in taken]
        time_s = min(each[clock] for each in answers) / n_sounds
        rates.append(about["n_samples"] / about["rate_hz"] / time_s)
        memory_gib = max(each["memory_gib"] for each in answers)
        lines.append(
            f"{about['name']:20}{1e3 * time_s:12.3f}{rates[-1]:13.1f}{rates[-1] / rates[0]:9.3f}{memory_gib:7.2f}"
            f"{sum(about['parameters']) / 1e6:11.2f}{about['bytes'] / 1e6:8.1f}"
        )
    return lines


def train(rave: Path, folders: Sequence[Path], out: Path, minutes: float, seed: int) -> None:
    """Choose the sounds and train both models at the same time, each on a core of its own.

    Args:
        rave: the Python of RAVE's environment.
        folders: of the sounds.
        out: folder for sounds, weights and what the processes say.
        minutes: time on the clock after which both end.
        seed: of the choice of the sounds.
    """
    from benchmarks.peers.sounds import write

    out.mkdir(parents=True, exist_ok=True)
    sounds = out / "sounds.npz"
    write(folders, sounds, seed)
    started = time.time()
    options = ["--sounds", sounds, "--out", out, "--started", started, "--limit", 60 * minutes, "--marks", *MARKS_S]
    commands = {
        "rave": [rave, HERE / "rave_v2.py", "train", "--batch", 2, *options],
        "ours": [sys.executable, HERE / "ours.py", "train", *options],
    }
    running = []
    for core, (name, command) in enumerate(commands.items()):
        with open(out / f"{name}.jsonl", "w") as says, open(out / f"{name}.log", "w") as log:
            pinned = ["taskset", "-c", core, *command]
            running.append(subprocess.Popen([*map(str, pinned)], stdout=says, stderr=log))
    codes = [process.wait() for process in running]
    if any(codes):
        sys.exit(f"a training failed: see {out}/*.log")


def score(rave: Path, out: Path) -> None:
    """Print how far both are from the sounds at each mark: medians of `audio_vae.audio.fidelity` in decibels."""
    import numpy as np

    from audio_vae.audio import fidelity

    kept = np.load(out / "sounds.npz")
    held_out, rate_hz = kept["is_test"], 44100
    cells = [fidelity.cells_db(sound, rate_hz) for sound in kept["audio"]]
    training = [each for each, is_held_out in zip(cells, held_out, strict=True) if not is_held_out]
    of_held_out = [each for each, is_held_out in zip(cells, held_out, strict=True) if is_held_out]
    nearest = np.median(fidelity.cell_distances_db(of_held_out, training).min(axis=1))
    print(f"the nearest training sound of each held-out one: {nearest:.2f} dB")
    print(f"{'':8}{'processor s':>12}{'clock s':>9}{'steps':>7}{'GiB':>7}{'training':>10}{'held out':>10}")
    for name, python in (("rave", rave), ("ours", sys.executable)):
        script = HERE / ("rave_v2.py" if name == "rave" else "ours.py")
        for line in (out / f"{name}.jsonl").read_text().splitlines():
            mark = json.loads(line)
            weights = next(out.glob(f"{name}-{mark['mark']:.0f}.*"))
            made_path = out / f"made-{name}.npz"
            command = [python, script, "reconstruct", "--sounds", out / "sounds.npz", "--weights", weights]
            log = subprocess.run([*map(str, command), "--out", made_path], capture_output=True, text=True)
            if log.returncode:
                sys.exit(re.sub(r"\s+", " ", log.stderr)[-500:])
            _, made = fidelity.reconstruction_cells_db(kept["audio"], np.load(made_path)["audio"], rate_hz)
            distances = np.array([fidelity.cell_distance_db(*pair) for pair in zip(cells, made, strict=True)])
            print(
                f"{name:8}{mark['seconds']:12.0f}{mark['wall_s']:9.0f}{mark['steps']:7}{mark['memory_gib']:7.2f}"
                f"{np.median(distances[~held_out]):10.2f}{np.median(distances[held_out]):10.2f}",
                flush=True,
            )


def main() -> None:
    """Run one of the three measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["decode", "train", "score"])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of the sounds, for train")
    parser.add_argument("--rave", type=Path, required=True, help="the Python of RAVE's environment")
    parser.add_argument("--out", type=Path, default=Path("peers"))
    parser.add_argument("--configs", nargs="+", default=["v2", "v2_small"], metavar="NAME", help="of RAVE, for decode")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16], metavar="N", help="sounds at once")
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--processor", action="store_true", help="decode: time of the processor, on a busy machine")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.work == "decode":
        clock = "processor_s" if options.processor else "seconds"
        decode(options.rave, options.configs, options.batches, options.repeats, clock)
    elif options.work == "train":
        train(options.rave, options.folders, options.out, options.minutes, options.seed)
    else:
        score(options.rave, options.out)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    main()
