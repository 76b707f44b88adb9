"""A tiny experiment, made-up results, and the page that is written from them."""

import dataclasses
import json

import numpy as np
from noisy_tones import noisy_tones

from audio_vae.config import AudioConfig, Config, TrainingConfig
from audio_vae.data.dataset import Dataset, Prepared
from audio_vae.evaluation.deviation import READINGS
from audio_vae.model_config import ModelConfig, PlainConfig
from audio_vae.reproduction import page as results_page
from audio_vae.reproduction import results
from audio_vae.reproduction.experiment import Experiment
from audio_vae.reproduction.experiments import EXPERIMENTS
from audio_vae.runs.environment import environment

TINY = Experiment(
    "tiny",
    "paper",
    "digits",
    "cc",
    "a test",
    {"speakers": ("ann",)},
    {"training": {"seed": 3}},
    1,
    True,
    ("low", "high"),
)


def tiny_config(preset="cc", *, speakers=("jackson",)):
    model = ModelConfig(
        "cc",
        n_samples=512,
        latent_dim=3,
        n_classes=2,
        classifier_units=(4,),
        cc=PlainConfig(filters=(2, 2, 2, 2, 2), activation="linear"),
    )
    return Config(
        "digits",
        preset,
        audio=AudioConfig(n_samples=512),
        model=model,
        training=TrainingConfig(batch_size=8),
        data={"speakers": list(speakers)},
    )


def tiny_sounds(config, data, *, show_progress=False):
    """Eight noisy tones a class, half of them for the test."""
    return Prepared(noisy_tones(np.random.default_rng(0), 8), [], {})


DATASET = Dataset("digits", tiny_config, tiny_sounds, lambda config, data, show_progress=False: [])


def deviation(mean):
    each = {"mean": mean, "std": 1.0}
    return {"classes": {str(digit): each for digit in range(10)}, "average": each}


def store_result(out, name, one_nn=0.9, mean=1.0, epochs_done=117, **report):
    """Store a made-up result of a known experiment in OUT/results, and return its folder."""
    experiment = next((each for each in EXPERIMENTS if each.name == name), dataclasses.replace(TINY, name=name))
    folder = out / "results" / name
    folder.mkdir(parents=True)
    values = {
        "preset": experiment.preset,
        "dataset": experiment.dataset,
        "epochs": epochs_done,
        "seed": 0,
        "one_nn_accuracy": one_nn,
        **{reading: deviation(mean) for reading in READINGS},
        "signal_to_noise_db": {"train": 3.0, "test": -2.0},
        "n_train": 400,
        "n_test": 100,
        "made_with": environment(),
        **report,
    }
    (folder / "report.json").write_text(json.dumps(values))
    config = {"config": tiny_config(experiment.preset).to_dict(), "made_with": environment()}
    (folder / "config.json").write_text(json.dumps(config))
    result = {
        "times": [{"epoch": 1, "seconds": 7260.0, "machine": "Z80, 1 core"}],
        "model_sha256": "0",
        "morph": None,
    }
    result |= {"experiment": dataclasses.asdict(experiment), "epochs": 117}
    (folder / "result.json").write_text(json.dumps(result))
    (folder / "history.csv").write_text("epoch,likelihood,kl\n1,40.0,2.0\n2,50.0,1.0\n")
    return folder


def stored(out):
    return results.load_results(out / "results")


def rendered(out):
    return results_page.write_results_page(out).read_text(encoding="utf-8")


def row(page, start, after=""):
    """Return the cells of the first table row that starts so."""
    lines = page[page.index(after) :].splitlines()
    return [cell.strip() for cell in next(line for line in lines if line.startswith(f"| {start} |")).split("|")[2:-1]]
