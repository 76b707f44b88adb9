"""Size and decode time of each export beside the Keras model, as ratios.

    python benchmarks/export.py --run runs/digits

Exports the run to a temporary folder in every format that is installed, float32 and float16, and
decodes the same latents with each. Times are the median of `--repeats` calls after one to warm up,
taken in turns so that a busy machine slows all alike. A ratio below 1 is smaller or faster than Keras.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from audio_vae.export import formats, parity_check
from audio_vae.export.export import export
from audio_vae.runs.run import open_run
from audio_vae.utils.errors import UserError


def main():
    """Export, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/digits"))
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    run = open_run(options.run, options.dataset)
    latents = np.random.default_rng(0).normal(size=(max(options.batches), run.config.model.latent_dim))
    latents = latents.astype(np.float32)
    keras_decode = tf.function(run.model.decoder, reduce_retracing=True)
    decoders = {"keras": lambda latent: keras_decode(tf.constant(latent)).numpy()}
    sizes = {}
    with tempfile.TemporaryDirectory() as place:
        for file_format in formats.FORMATS:
            for float16 in (False, True):
                label = f"{file_format}{' float16' if float16 else ''}"
                try:
                    folder = export(run, file_format, Path(place), float16=float16).folder
                except UserError as error:
                    print(f"left out: {label}: {error}")
                    continue
                sizes[label] = sum(path.stat().st_size for path in folder.rglob("*") if path.suffix != ".json")
                if file_format != "keras":
                    decoders[label] = decoder_of(file_format, folder)
        times = {batch: measure(decoders, latents[:batch], options.repeats) for batch in options.batches}
    print(f"{'format':<20}{'size':>8}" + "".join(f"{f'decode {batch}':>12}" for batch in options.batches))
    for label in sizes:
        cells = "".join(f"{times[batch][label] / times[batch]['keras']:>12.2f}" for batch in options.batches)
        print(f"{label:<20}{sizes[label] / sizes['keras']:>8.2f}{cells}")
    shown = ", ".join(f"{1e3 * times[batch]['keras']:.0f} ms for {batch}" for batch in options.batches)
    print(f"Keras itself: {sizes['keras'] / 1e6:.1f} MB (encoder, decoder, classifier), decode {shown}")


def decoder_of(file_format, folder):
    """Return `latent [B, d] → audio [B, T]` by the format's runtime."""
    call, _ = parity_check.LOADERS[file_format](str(folder))
    return lambda latent: np.asarray(call("decode", {"latent": latent})["audio"])


def measure(decoders, latent, repeats):
    """Return each decoder's median time in seconds."""
    taken = {label: [] for label in decoders}
    for turn in range(repeats + 1):
        for label, decode in decoders.items():
            start = time.perf_counter()
            decode(latent)
            if turn:
                taken[label].append(time.perf_counter() - start)
    return {label: statistics.median(each) for label, each in taken.items()}


if __name__ == "__main__":
    main()
