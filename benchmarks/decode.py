"""How fast the presets decode: samples a second, times real time, and against one another.

    python benchmarks/decode.py                        digits (T = 4096) and drums (T = 16384)
    python benchmarks/decode.py --datasets drums --presets dc studio --batches 64
    taskset -c 0,1 python benchmarks/decode.py         on two cores of more

All presets decode in turn in one process, so that ratios hold on a busy machine as well; the best of the repeats
counts. The decoders are untrained: what they compute does not depend on what their weights are.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

DATASETS = ("digits", "drums")
PRESETS = ("dc", "cc", "studio")
BATCHES = (1, 64)
"""Sounds that are decoded at once."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table for each data set and number of sounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=DATASETS, metavar="NAME")
    parser.add_argument("--presets", nargs="+", default=PRESETS, metavar="NAME")
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, metavar="N", help="sounds at once")
    parser.add_argument("--repeats", type=int, default=8)
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from audio_vae.backend.keras_backend import machine_name

    print(machine_name())
    for dataset in options.datasets:
        configs = configs_of(dataset, options.presets)
        for n_sounds in options.batches:
            rates_hz = samples_a_second(configs, n_sounds, options.repeats)
            lengths = " or ".join(map(str, sorted({config.model.n_samples for config in configs.values()})))
            print(f"\n{dataset}, T = {lengths}, {n_sounds} sound{'s' if n_sounds > 1 else ''} at once")
            sample_rates_hz = {preset: config.audio.rate_hz for preset, config in configs.items()}
            print("\n".join(table(rates_hz, sample_rates_hz)), flush=True)


def configs_of(dataset: str, presets: Sequence[str]) -> dict:
    """Return preset → the data set's config of it."""
    declared = importlib.import_module(f"audio_vae.{dataset}.dataset").DATASET
    return {preset: declared.make_config(preset) for preset in presets}


def samples_a_second(configs: Mapping, n_sounds: int, repeats: int) -> dict[str, float]:
    """Measure how many samples each preset decodes in a second.

    Args:
        configs: preset → config.
        n_sounds: decoded at once.
        repeats: of which the best counts.
    """
    from audio_vae.models.networks import build_decoder
    from benchmarks.timing import best, decoding

    decoders = [build_decoder(config.model) for config in configs.values()]
    times_s = best([decoding(decoder, n_sounds) for decoder in decoders], repeats)
    return {
        preset: n_sounds * config.model.n_samples / time_s
        for (preset, config), time_s in zip(configs.items(), times_s, strict=True)
    }


def table(rates_hz: Mapping[str, float], sample_rates_hz: Mapping[str, int]) -> list[str]:
    """Return lines of text: a preset each, and how many times as fast as each of the presets it is.

    Args:
        rates_hz: preset → decoded samples a second.
        sample_rates_hz: preset → sample rate of its sounds, which is real time.
    """
    head = f"{'':<12}{'samples/s':>13}{'x real time':>13}" + "".join(f"{f'/ {name}':>12}" for name in rates_hz)
    return [head] + [
        f"{name:<12}{rate:>13,.0f}{rate / sample_rates_hz[name]:>13.1f}"
        + "".join(f"{rate / other:>12.2f}" for other in rates_hz.values())
        for name, rate in rates_hz.items()
    ]


if __name__ == "__main__":
    main()
