"""Take training steps with a stored model on the backend that KERAS_BACKEND names (see models/test_passes.py).

python take_steps.py MODEL BATCH.npz N_STEPS OUT: OUT.keras is the model after them, OUT.json the last step's losses.
"""

import json
import sys

import keras
import numpy as np

from audio_vae.models import vae  # noqa: F401 - registers the classes


def take_steps(model_path, batch_path, n_steps, out):
    model = keras.saving.load_model(model_path)
    batch = np.load(batch_path)

    def batches():
        while True:
            yield batch["audio"], batch["labels"]

    # One step an epoch, through fit: what a model does there is what a training does.
    history = model.fit(batches(), steps_per_epoch=1, epochs=n_steps, verbose=0)
    model.save(f"{out}.keras")
    with open(f"{out}.json", "w") as file:
        json.dump({name: values[-1] for name, values in history.history.items()}, file)


if __name__ == "__main__":
    take_steps(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
