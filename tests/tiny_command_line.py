"""The command line with small presets, which kills itself with SIGKILL where the environment says.

KILL="replace:N"   just before the N-th file takes its final name
KILL="half:N"      when half of the N-th file is written
KILL="passes:N"    in the N-th step, between its two passes
"""

import os
import signal

import tiny_presets

from audio_vae.cli import main as cli
from audio_vae.digits import config as digits
from audio_vae.utils import files


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_file(number: int, *, half: bool) -> None:
    """Kill this process when a file is about to get its final name."""
    replace, count = os.replace, 0

    def counted(source, target):
        nonlocal count
        count += 1
        if count == number:
            # A second name of a finished file is never half-written.
            if half and os.stat(source).st_nlink == 1:
                os.truncate(source, os.path.getsize(source) // 2)
            kill()
        replace(source, target)

    files.os.replace = counted


def kill_between_passes(number: int) -> None:
    """Kill this process in a training step whose first pass has moved the weights."""
    import tensorflow as tf

    from audio_vae.models.vae import VAE

    classifier_losses = VAE.classifier_losses

    def killing(self, audio, *others):
        # Reading the count that the first pass raises puts this after it; the second pass waits for it.
        step = tf.py_function(lambda step: kill() if step == number else step, [self.optimizer.iterations], tf.int64)
        with tf.control_dependencies([step]):
            audio = tf.identity(audio)
        return classifier_losses(self, audio, *others)

    VAE.classifier_losses = killing


if __name__ == "__main__":
    tiny_presets.shrink()
    digits.NEEDS = {}
    kind, _, number = os.environ.get("KILL", "").partition(":")
    if kind in ("replace", "half"):
        kill_at_file(int(number), half=kind == "half")
    elif kind == "passes":
        kill_between_passes(int(number))
    cli.main()
