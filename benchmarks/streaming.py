"""How fast sounds in shards are trained on, against the same sounds in memory.

    python benchmarks/large_library.py SOUNDS LIBRARY --n 10000
    audio-vae folder prepare --data LIBRARY --run RUN --stream
    python benchmarks/streaming.py RUN --steps 100

It takes the run's model, untrained, and fits it to the same batches of sounds from both places in turn, in one process,
so that ratios hold on a busy machine as well; the best of the repeats counts. The batches alone are measured too.
Sounds in memory take N × T × 4 bytes; --most limits N.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run with shards")
    parser.add_argument("--steps", type=int, default=100, help="steps that are timed at once")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--most", type=int, default=10000, help="sounds that are taken")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from audio_vae.backend.keras_backend import machine_name
    from audio_vae.data.sound_set import evenly_spaced
    from audio_vae.runs.run import Run, read_config
    from benchmarks.timing import best

    run = Run(options.run, read_config(options.run))
    if not run.sounds.is_stored:
        sys.exit(f"Error: the sounds of {run.path} are not in shards: prepare a run with --stream")
    stored = run.sounds.take(evenly_spaced(len(run.sounds), options.most))
    places = {"memory": stored.in_memory(), "shards": stored}
    print(f"{machine_name()}; {len(stored)} sounds of {stored.audio.shape[1]} samples, {options.steps} steps")
    for what, made in (("training", fitting), ("batches alone", reading)):
        functions = [made(run.config, sounds, options.steps) for sounds in places.values()]
        n_sounds = options.steps * run.config.training.batch_size
        times_s = dict(zip(places, best(functions, options.repeats), strict=True))
        print(line(what, {name: n_sounds / time_s for name, time_s in times_s.items()}), flush=True)


def fitting(config, sounds, n_steps: int) -> Callable[[], object]:
    """Return a function that takes training steps on sounds."""
    from audio_vae.models.vae import build_vae
    from audio_vae.training.train import set_threads

    set_threads(config)
    vae = build_vae(config.model, config.loss, config.training, config.augmentation, config.audio.rate_hz)
    batches = _batches(config, sounds, n_steps)
    return lambda: vae.fit(batches, epochs=1, steps_per_epoch=n_steps, shuffle=False, verbose=0)


def reading(config, sounds, n_steps: int) -> Callable[[], object]:
    """Return a function that makes batches and does nothing with them."""
    batches = _batches(config, sounds, n_steps)
    return lambda: [None for _ in batches]


def _batches(config, sounds, n_steps: int):
    from audio_vae.data.batches import training_batches

    # Made once, because sounds in memory are copied into the pipeline; over as many epochs as it takes.
    n_epochs = -(-n_steps * config.training.batch_size // len(sounds)) + 1
    return training_batches(sounds, config.training, range(n_epochs)).take(n_steps)


def line(what: str, found: Mapping[str, float]) -> str:
    """Return sounds a second as text, and the ratio to sounds in memory."""
    shown = ", ".join(f"{name} {rate:,.0f} sounds/s" for name, rate in found.items())
    return f"{what}: {shown}, ratio {found['shards'] / found['memory']:.3f}"


if __name__ == "__main__":
    main()
