"""The side of this package in the comparison, in processes of its own: what `peers/run.py` starts."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from answers import answer, answer_times, peak_memory_gib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def decode_server() -> None:
    """Answer each line `n` on standard input with the seconds that decoding n sounds takes, with the model here."""
    import numpy as np

    from audio_vae import open_model

    model = open_model("drums")
    networks = (model.run.model.encoder, model.run.model.decoder)
    sizes = [network.count_params() for network in networks]
    n_bytes = (model.path / "model.keras").stat().st_size
    answer(name="audio-vae drums", rate_hz=model.rate_hz, n_samples=model.n_samples, parameters=sizes, bytes=n_bytes)
    rng = np.random.default_rng(0)
    for line in sys.stdin:
        latents = rng.normal(size=(int(line), model.latent_dim)).astype(np.float32)
        started_s = time.perf_counter(), time.process_time()
        model.decode(latents)
        answer_times(*started_s)


def crossfade_server() -> None:
    """Answer each line `n` on standard input with the seconds that n steps of a plain cross-fade take, in NumPy."""
    import numpy as np

    n_samples = 66560
    answer(name="cross-fade", rate_hz=44100, n_samples=n_samples, parameters=[0, 0], bytes=0)
    first, second = np.random.default_rng(0).normal(size=(2, n_samples)).astype(np.float32)
    for line in sys.stdin:
        shares = np.linspace(0, 1, int(line), dtype=np.float32)[:, None]
        started_s = time.perf_counter(), time.process_time()
        _ = (1 - shares) * first + shares * second
        answer_times(*started_s)


def train(path: Path, out: Path, marks_s: list[float], started: float, limit_s: float, epochs: int) -> None:
    """Train the default preset for drums as `audio-vae drums train` does, and keep the weights at each mark.

    Args:
        path: npz file of `peers/sounds.py`.
        out: folder for the weights.
        marks_s: seconds of this process's processor time, ascending; the training ends at the last.
        started: when the process was started, `time.time()`.
        limit_s: seconds after that at which the training ends, too.
        epochs: over which the learning rates fall.
    """
    import dataclasses

    import keras
    import numpy as np

    from audio_vae.data.batches import steps_per_epoch, training_batches
    from audio_vae.models.one_shot_start import start_from_sounds
    from audio_vae.models.vae import build_vae
    from audio_vae.training.callbacks import Decay

    config, sounds = config_and_sounds(path)
    training = dataclasses.replace(config.training, epochs=epochs)
    model = build_vae(config.model, config.loss, training, config.augmentation, config.audio.rate_hz)
    left = list(marks_s)

    def keep(mark: float, steps: int) -> None:
        weights = [*model.encoder.get_weights(), *model.decoder.get_weights()]
        np.savez(out / f"ours-{mark:.0f}.npz", *weights)
        times = {"seconds": time.process_time(), "wall_s": time.time() - started}
        answer(mark=mark, **times, steps=steps, memory_gib=peak_memory_gib())

    class Marks(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1
            elapsed_s = time.process_time()
            mark = None
            while left and elapsed_s >= left[0]:
                mark = left.pop(0)
            if mark is not None:
                keep(mark, self.steps)
            self.model.stop_training = not left or time.time() - started > limit_s

        def on_train_end(self, logs=None):
            keep(time.process_time(), self.steps)

    start_from_sounds(model, sounds.train.audio, say=lambda line: None)
    keep(0, 0)
    model.fit(
        training_batches(sounds.train, training, range(epochs)),
        epochs=epochs,
        steps_per_epoch=steps_per_epoch(len(sounds.train), training.batch_size),
        verbose=0,
        shuffle=False,
        callbacks=[Decay(training), Marks()],
    )


def reconstruct(path: Path, weights: Path, out: Path) -> None:
    """Write what the model gives back of all sounds, at the mean of the posterior, as `audio` `[N, T]`."""
    import numpy as np

    from audio_vae.backend.prediction import predict
    from audio_vae.models.vae import build_vae

    config, sounds = config_and_sounds(path)
    model = build_vae(config.model, config.loss, config.training, config.augmentation, config.audio.rate_hz)
    kept = list(np.load(weights).values())
    n_encoder = len(model.encoder.get_weights())
    model.encoder.set_weights(kept[:n_encoder])
    model.decoder.set_weights(kept[n_encoder:])
    means = predict(model.encoder, sounds.audio)[0]
    np.savez(out, audio=predict(model.decoder, means))


def config_and_sounds(path: Path):
    """Return the default config of drums for the classes of the chosen sounds, and the sounds."""
    import numpy as np

    from audio_vae.data.sound_set import SoundSet
    from audio_vae.drums.dataset import DATASET

    kept = np.load(path)
    config = DATASET.make_config("studio", labels="folder", n_classes=len(kept["class_names"]))
    n, length = kept["audio"].shape
    sounds = SoundSet(
        names=tuple(kept["names"]),
        audio=kept["audio"],
        labels=kept["labels"],
        is_test=kept["is_test"],
        class_names=tuple(kept["class_names"]),
        peaks=np.ones(n, np.float32),
        lengths=np.full(n, length, np.int32),
        rate_hz=config.audio.rate_hz,
    )
    return config, sounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["decode", "crossfade", "train", "reconstruct"])
    parser.add_argument("--sounds", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--marks", type=float, nargs="+")
    parser.add_argument("--started", type=float)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--epochs", type=int, default=50)
    options = parser.parse_args()
    if options.work == "decode":
        decode_server()
    elif options.work == "crossfade":
        crossfade_server()
    elif options.work == "train":
        times = (options.marks, options.started, options.limit)
        train(options.sounds, options.out, *times, options.epochs)
    else:
        reconstruct(options.sounds, options.weights, options.out)


if __name__ == "__main__":
    main()
