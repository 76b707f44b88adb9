"""RAVE v2 in its own virtual environment: what `peers/run.py` starts there.

It needs acids-rave and what that needs, and nothing of this package. RAVE's own configuration `v2`, losses, optimizer,
warm-up of the prior and augmentation are used, and its own training step under Lightning. Other than in its script:

- The sounds come from memory; a crop of 65,536 samples is a whole one-shot.
- `valid_signal_crop` is off: it leaves out the ends of a chunk of a long recording, which here are the attacks.
- Phase 1 alone, as in the first million steps of RAVE's schedule: no discriminator.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from answers import answer, answer_times, peak_memory_gib

N_SAMPLES = 65536
"""Length of a sound: 32 frames of 2,048 samples."""


def build(config: str):
    """Return RAVE with random weights, for one channel."""
    import gin
    import rave
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    folder = Path(rave.__file__).parent
    gin.add_config_file_search_path(str(folder))
    gin.parse_config_files_and_bindings([str(folder / "configs" / f"{config}.gin")], [])
    return rave.RAVE(n_channels=1)


def without_weight_norm(model) -> None:
    """Fold the weight normalisation into the weights, as RAVE's export does."""
    import torch

    for module in model.modules():
        if hasattr(module, "weight_g"):
            torch.nn.utils.remove_weight_norm(module)


def decode_server(config: str, scratch: Path) -> None:
    """Answer each line `n` on standard input with the seconds that decoding n sounds takes."""
    import torch

    model = build(config).eval()
    without_weight_norm(model)
    torch.save({**model.encoder.state_dict(), **model.decoder.state_dict()}, scratch)
    sizes = [sum(each.numel() for each in part.parameters()) for part in (model.encoder, model.decoder)]
    answer(name=f"RAVE {config}", rate_hz=model.sr, n_samples=N_SAMPLES, parameters=sizes, bytes=scratch.stat().st_size)
    scratch.unlink()
    with torch.no_grad():
        n_latents, n_frames = model.encode(torch.zeros(1, 1, N_SAMPLES)).shape[1:]
        for line in sys.stdin:
            latents = torch.randn(int(line), n_latents // 2, n_frames)
            started_s = time.perf_counter(), time.process_time()
            model.decode(latents).numpy()
            answer_times(*started_s)


def train(
    sounds: Path, out: Path, config: str, batch_size: int, marks_s: list[float], started: float, limit_s: float
) -> None:
    """Train until the last mark or the limit, and keep the weights at each mark.

    Args:
        sounds: npz file of `peers/sounds.py`.
        out: folder for the weights.
        config: name of RAVE's configuration.
        batch_size: sounds in a step.
        marks_s: seconds of this process's processor time, ascending.
        started: when the process was started, `time.time()`.
        limit_s: seconds after that at which the training ends.
    """
    import numpy as np
    import pytorch_lightning as pl
    import rave
    import torch
    from rave.dataset import random_phase_mangle

    torch.set_float32_matmul_precision("high")
    model = build(config)
    model.valid_signal_crop = False
    kept = np.load(sounds)
    audio = kept["audio"][~kept["is_test"], :N_SAMPLES]
    rng = np.random.default_rng(0)

    class Sounds(torch.utils.data.Dataset):
        def __len__(self):
            return len(audio)

        def __getitem__(self, index):
            sound = audio[index].astype(np.float64)
            if rng.random() < 0.8:
                sound = random_phase_mangle(sound, 20, 2000, 0.99, model.sr)
            return (sound + rng.random(N_SAMPLES) / 2**16)[None].astype(np.float32)

    left = list(marks_s)

    class Marks(pl.Callback):
        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            elapsed_s, wall_s = time.process_time(), time.time() - started
            is_last = wall_s > limit_s
            if elapsed_s < left[0] and not is_last:
                return
            mark = elapsed_s
            while left and elapsed_s >= left[0]:
                mark = left.pop(0)
            torch.save((module.encoder.state_dict(), module.decoder.state_dict()), out / f"rave-{mark:.0f}.pt")
            answer(mark=mark, seconds=elapsed_s, wall_s=wall_s, steps=trainer.global_step, memory_gib=peak_memory_gib())
            trainer.should_stop = is_last or not left

    loader = torch.utils.data.DataLoader(Sounds(), batch_size, shuffle=True, drop_last=True)
    callbacks = [rave.model.WarmupCallback(), rave.model.BetaWarmupCallback(), Marks()]
    trainer = pl.Trainer(
        accelerator="cpu", devices=1, max_epochs=10**6, callbacks=callbacks, enable_checkpointing=False,
        logger=pl.loggers.TensorBoardLogger(out), enable_progress_bar=False,
    )  # fmt: skip
    trainer.fit(model, loader)


def reconstruct(sounds: Path, weights: Path, out: Path, config: str) -> None:
    """Write what RAVE gives back of all sounds, at the mean of the posterior, as `audio` `[N, 66560]`."""
    import numpy as np
    import torch

    model = build(config).eval()
    encoder, decoder = torch.load(weights)
    model.encoder.load_state_dict(encoder)
    model.decoder.load_state_dict(decoder)
    without_weight_norm(model)
    audio = np.load(sounds)["audio"]
    made = np.zeros_like(audio)
    with torch.no_grad():
        for i, sound in enumerate(audio):
            means = model.encode(torch.from_numpy(sound[None, None, :N_SAMPLES])).chunk(2, 1)[0]
            made[i, :N_SAMPLES] = model.decode(means)[0, 0, :N_SAMPLES].numpy()
    np.savez(out, audio=made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["decode", "train", "reconstruct"])
    parser.add_argument("--config", default="v2")
    parser.add_argument("--sounds", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--marks", type=float, nargs="+")
    parser.add_argument("--started", type=float)
    parser.add_argument("--limit", type=float)
    options = parser.parse_args()
    if options.work == "decode":
        decode_server(options.config, options.out)
    elif options.work == "train":
        times = (options.marks, options.started, options.limit)
        train(options.sounds, options.out, options.config, options.batch, *times)
    else:
        reconstruct(options.sounds, options.weights, options.out, options.config)


if __name__ == "__main__":
    main()
