"""Train runs that are prepared on several devices, and note the noise that each replica draws.

distributed_training.py STRATEGY N_DEVICES RUN…
"""

import os
import sys
from pathlib import Path

from audio_vae.backend.devices import connect

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from audio_vae.layers.sampling import Sampling
from audio_vae.runs.run import open_run
from audio_vae.training import train

SEED = 5


def noise(devices):
    """Noise of this process's replicas in two steps, `[steps, replicas, 2, 3]`, and their generators' states."""
    with devices.scope():
        sampling = Sampling(SEED)

    def sample():
        # Of posteriors N(0, I) a draw is plain noise.
        return sampling((tf.zeros((2, 3)), tf.zeros((2, 3))))

    @tf.function
    def draw():
        return devices.strategy.run(sample)

    draws = [[each.numpy() for each in devices.strategy.experimental_local_results(draw())] for _ in range(2)]
    states = devices.strategy.experimental_local_results(sampling.noise.state.value)
    return np.array(draws), np.array([each.numpy() for each in states])


def main(name, n_devices, *runs):
    if int(n_devices) > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * int(n_devices)
        )
    devices = connect(name)
    for run in runs:
        train.train(open_run(Path(run), "digits"), devices=devices)
    draws, states = noise(devices)
    np.savez(Path(runs[0]) / f"noise-{devices.worker.index}.npz", draws=draws, states=states)


if __name__ == "__main__":
    main(*sys.argv[1:])
